//! The connectors held against the official clients, and against servers that refuse.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

#[path = "../support/official.rs"]
mod official;
#[path = "../support/outside.rs"]
mod outside;
#[path = "../support/request.rs"]
mod request;

mod answers;
mod arguments;
mod recorded;
