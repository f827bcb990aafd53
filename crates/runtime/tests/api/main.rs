//! The API through its router, over a real engine and a store in a folder of its own. One file per
//! resource; `problems` has the table of bad requests.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod calls;
mod document;
mod events;
mod executor;
mod health;
mod keystore;
mod legacy;
mod logs;
mod problems;
mod run_actions;
mod runs;
mod task_versions;
mod tasks;
mod test_app;
mod tokens;
