//! The words and rules of Fermata as values: runs, calls, tasks, limits, errors.
//!
//! Everything here is pure. No clock, no randomness, no input or output: times, seeds and nonces
//! are arguments. What a transition is allowed to do is decided here and nowhere else.

pub mod call;
pub mod duration;
pub mod error;
pub mod grants;
pub mod id;
pub mod json;
pub mod limits;
pub mod policy;
pub mod record;
pub mod run;
pub mod seal;
pub mod task;
pub mod usage;

pub use call::{CallNumber, CallStatus};
pub use error::{CallError, RunError};
pub use id::{RunId, VersionId, WorkspaceId};
pub use json::Json;
pub use limits::Limits;
pub use run::RunStatus;

/// A moment in UTC, as milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// The number of a delivery within its run: the start is 0, the first outcome handed in is 1.
pub type DeliveryNumber = u32;
