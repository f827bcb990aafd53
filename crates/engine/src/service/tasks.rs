//! `tools.tasks`: runs started by runs. `execute` waits for the result, `start` only for the id.

use std::sync::Arc;

use fermata_model::limits::{RUN_DEPTH_MAX, WAIT_MS_MAX};
use fermata_model::record::{ParentCall, Run, RunBirth, RunState};
use fermata_model::task::Span;
use fermata_model::{CallError, CallNumber, Json, Millis, RunId, WorkspaceId, json};
use fermata_store::ReadError;
use serde::Deserialize;
use uuid::Uuid;

use super::{Step, arguments, unknown_method};
use crate::api::{InputFault, StartError};
use crate::programs::Program;

/// Options of both methods.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Options {
    /// The version; the latest without one.
    pub(crate) version: Option<u32>,
    /// Longest time from start to end.
    pub(crate) timeout: Option<Span>,
    /// Higher is executed first.
    pub(crate) priority: i16,
}

/// A call of this service, read.
pub(crate) struct Wanted {
    pub(crate) waits: bool,
    pub(crate) name: String,
    pub(crate) input: Json,
    pub(crate) options: Options,
}

/// Reads a call's method and arguments.
pub(crate) fn read(method: &str, args: &Json) -> Result<Wanted, CallError> {
    let waits = match method {
        "execute" => true,
        "start" => false,
        _ => return Err(unknown_method("tasks", method, &["execute", "start"])),
    };
    let what = format!("tools.tasks.{method}(name, input, options)");
    let mut parts = arguments::<Vec<Json>>(&what, args)?.into_iter();
    let bad = |message: String| CallError::fatal("bad_arguments", format!("{what}: {message}"));
    let name = parts.next().and_then(|name| serde_json::from_str(name.get()).ok());
    let name = name.ok_or_else(|| bad("the name is a text".into()))?;
    let input = parts.next().unwrap_or_else(json::null);
    let options = match parts.next().filter(|options| options.get() != "null") {
        Some(options) => serde_json::from_str(options.get()).map_err(|error| bad(error.to_string()))?,
        None => Options::default(),
    };
    Ok(Wanted { waits, name, input, options })
}

/// Where a new run stands among the others.
pub(crate) struct Position<'a> {
    pub(crate) workspace: &'a WorkspaceId,
    /// The call that waits for it.
    pub(crate) parent: Option<ParentCall>,
    /// The run at the top; the new run itself without one.
    pub(crate) root: Option<RunId>,
    pub(crate) depth: u32,
    pub(crate) now: Millis,
}

/// A new run of a program.
pub(crate) fn birth(
    program: &Program,
    input: Json,
    priority: i16,
    timeout_ms: Option<i64>,
    position: &Position<'_>,
) -> Run {
    let id = RunId(Uuid::now_v7());
    let timeout = program.config.timeout.as_ref().and_then(|span| span.ms().ok());
    let timeout = timeout_ms.or(timeout).map(|wait| wait.clamp(0, WAIT_MS_MAX));
    let birth = RunBirth {
        workspace: position.workspace.clone(),
        id,
        task_name: program.version.name.clone(),
        task_version_id: program.version.id,
        task_version: program.version.version,
        input,
        seed: rand::random(),
        parent: position.parent,
        root: position.root.unwrap_or(id),
        depth: position.depth,
        priority,
        start_at: None,
        created_at: position.now,
        deadline_at: timeout.map(|wait| position.now + wait),
    };
    Run { birth, state: RunState::queued() }
}

/// What a call leads to once its task is found.
pub(crate) fn step(
    parent: &RunBirth,
    number: CallNumber,
    wanted: Wanted,
    program: Result<Arc<Program>, StartError>,
    now: Millis,
) -> Step {
    if parent.depth >= RUN_DEPTH_MAX {
        let message = format!("Runs may start runs {RUN_DEPTH_MAX} deep");
        return Step::error(CallError::fatal("too_deep", message));
    }
    let program = match program {
        Ok(program) => program,
        Err(error) => return Step::error(refused(&error)),
    };
    let faults = program.faults(&wanted.input);
    if !faults.is_empty() {
        return Step::error(input_error(&wanted.name, &faults));
    }
    let timeout = match wanted.options.timeout.as_ref().map(Span::ms).transpose() {
        Ok(timeout) => timeout,
        Err(error) => return Step::error(CallError::fatal("bad_arguments", error.to_string())),
    };
    let position = Position {
        workspace: &parent.workspace,
        parent: wanted.waits.then_some(ParentCall { run: parent.id, number }),
        root: Some(parent.root),
        depth: parent.depth + 1,
        now,
    };
    let run = Box::new(birth(&program, wanted.input, wanted.options.priority, timeout, &position));
    if wanted.waits { Step::Child(run) } else { Step::Started(run) }
}

/// The rejection when a task cannot be started.
pub(crate) fn refused(error: &StartError) -> CallError {
    if let StartError::Store(ReadError::Unavailable { .. }) = error {
        return CallError::passing("store_failed", error.to_string());
    }
    let code = match error {
        StartError::TaskUnknown { .. } => "task_unknown",
        _ => "store_failed",
    };
    CallError::fatal(code, error.to_string())
}

fn input_error(task: &str, faults: &[InputFault]) -> CallError {
    let places: Vec<String> =
        faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect();
    let message = format!("The input does not fit the schema of task {task:?}: {}", places.join("; "));
    let error = CallError::fatal("input_invalid", message);
    match json::of(faults) {
        Ok(details) => error.with_details(details),
        Err(_) => error,
    }
}
