//! What can go wrong with objects, wherever they lie.

use std::io;

use super::OBJECT_BYTES_MAX;
use super::name::ObjectName;

/// What the system or the server gave as its reason, in words that hold no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Reason(String);

/// Something could not be done with objects. `place` is a folder's path or a URL without credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectsError {
    /// The place answers, and has no such object.
    #[error("there is no object {name}")]
    Missing {
        /// The object.
        name: ObjectName,
    },
    /// The object is larger than objects may be.
    #[error("the object {name} has {bytes} bytes; at most {OBJECT_BYTES_MAX} are allowed")]
    TooLarge {
        /// The object.
        name: ObjectName,
        /// Its size.
        bytes: u64,
    },
    /// The credentials are wrong, or do not allow this.
    #[error("no permission to {action} in {place}; check the credentials and what they allow")]
    Denied {
        /// Where.
        place: String,
        /// What was attempted.
        action: String,
        /// What the place said.
        #[source]
        source: Reason,
    },
    /// The server does not answer, or not yet again. It may work later.
    #[error("cannot {action} in {place}: the server is not reachable or does not keep up")]
    Unreachable {
        /// Where.
        place: String,
        /// What was attempted.
        action: String,
        /// What was found.
        #[source]
        source: Reason,
    },
    /// The disk or the quota is used up.
    #[error("no room left in {place} to {action}")]
    Full {
        /// Where.
        place: String,
        /// What was attempted.
        action: String,
        /// What the place said.
        #[source]
        source: Reason,
    },
    /// The text or its settings name no place.
    #[error("{text:?} is no place for objects: {reason}")]
    BadUrl {
        /// The text, without credentials.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The place failed in another way.
    #[error("cannot {action} in {place}")]
    Io {
        /// Where.
        place: String,
        /// What was attempted.
        action: String,
        /// What the place said.
        #[source]
        source: Reason,
    },
}

impl ObjectsError {
    /// A failure of no other kind.
    pub(super) fn io(place: String, action: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Io { place, action: action.into(), source: Reason::new(reason) }
    }

    /// Names an operating system error met in a folder.
    pub(super) fn of_folder(place: String, action: String, error: &io::Error) -> Self {
        let source = Reason::new(error.to_string());
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { place, action, source }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { place, action, source },
            _ => Self::Io { place, action, source },
        }
    }
}

impl Reason {
    /// These words. They must hold no credentials.
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operating_system_errors_are_told_apart() {
        let named = |kind: io::ErrorKind| ObjectsError::of_folder("/x".into(), "write".into(), &kind.into());
        assert!(matches!(named(io::ErrorKind::PermissionDenied), ObjectsError::Denied { .. }));
        assert!(matches!(named(io::ErrorKind::ReadOnlyFilesystem), ObjectsError::Denied { .. }));
        assert!(matches!(named(io::ErrorKind::StorageFull), ObjectsError::Full { .. }));
        assert!(matches!(named(io::ErrorKind::QuotaExceeded), ObjectsError::Full { .. }));
        assert!(matches!(named(io::ErrorKind::NotADirectory), ObjectsError::Io { .. }));
    }
}
