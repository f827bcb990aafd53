//! The ledger: everything that must survive, and the only crate that contains SQL.
//!
//! A [`Store`] is one folder: a SQLite database, the master key beside it and a lock. Writes are
//! [`Group`]s of [`Change`]s; one committer thread gathers the groups of all callers into one
//! transaction. Reads use connections of their own and see every acknowledged write. The store
//! decides nothing about runs and calls: what may follow what is settled in the model.
//!
//! All functions block the calling thread for the time of a disk access, except where they say
//! otherwise.
#![forbid(unsafe_code)]

mod cells;
mod change;
mod coalesce;
mod committer;
mod connection;
mod error;
mod folder;
mod master_key;
mod open;
mod readers;
mod schema;
mod store;
mod tables;

pub use change::{Change, Done, Group};
pub use error::{CommitError, OpenError, ReadError};
pub use open::Options;
pub use store::{Stats, Store};
pub use tables::calls::wake::CallKey;
pub use tables::runs::list::{RunFilter, RunSummary};
pub use tables::runs::wake::{DueRun, UnfinishedRun};
pub use tables::stream::StreamEntry;
pub use tables::tasks::{LatestSource, TaskSummary};
