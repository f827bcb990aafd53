//! `tools.supabase` beside the official client, and over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod database;
#[path = "../support/outside.rs"]
mod outside;
mod peer;
mod recorded;
mod refusals;
mod requests;
mod results;
mod typed;
mod wire;
