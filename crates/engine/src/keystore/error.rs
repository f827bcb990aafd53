//! Why the keystore refuses.

use fermata_model::limits::KEYSTORE_VERSIONS_MAX;
use fermata_model::seal::Broken;
use fermata_store::{CommitError, ReadError};

/// Why the keystore refuses.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The value is too large.
    #[error("the value takes {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A namespace or name is empty or too long.
    #[error("{0}")]
    BadName(String),
    /// The entry does not open.
    #[error("the entry cannot be opened")]
    Broken(#[source] Broken),
    /// The entry is a secret: a task may refer to it but never read it.
    #[error("{0} is a secret: a task can only refer to it")]
    Secret(String),
    /// The task may not use the entry.
    #[error("{0} is not granted to this task")]
    NotGranted(String),
    /// What the entry may be used for is not well put.
    #[error("{0}")]
    BadGrants(String),
    /// There is no such entry.
    #[error("there is no keystore entry {name:?} in {namespace:?}")]
    Unknown {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
    },
    /// That version of the entry is not kept.
    #[error(
        "version {version} of {name:?} is not kept; of an entry the last {KEYSTORE_VERSIONS_MAX} are, unless they \
         were purged"
    )]
    UnknownVersion {
        /// The name.
        name: String,
        /// The version.
        version: u32,
    },
    /// The entry has another version than the one it was to be written over.
    #[error("{}", other_version(name, *expected, *found))]
    OtherVersion {
        /// The name.
        name: String,
        /// The version it was to have; nought for none.
        expected: u32,
        /// The version it has; nought when it is not there.
        found: u32,
    },
    /// A workspace's policy cannot be read, or is not well put.
    #[error("the policy cannot be used: {0}")]
    BadPolicy(String),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] ReadError),
    /// The write failed.
    #[error("the entry could not be written")]
    Commit(#[source] CommitError),
}

impl KeystoreError {
    /// Whether somebody else wrote the same entry at the same moment: made anew the write may succeed.
    pub(crate) fn lost_race(&self) -> bool {
        let Self::Commit(error) = self else { return false };
        matches!(error, CommitError::Conflict { .. } | CommitError::Missing { .. } | CommitError::CutOff)
    }
}

fn other_version(name: &str, expected: u32, found: u32) -> String {
    match (expected, found) {
        (_, 0) => format!("{name:?} is not there, so it has no version {expected}"),
        (0, found) => format!("{name:?} is there already, with version {found}"),
        _ => format!("{name:?} has version {found}, not {expected}: somebody else has written it"),
    }
}
