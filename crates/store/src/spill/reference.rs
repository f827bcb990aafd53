//! References: what a row holds in place of a large value, and the ids they are made of.

use fermata_model::seal::Key;
use fermata_model::{RunId, WorkspaceId};
use uuid::Uuid;

use crate::objects::ObjectName;

/// What a reference begins with where JSON is expected. No JSON does.
pub(crate) const JSON_PREFIX: &str = "@";
/// What a reference begins with where bytes are expected. Bytes that begin so are put away themselves,
/// whatever their size, so that what begins so is a reference.
pub(crate) const BLOB_PREFIX: &[u8; 16] = b"@fermata-object:";
/// Bytes of an id that tell contents apart; the others tell whose id it is.
const DIGEST_BYTES: usize = 12;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    /// A JSON text, sealed with the workspace's key.
    Payload,
    /// A checkpoint, which is sealed as it is.
    Checkpoint,
}

impl ObjectKind {
    /// As the column `kind` says it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// An object and the size of what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reference {
    /// Its name.
    pub(crate) name: ObjectName,
    /// Bytes of the value that the row would hold.
    pub(crate) bytes: u64,
}

impl Reference {
    /// The reference to `content` of a run. The same content of the same run has the same name, so that
    /// a group that is submitted again leaves no second object.
    pub(crate) fn of(
        key: &Key,
        workspace: &WorkspaceId,
        run: &RunId,
        kind: ObjectKind,
        content: &[u8],
    ) -> Self {
        let names = names_key(key);
        let mut hasher = blake3::Hasher::new_keyed(names.expose());
        hasher.update(run.as_bytes()).update(kind.as_str().as_bytes()).update(&[0]).update(content);
        let digest = hasher.finalize();
        let mut id = [0; 16];
        id[..DIGEST_BYTES].copy_from_slice(&digest.as_bytes()[..DIGEST_BYTES]);
        let mark = mark(&names, &id);
        id[DIGEST_BYTES..].copy_from_slice(&mark);
        let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
        Self { name: ObjectName::with_id(workspace.clone(), id), bytes }
    }

    /// What a row holds where JSON is expected.
    pub(crate) fn as_json(&self) -> String {
        let id = Uuid::from_bytes(*self.name.id());
        format!("{JSON_PREFIX}{}:{}:{}", id.simple(), self.bytes, self.name.workspace())
    }

    /// What a row holds where bytes are expected.
    pub(crate) fn as_blob(&self) -> Vec<u8> {
        [BLOB_PREFIX.as_slice(), self.as_json().as_bytes()].concat()
    }

    /// Reads what [`Reference::as_json`] wrote.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(JSON_PREFIX)?.splitn(3, ':');
        let id = Uuid::try_parse(parts.next()?).ok()?;
        let bytes = parts.next()?.parse().ok()?;
        let workspace = parts.next()?.parse().ok()?;
        let reference = Self { name: ObjectName::with_id(workspace, *id.as_bytes()), bytes };
        // Only in the very spelling that was written.
        Some(reference).filter(|reference| reference.as_json() == text)
    }

    /// Reads what [`Reference::as_blob`] wrote.
    pub(crate) fn from_blob(bytes: &[u8]) -> Option<Self> {
        Self::from_json(std::str::from_utf8(bytes.strip_prefix(BLOB_PREFIX)?).ok()?)
    }
}

/// Whether an id was made with this data key. Where several ledgers share a place, each knows its own
/// objects by it.
pub(crate) fn is_id_of(key: &Key, id: &[u8; 16]) -> bool {
    mark(&names_key(key), id) == id[DIGEST_BYTES..]
}

fn names_key(key: &Key) -> Key {
    key.derive("object names")
}

fn mark(names: &Key, id: &[u8; 16]) -> [u8; 16 - DIGEST_BYTES] {
    let hash = blake3::keyed_hash(names.expose(), &id[..DIGEST_BYTES]);
    let mut mark = [0; 16 - DIGEST_BYTES];
    mark.copy_from_slice(&hash.as_bytes()[..16 - DIGEST_BYTES]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(run: u8, kind: ObjectKind, content: &[u8]) -> Reference {
        let workspace = WorkspaceId::default_workspace();
        Reference::of(&Key::new([7; 32]), &workspace, &RunId::from_bytes([run; 16]), kind, content)
    }

    #[test]
    fn a_reference_comes_back_from_its_spellings_and_from_no_other() {
        let made = reference(1, ObjectKind::Payload, b"content");
        let text = made.as_json();
        assert_eq!(Reference::from_json(&text).as_ref(), Some(&made));
        assert_eq!(Reference::from_blob(&made.as_blob()).as_ref(), Some(&made));
        let hex = Uuid::from_bytes(*made.name.id());
        for wrong in [
            text.to_uppercase(),
            text.replacen('@', "", 1),
            text.replace(":7:", ":07:"),
            text.replace(":7:", ":-7:"),
            format!("@{}:7:default", hex.hyphenated()),
            format!("@{}:7:", hex.simple()),
            format!("@{}:7", hex.simple()),
            "@".into(),
            format!("{text}\0"),
        ] {
            assert_eq!(Reference::from_json(&wrong), None, "{wrong}");
        }
        assert_eq!(Reference::from_blob(text.as_bytes()), None);
    }

    #[test]
    fn names_depend_on_all_that_matters_and_on_nothing_else() {
        let made = reference(1, ObjectKind::Payload, b"content");
        assert_eq!(made, reference(1, ObjectKind::Payload, b"content"));
        assert_ne!(made.name, reference(2, ObjectKind::Payload, b"content").name);
        assert_ne!(made.name, reference(1, ObjectKind::Checkpoint, b"content").name);
        assert_ne!(made.name, reference(1, ObjectKind::Payload, b"contenu").name);
    }

    #[test]
    fn a_ledger_knows_its_own_ids() {
        let made = reference(1, ObjectKind::Payload, b"content");
        assert!(is_id_of(&Key::new([7; 32]), made.name.id()));
        assert!(!is_id_of(&Key::new([8; 32]), made.name.id()));
        assert!(!is_id_of(&Key::new([7; 32]), &[1; 16]));
    }
}
