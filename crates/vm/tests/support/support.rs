//! One engine for a test file, and a service that answers calls as a seed says.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod drive;
pub(crate) mod grammar;
pub(crate) mod service;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use fermata_model::{Limits, RunError};
use fermata_vm::{Baseline, Config, Engine, Identity, LoadError, Slice, SliceEnd, Vm, source};

/// The clock of a run's first slice.
pub(crate) const START: i64 = 1_767_225_600_000;
/// What a run is started with when its input does not matter.
pub(crate) const NO_INPUT: &str = r#"{"input":null,"run":{"id":"r1","task":"t","version":1}}"#;

/// The engine, booted and compiled once for all test files.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("engine");
        Engine::open(&Config { folder, instances_max: 64 }).unwrap()
    })
}

pub(crate) fn try_load(file_name: &str, source: &str, limits: Limits) -> Result<Arc<Baseline>, LoadError> {
    let program = source::compile(file_name, source).unwrap_or_else(|error| panic!("{error}"));
    engine().load(&program, limits)
}

pub(crate) fn load(file_name: &str, source: &str, limits: Limits) -> Arc<Baseline> {
    try_load(file_name, source, limits).unwrap_or_else(|error| panic!("{file_name}: {error}\n{source}"))
}

/// A program whose task function has this body; its parameters are `input` and `tools`.
pub(crate) fn task(body: &str) -> String {
    format!("export async function runTask(input, tools) {{\n{body}\n}}\n")
}

pub(crate) fn identity() -> Identity {
    Identity { seed: [7; 16], ..Identity::default() }
}

pub(crate) fn start(baseline: &Arc<Baseline>) -> (Vm, Slice) {
    Vm::start(baseline, identity(), START, NO_INPUT).unwrap()
}

/// The first slice of a task with this body.
pub(crate) fn first_slice(body: &str, limits: Limits) -> Slice {
    let (vm, slice) = start(&load("task.js", &task(body), limits));
    vm.retire();
    slice
}

/// The error that a slice ended with.
#[track_caller]
pub(crate) fn error(slice: &Slice) -> &RunError {
    match &slice.end {
        SliceEnd::Threw(error) => error,
        other => panic!("no error: {other:?}"),
    }
}

/// The JSON that a slice returned.
#[track_caller]
pub(crate) fn returned(slice: &Slice) -> &str {
    match &slice.end {
        SliceEnd::Returned(value) => value.get(),
        other => panic!("no result: {other:?}"),
    }
}

/// Whatever happened before: a normal program still runs on the same engine.
pub(crate) fn assert_engine_is_well() {
    let slice = first_slice("return [1, 2, 3].map((n) => n * n)", Limits::default());
    assert_eq!(returned(&slice), "[1,4,9]");
}
