//! Names of objects, and the paths they lie at.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use fermata_model::WorkspaceId;
use uuid::Uuid;

/// Most characters of a wrong text that a message repeats.
const SHOWN_CHARS_MAX: usize = 80;

/// A text that is not the path of an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an object's name (a workspace, 2 hex digits and 32 hex digits, with / between): {text:?}")]
pub struct BadObjectName {
    text: String,
}

/// The name of an object: its workspace and an id. As text it is the object's path,
/// `<workspace>/<2 hex digits>/<32 hex digits>`; names are ordered as these texts are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectName {
    workspace: WorkspaceId,
    id: [u8; 16],
}

impl ObjectName {
    /// A name nobody has, with an id that begins with the time.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self::with_id(workspace, *Uuid::now_v7().as_bytes())
    }

    /// The name of these parts.
    pub fn with_id(workspace: WorkspaceId, id: [u8; 16]) -> Self {
        Self { workspace, id }
    }

    /// The workspace the object belongs to.
    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// The id, as a row holds it.
    pub fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// The byte that names the folder within the workspace: the last, as ids begin alike.
    pub(super) fn shard(&self) -> u8 {
        self.id[15]
    }

    fn order_key(&self) -> (impl Iterator<Item = u8>, u8, &[u8; 16]) {
        // The slash belongs to the order: it follows `-` and precedes letters.
        (self.workspace.as_str().bytes().chain([b'/']), self.shard(), &self.id)
    }
}

impl Ord for ObjectName {
    fn cmp(&self, other: &Self) -> Ordering {
        let (workspace, shard, id) = self.order_key();
        let (other_workspace, other_shard, other_id) = other.order_key();
        workspace.cmp(other_workspace).then(shard.cmp(&other_shard)).then(id.cmp(other_id))
    }
}

impl PartialOrd for ObjectName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:02x}/{}", self.workspace, self.shard(), Uuid::from_bytes(self.id).simple())
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectName {
    type Err = BadObjectName;

    fn from_str(text: &str) -> Result<Self, BadObjectName> {
        // One object has one path, so only the very spelling of `Display` is taken.
        let name = read(text).filter(|name| name.to_string() == text);
        name.ok_or_else(|| BadObjectName { text: text.chars().take(SHOWN_CHARS_MAX).collect() })
    }
}

fn read(text: &str) -> Option<ObjectName> {
    let (workspace, rest) = text.split_once('/')?;
    let (_, id) = rest.split_once('/')?;
    let id = Uuid::try_parse(id).ok()?;
    Some(ObjectName::with_id(workspace.parse().ok()?, *id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_its_path() {
        let name = ObjectName::with_id(WorkspaceId::default_workspace(), [0xab; 16]);
        assert_eq!(name.to_string(), format!("default/ab/{}", "ab".repeat(16)));
    }

    #[test]
    fn other_spellings_are_refused() {
        let id = "0123456789abcdef0123456789abcdef";
        let wrong = [
            String::new(),
            format!("default/ef/{}", id.to_uppercase()),
            format!("default/00/{id}"),
            format!("default/ef/{id}/"),
            format!("/default/ef/{id}"),
            format!("default/{id}"),
            format!("../ef/{id}"),
            format!("default/ef/{{{id}}}"),
            "default/ef/01234567-89ab-cdef-0123-456789abcdef".to_owned(),
        ];
        for text in wrong {
            assert!(text.parse::<ObjectName>().is_err(), "{text}");
        }
        assert!(format!("default/ef/{id}").parse::<ObjectName>().is_ok());
    }

    #[test]
    fn fresh_names_follow_each_other_and_spread() {
        let names: Vec<_> = (0..200).map(|_| ObjectName::new(WorkspaceId::default_workspace())).collect();
        assert!(names.is_sorted_by(|one, next| one.id() < next.id()));
        let shards: HashSet<u8> = names.iter().map(ObjectName::shard).collect();
        assert!(shards.len() > 50, "{} shards", shards.len());
    }

    fn any_name() -> impl Strategy<Value = ObjectName> {
        ("[a-z0-9_-]{1,64}", any::<[u8; 16]>())
            .prop_map(|(workspace, id)| ObjectName::with_id(workspace.parse().unwrap(), id))
    }

    proptest! {
        #[test]
        fn property_a_name_comes_back_from_its_text(name in any_name()) {
            prop_assert_eq!(name.to_string().parse::<ObjectName>().unwrap(), name);
        }

        #[test]
        fn property_names_are_ordered_as_their_texts(one in any_name(), other in any_name()) {
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
        }

        #[test]
        fn property_no_text_is_too_strange_to_be_refused(text in ".*") {
            if let Ok(name) = text.parse::<ObjectName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
