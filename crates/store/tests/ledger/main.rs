//! The store from outside: opening, writing, reading, on SQLite and on PostgreSQL. Every statement runs
//! at least once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod connecting;
mod keystore;
mod merging;
mod opening;
mod place;
mod plans;
mod plans_postgres;
mod reading;
mod records;
mod schemas;
mod state;
mod writing;
