//! Ctrl-C, listened for from one moment on.
//!
//! A listener that is made anew in every turn of a loop misses what comes between two turns.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for Ctrl-C from its making on.
pub(crate) struct Interrupts(Option<Signal>);

impl Interrupts {
    /// Begins to listen. Where the system does not allow it, Ctrl-C ends the process as usual.
    pub(crate) fn listen() -> Self {
        Self(signal(SignalKind::interrupt()).ok())
    }

    /// Resolves when Ctrl-C was pressed since the last time. Safe to cancel.
    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(signal) => drop(signal.recv().await),
            None => pending().await,
        }
    }
}
