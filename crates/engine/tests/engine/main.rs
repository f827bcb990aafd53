//! The engine over a real store and a real VM.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod hostile;
mod older_tasks;
mod policies;
mod recovery;
mod runs;
mod secrets;
mod secrets_at_rest;
mod state;
mod support;
mod usage;
