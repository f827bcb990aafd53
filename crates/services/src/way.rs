//! The way out of one call: the egress gate, the rules it applies to this call, and the workspace's settings.

use fermata_connect::{egress, http};
use fermata_model::CallError;
use zeroize::Zeroizing;

use crate::call::Failure;

/// The keystore, as far as the task that makes the call was granted it.
pub trait Vault: Send + Sync {
    /// A value by its name, such as a service's base URL; `None` where there is none.
    ///
    /// # Errors
    /// When the keystore cannot be read now, or the task was not granted the entry.
    fn value(&self, name: &str) -> Result<Option<String>, CallError>;

    /// A secret that the host itself works with, such as a key that signs; never for anything the guest sees.
    ///
    /// # Errors
    /// As [`Vault::value`].
    fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, CallError>;
}

/// Who is told how an attempt gets on.
pub trait Progress: Send + Sync {
    /// A line for the run's log. Lines beyond what the log takes are left out.
    fn tell(&self, line: &str);
}

/// The way out of one call.
pub struct Way<'a> {
    /// Sends requests and puts secrets in.
    pub gate: &'a egress::Gate,
    /// Where to, how much, how long.
    pub policy: egress::Policy,
    /// The workspace's settings and secrets.
    pub vault: &'a dyn Vault,
    /// What the gate puts in where a request refers to a secret.
    pub secrets: &'a dyn egress::Secrets,
    /// Told of what takes long, such as text that streams in.
    pub progress: &'a dyn Progress,
}

impl Way<'_> {
    /// Sends a request, with the secrets it refers to, and reads the whole response, whatever its status.
    ///
    /// # Errors
    /// When there is no response; it says whether another attempt may help.
    pub async fn send(&self, request: http::Request) -> Result<http::Response, Failure> {
        self.gate.send(request, &self.policy, self.secrets).await.map_err(|error| refused(&error))
    }

    /// Sends a request and gives the response as soon as its head is there.
    ///
    /// # Errors
    /// As [`Way::send`].
    pub async fn open(&self, request: http::Request) -> Result<egress::Incoming, Failure> {
        self.gate.open(request, &self.policy, self.secrets).await.map_err(|error| refused(&error))
    }

    /// Opens a plain connection, for a service that does not speak HTTP.
    ///
    /// # Errors
    /// When there is none; it says whether another attempt may help. Nothing was sent.
    pub async fn connect(&self, host: &str, port: u16) -> Result<egress::Connection, Failure> {
        self.gate.connect(host, port, &self.policy).await.map_err(|error| refused(&error))
    }
}

/// The gate's error as the guest gets it, with all its causes.
pub(crate) fn refused(error: &fermata_connect::Error) -> Failure {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        message = format!("{message}: {source}");
        cause = source.source();
    }
    let made = if error.retryable() { CallError::passing } else { CallError::fatal };
    Failure::plain(made(error.code(), message))
}
