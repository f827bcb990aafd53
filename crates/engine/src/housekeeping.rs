//! Housekeeping: removes runs that ended long ago, and from the object store what nothing refers to; writes
//! down which keystore entries were used.

use std::time::{Duration, Instant};

use fermata_model::Millis;

use crate::clock;
use crate::inner::Inner;

/// How often objects are gone through.
const OBJECTS_EVERY: Duration = Duration::from_secs(300);
/// How often it is written down which keystore entries were used.
const USES_EVERY: Duration = Duration::from_secs(15);
/// Objects looked at in one step.
const OBJECTS_AT_ONCE: u32 = 2_000;
/// What is younger stays: what refers to it may not be written yet.
const GRACE: Duration = Duration::from_secs(3_600);
/// Runs removed in one transaction.
const RUNS_AT_ONCE: u32 = 200;
/// Ended runs are looked for this many times in the time that they are kept,
const LOOKS: u32 = 10;
/// but not more often than this,
const RUNS_EVERY_MIN: Duration = Duration::from_secs(1);
/// and not more rarely.
const RUNS_EVERY_MAX: Duration = Duration::from_secs(300);

/// Keeps house until the engine stops.
pub(crate) fn run(inner: &Inner) {
    let kept = inner.settings.keep_runs;
    let runs_every = kept.map(|kept| (kept / LOOKS).clamp(RUNS_EVERY_MIN, RUNS_EVERY_MAX));
    let every = runs_every.unwrap_or(USES_EVERY).min(USES_EVERY);
    let mut objects_at = Instant::now() + OBJECTS_EVERY;
    loop {
        inner.housekeeping_ends.wait(every);
        inner.keystore.write_uses();
        if inner.is_stopping() {
            return;
        }
        if let Some(kept) = kept {
            prune(inner, kept);
        }
        if Instant::now() >= objects_at {
            collect(inner);
            objects_at = Instant::now() + OBJECTS_EVERY;
        }
    }
}

/// Removes runs that ended longer ago than they are kept. A batch at a time, so that others get to write.
fn prune(inner: &Inner, kept: Duration) {
    let ended_before = clock::now() - Millis::try_from(kept.as_millis()).unwrap_or(Millis::MAX / 2);
    let mut runs = 0;
    while !inner.is_stopping() {
        match inner.store.prune_runs(ended_before, RUNS_AT_ONCE) {
            Ok(0) => break,
            Ok(removed) => runs += removed,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "Runs that ended long ago stay for now");
                break;
            }
        }
    }
    if runs > 0 {
        tracing::info!(runs, "Runs that ended long ago are gone");
    }
}

/// Removes objects that nothing refers to.
fn collect(inner: &Inner) {
    let (mut objects, mut bytes) = (0, 0);
    while !inner.is_stopping() {
        match inner.store.collect_objects(GRACE, OBJECTS_AT_ONCE) {
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
