//! Extractors: from a request to checked values. Each refuses with a problem.

mod body;
mod idempotency_key;
mod limit;
mod path;
mod query;

pub(crate) use body::JsonBody;
pub(crate) use idempotency_key::IdempotencyKey;
pub(crate) use limit::Limit;
pub(crate) use path::{RunPath, Segments};
pub(crate) use query::{Query, Statuses};
