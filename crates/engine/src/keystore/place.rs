//! Where an entry is, and what its value is bound to there.

use fermata_model::WorkspaceId;
use fermata_model::grants::Grants;

use super::KeystoreError;

/// The namespace of what the system keeps about a workspace. Neither tasks nor the API reach it.
pub(crate) const RESERVED: &str = "fermata";
/// Longest namespace or name, in characters.
const NAME_CHARS_MAX: usize = 200;

/// Whether tasks and the API may reach a namespace, to read or to write.
///
/// # Errors
/// [`KeystoreError::BadName`] for the one in which the system keeps what is its own.
pub fn open_namespace(namespace: &str) -> Result<(), KeystoreError> {
    if namespace == RESERVED {
        return Err(KeystoreError::BadName(format!("the keystore namespace {RESERVED} is reserved")));
    }
    Ok(())
}

/// Where an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) workspace: WorkspaceId,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Place {
    /// Checks and makes a place.
    pub(crate) fn new(workspace: &WorkspaceId, namespace: &str, name: &str) -> Result<Self, KeystoreError> {
        for (what, text) in [("namespace", namespace), ("name", name)] {
            if text.is_empty() || text.chars().count() > NAME_CHARS_MAX || text.contains('\0') {
                let message = format!("a keystore {what} has 1 to {NAME_CHARS_MAX} characters");
                return Err(KeystoreError::BadName(message));
            }
        }
        Ok(Self { workspace: workspace.clone(), namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The same, anywhere but where the system keeps what is its own.
    pub(crate) fn open(workspace: &WorkspaceId, namespace: &str, name: &str) -> Result<Self, KeystoreError> {
        open_namespace(namespace)?;
        Self::new(workspace, namespace, name)
    }

    /// What a sealed value is bound to: whoever can write the database, and has no key, can neither move
    /// it to another name nor grant it to others.
    pub(super) fn seal_place(&self, version: u32, grants: &Grants) -> Vec<u8> {
        let Self { workspace, namespace, name } = self;
        let place = format!("{workspace}\0{namespace}\0{name}\0{version}");
        if *grants == Grants::default() {
            // As before there were grants.
            return format!("fermata keystore 1\0{place}").into_bytes();
        }
        let grants = serde_json::to_string(grants).unwrap_or_default();
        format!("fermata keystore 2\0{place}\0{grants}").into_bytes()
    }
}
