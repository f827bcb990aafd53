//! Where the values of secrets come from.

use zeroize::Zeroizing;

/// Why a secret is not put into a request. Holds the secret's name, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is no such secret.
    #[error("there is no secret {name}")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// The task may not use it.
    #[error("the secret {name} is not granted to this task")]
    NotGranted {
        /// Its name.
        name: String,
    },
    /// It may not be sent to this host.
    #[error("the secret {name} is not bound to {host}")]
    NotBound {
        /// Its name.
        name: String,
        /// The host of the request.
        host: String,
    },
    /// It cannot be read now.
    #[error("the secret {name} cannot be read now")]
    Unavailable {
        /// Its name.
        name: String,
    },
}

/// The secrets that one exchange may use.
pub trait Secrets: Send + Sync {
    /// The value of a secret, for a request to a host as a parsed URL gives it: lower case, punycode, no port.
    ///
    /// # Errors
    /// [`SecretError`] when it may not, or cannot, be put into the request.
    fn reveal(&self, name: &str, host: &str) -> Result<Zeroizing<String>, SecretError>;
}
