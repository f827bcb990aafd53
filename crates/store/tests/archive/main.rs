//! Archives from outside: what is backed up is what comes back, from each database to each, and nothing else
//! is taken for an archive.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod copying;
mod filled;
mod keys;
mod online;
#[path = "../ledger/place.rs"]
#[expect(dead_code, reason = "these tests need less of it than those of the ledger")]
mod place;
#[path = "../ledger/records.rs"]
#[expect(dead_code, reason = "these tests need less of it than those of the ledger")]
mod records;
mod refusing;
mod round_trips;
mod sql_files;
