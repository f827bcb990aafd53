//! Settings of the HTTP surface.

use tokio::sync::watch;

use crate::token;

/// What the surface has to know from its process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The version it says it has.
    pub version: String,
    /// Becomes true when the process is about to end: `/readyz` answers 503, event streams and
    /// long polls end.
    pub stopping: watch::Receiver<bool>,
    /// What the database shows when it pushes a run to this server; without one it cannot.
    pub internal_token: Option<InternalToken>,
}

/// A token between parts of one installation. Only its hash is kept, so that it cannot be printed.
#[derive(Clone)]
pub struct InternalToken(token::Hash);

impl InternalToken {
    /// The token that is `text`.
    pub fn new(text: &str) -> Self {
        Self(token::hash(text))
    }

    /// Whether it is `text`, in a time that says nothing about either.
    pub(crate) fn is(&self, text: &str) -> bool {
        blake3::Hash::from_bytes(self.0) == token::hash(text)
    }
}

impl std::fmt::Debug for InternalToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InternalToken(…)")
    }
}

impl Default for Settings {
    /// The version of this crate, never stopping.
    fn default() -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        Self { version, stopping: watch::channel(false).1, internal_token: None }
    }
}

impl Settings {
    /// Whether the process is about to end.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Resolves when the process is about to end.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        if stopping.wait_for(|is_stopping| *is_stopping).await.is_err() {
            // The sender is gone without a word: nobody will ask this surface to stop.
            std::future::pending().await
        }
    }
}
