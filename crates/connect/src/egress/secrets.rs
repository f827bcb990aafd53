//! Who reveals secrets to the gate, and why one may not be revealed.

use zeroize::Zeroizing;

/// Reveals secrets to the gate, for one task that makes a request.
pub trait Secrets: Send + Sync {
    /// The value of a secret that is about to be sent to a host.
    ///
    /// The host is as a parsed URL gives it: lower case, punycode, an IPv6 address in brackets, no port.
    /// It is asked once for each secret and host in an exchange, and again for the host that a redirect
    /// leads to.
    ///
    /// # Errors
    ///
    /// When the secret may not be sent there, or cannot be read now.
    fn reveal(&self, name: &str, host: &str) -> Result<Zeroizing<String>, SecretError>;

    /// Whether a secret that may be sent to a host may go there unencrypted, through networks of strangers.
    fn may_go_unencrypted(&self, _name: &str, _host: &str) -> bool {
        false
    }
}

/// Why a secret is not revealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is no secret of this name.
    #[error("there is no secret {name:?}")]
    Unknown {
        /// The secret's name.
        name: String,
    },
    /// The task may not use it.
    #[error("the task was not granted the secret {name:?}")]
    NotGranted {
        /// The secret's name.
        name: String,
    },
    /// It is not bound to the host that it would be sent to.
    #[error("the secret {name:?} is not bound to {host}")]
    NotBound {
        /// The secret's name.
        name: String,
        /// The host.
        host: String,
    },
    /// Strangers could read it on its way to the host.
    #[error(
        "the secret {name:?} is not sent to {host} unencrypted: use https, or bind it to http://{host} if \
         everybody on the way may read it"
    )]
    NotEncrypted {
        /// The secret's name.
        name: String,
        /// The host.
        host: String,
    },
    /// It cannot be read now.
    #[error("the secret {name:?} cannot be read now")]
    Unavailable {
        /// The secret's name.
        name: String,
    },
}

impl SecretError {
    /// Names the kind of refusal in a word that stays the same between releases.
    pub fn code(&self) -> &'static str {
        match self {
            SecretError::Unknown { .. } => "secret_unknown",
            SecretError::NotGranted { .. } => "secret_not_granted",
            SecretError::NotBound { .. } => "secret_not_bound",
            SecretError::NotEncrypted { .. } => "secret_not_encrypted",
            SecretError::Unavailable { .. } => "secret_unavailable",
        }
    }

    /// Tells whether the secret may be revealed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        matches!(self, SecretError::Unavailable { .. })
    }
}

/// No secrets at all: each is unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn reveal(&self, name: &str, _host: &str) -> Result<Zeroizing<String>, SecretError> {
        Err(SecretError::Unknown { name: name.to_owned() })
    }
}
