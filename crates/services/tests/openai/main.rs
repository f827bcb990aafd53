//! `tools.openai` held against the official client and against a server that speaks the protocol.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

#[path = "../support/official.rs"]
mod official;
#[path = "../support/outside.rs"]
mod outside;
#[path = "../support/request.rs"]
mod request;

mod arguments;
mod faults;
mod gathered;
mod peer;
mod recorded;
mod settings;
