//! Settings of the HTTP surface.

use tokio::sync::watch;

/// What the surface has to know from its process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The version it says it has.
    pub version: String,
    /// Becomes true when the process is about to end: `/readyz` answers 503, event streams and
    /// long polls end.
    pub stopping: watch::Receiver<bool>,
}

impl Default for Settings {
    /// The version of this crate, never stopping.
    fn default() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").into(), stopping: watch::channel(false).1 }
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
