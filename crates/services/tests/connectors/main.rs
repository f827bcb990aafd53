//! The connectors held against the official clients, and against servers that refuse.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

#[path = "../support/official.rs"]
mod official;
#[path = "../support/outside.rs"]
mod outside;

mod answers;
mod arguments;
mod recorded;
