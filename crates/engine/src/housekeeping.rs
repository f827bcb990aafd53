//! Housekeeping: removes from the object store what nothing refers to any more.

use std::time::Duration;

use crate::inner::Inner;

/// How often it is done.
const EVERY: Duration = Duration::from_secs(300);
/// Objects looked at in one step.
const AT_ONCE: u32 = 2_000;
/// What is younger stays: what refers to it may not be written yet.
const GRACE: Duration = Duration::from_secs(3_600);

/// Keeps house until the engine stops.
pub(crate) fn run(inner: &Inner) {
    loop {
        inner.housekeeping_ends.wait(EVERY);
        if inner.is_stopping() {
            return;
        }
        collect(inner);
    }
}

fn collect(inner: &Inner) {
    let (mut objects, mut bytes) = (0, 0);
    while !inner.is_stopping() {
        match inner.store.collect_objects(GRACE, AT_ONCE) {
            Ok(collected) if collected.looked_at == 0 => break,
            Ok(collected) => {
                objects += collected.deleted;
                bytes += collected.bytes;
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "Objects that nothing refers to stay for now");
                return;
            }
        }
    }
    if objects > 0 {
        tracing::info!(objects, bytes, "Objects that nothing referred to are gone");
    }
}
