//! What a task may call that lies outside: one file, or one folder, for each service.
//!
//! A service reads a call's method and arguments, says how the call is to be treated, and makes one attempt
//! at it: it writes a request, sends it by its [`Way`] out, and reads the response. When to try again, what is
//! recorded, who may call it and how often is the engine's business. A service holds no secret: it writes
//! references such as `{{secret:OPENAI_API_KEY}}` into its requests, and the egress gate puts the values in. The
//! exceptions are `gapi`, which signs with a key and keeps short-lived tokens, and `sql` and `mail`, which log in over
//! connections of their own.

#![forbid(unsafe_code)]

pub mod gapi;
pub mod github;
pub mod http;
pub mod hubspot;
pub mod mail;
pub mod notion;
pub mod openai;
pub mod slack;
pub mod sql;
pub mod stripe;
pub mod supabase;
pub mod websearch;

mod args;
mod call;
mod encode;
mod fields;
mod mock;
mod registry;
mod rest;
mod script;
mod sse;
mod tls;
mod way;

pub use call::{Answer, Attempt, Attempted, Failure, Policy, Request, Service};
pub use registry::Registry;
pub use script::{Asked, BadScript, Entry, EntryError, INSIDE, Script, Times, Unused};
pub use way::{Progress, Vault, Way};
