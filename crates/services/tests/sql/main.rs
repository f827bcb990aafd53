//! `tools.sql` on real databases: SQLite files, and a private PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod arguments;
mod database;
mod files;
mod hostile;
#[path = "../support/outside.rs"]
mod outside;
mod server_postgres;
mod server_trouble;
mod shares;
