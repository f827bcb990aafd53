//! The store from outside: opening, writing, reading. Every statement runs at least once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod merging;
mod opening;
mod plans;
mod reading;
mod records;
mod writing;
