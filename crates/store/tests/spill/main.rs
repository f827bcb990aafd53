//! Large values: in the object store instead of in rows, on both databases and in both kinds of place.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod collecting;
mod failing;
mod ledger;
mod pruning;
mod records;
mod values;
