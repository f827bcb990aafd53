//! Tasks that mean harm, checkpoints that were bent, limits at their edges: each ends in a clear
//! error, and the engine is well afterwards.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bent_checkpoints;
mod bombs;
mod calls;
mod depth;
mod endless;
mod load;
mod output;
mod reach;
mod sabotage;
mod thenables;

#[path = "../support/support.rs"]
mod support;

use fermata_model::Limits;
use fermata_vm::Slice;

/// Limits small enough for a test to hit them in a moment.
fn tight() -> Limits {
    Limits { slice_cpu_ms: 200, memory_bytes: 16 << 20, ..Limits::default() }
}

/// A task with this body ends in its first slice, with this error; the engine is well afterwards.
#[track_caller]
fn assert_stopped(body: &str, limits: Limits, code: &str, message: &str) {
    let slice = support::first_slice(body, limits);
    let error = support::error(&slice);
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        (code, message),
        "{limits:?} {body}: {error:?}"
    );
    support::assert_engine_is_well();
}

#[track_caller]
fn assert_error(slice: &Slice, code: &str, message: &str) {
    let error = support::error(slice);
    assert_eq!((error.code.as_str(), error.message.as_str()), (code, message));
}

/// A task with this body returns this JSON in its first slice.
#[track_caller]
fn assert_returns(body: &str, limits: Limits, json: &str) {
    let slice = support::first_slice(body, limits);
    assert_eq!(support::returned(&slice), json, "{body}");
    support::assert_engine_is_well();
}
