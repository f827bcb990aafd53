//! Several nodes on one PostgreSQL database: who owns what, who may write, and what holds when lines
//! and servers break.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod breaking;
mod cluster;
mod deposing;
mod full_disk;
mod notices;
mod owning;
#[expect(dead_code, reason = "the tests of the ledger use more of them")]
#[path = "../ledger/records.rs"]
mod records;
mod writing;
