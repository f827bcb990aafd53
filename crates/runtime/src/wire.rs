//! What goes over the wire: types that borrow from the records and are written straight from them.
//!
//! The field names here are the API. They are not the records': a record may change without the
//! API, and the other way round.

mod call;
mod executor;
mod health;
mod keystore;
mod legacy;
mod log;
mod policy;
mod run;
mod span;
mod task;
mod time;
mod usage;

pub(crate) use call::Call;
pub(crate) use executor::{PushRun, PushedRun};
pub(crate) use health::{Health, Stats, StoreStats};
pub(crate) use keystore::{
    KeystoreEntry, KeystoreVersion, PutKeystoreEntry, RestoreKeystoreEntry, WrittenKeystoreEntry,
};
pub(crate) use legacy::{AcceptedTaskRun, StartTaskRun, TaskRunLogs, TaskRunRow};
pub(crate) use log::LogLine;
pub(crate) use policy::{Policy, PolicyShape};
pub(crate) use run::{CreateRun, Run, RunSummary};
pub(crate) use span::{Span, Wait};
pub(crate) use task::{PublishTask, Task};
pub(crate) use time::Time;

/// JSON text of a record, as it stands.
pub(crate) fn raw(json: &fermata_model::Json) -> &serde_json::value::RawValue {
    json
}
