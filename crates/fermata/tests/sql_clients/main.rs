//! Runs that SQL clients start: a real server over a real PostgreSQL, and clients that know only SQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server_keys;
mod server_latency;
mod server_push;
mod server_refusals;
mod server_rights;
mod server_starts;
mod site;
