//! The wall clock, the only one in the engine.

use std::time::{SystemTime, UNIX_EPOCH};

use fermata_model::Millis;

/// Now, in UTC milliseconds.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
