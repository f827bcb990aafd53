//! The ledger: everything that must survive, and the only crate that contains SQL.
//!
//! A [`Store`] is one folder and a database: a SQLite file in the folder, or PostgreSQL, which other
//! nodes share. Writes are [`Group`]s of [`Change`]s; one committer thread gathers the groups of all
//! callers into one transaction. Reads use connections of their own and see every acknowledged write.
//! The store decides nothing about runs and calls: what may follow what is settled in the model.
//!
//! All functions block the calling thread for the time of a disk access or a round trip, except where
//! they say otherwise. They must not be called on a thread that drives asynchronous tasks.
#![forbid(unsafe_code)]

mod admin;
pub mod archive;
mod backend;
mod cells;
mod change;
mod coalesce;
mod committer;
mod db_error;
mod error;
mod folder;
mod master_key;
mod migrations;
mod objects;
mod open;
mod postgres;
mod schema;
mod spill;
mod sql;
mod sqlite;
#[doc(hidden)]
pub mod statements;
mod store;
mod tables;
mod value;
mod write;

pub use admin::{Admin, NodeState, OWNED_RUNS_COUNTED_MAX};
pub use change::{Chain, Change, Done, Group, Removal};
pub use db_error::{DbError, DbErrorKind};
pub use error::{CommitError, OpenError, ReadError, RemoveError};
pub use migrations::{MigrationState, migrate_up, migrations};
pub use objects::{
    BadObjectName, OBJECT_BYTES_MAX, OBJECTS_LISTED_MAX, ObjectInfo, ObjectName, Objects, ObjectsError,
    ObjectsPlace,
};
pub use open::{DatabaseUrl, LEASE_DEFAULT, Options};
pub use postgres::lease::LeaseNews;
pub use postgres::listen::Notice;
pub use spill::INLINE_BYTES_MAX;
pub use store::collect::Collected;
pub use store::nodes::Taken;
pub use store::read::parts::{BegunParts, RunParts};
pub use store::{Stats, Store};
pub use tables::calls::wake::CallKey;
pub use tables::idempotency::SQL_REQUEST;
pub use tables::letters::Letter;
pub use tables::nodes::NodeRecord;
pub use tables::runs::list::{RunFilter, RunSummary};
pub use tables::runs::wake::{DueRun, UnfinishedRun};
pub use tables::stream::StreamEntry;
pub use tables::tasks::{LatestSource, TaskSummary};
