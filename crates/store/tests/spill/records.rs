//! Records for tests, with values of any size.

use fermata_model::record::{
    Call, CallBirth, CallState, Checkpoint, LogLevel, LogLine, Outcome, ParentCall, Run, RunBirth, RunState,
    SentEvent,
};
use fermata_model::{CallStatus, Json, Millis, RunId, RunStatus, VersionId, WorkspaceId, json};
use fermata_store::{Change, INLINE_BYTES_MAX, Letter};

/// A size that no row holds.
pub(crate) const LARGE: usize = INLINE_BYTES_MAX + 1;

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::default_workspace()
}

pub(crate) fn run_id(n: u8) -> RunId {
    RunId::from_bytes([n; 16])
}

/// A JSON text of exactly so many bytes that begins with `mark`.
pub(crate) fn text(mark: &str, bytes: usize) -> Json {
    let filled = bytes.checked_sub(mark.len() + 2).unwrap();
    json::parse(format!("\"{mark}{}\"", "x".repeat(filled))).unwrap()
}

pub(crate) fn run(n: u8, input: Json) -> Run {
    let birth = RunBirth {
        workspace: workspace(),
        id: run_id(n),
        task_name: "hello".into(),
        task_version_id: VersionId::from_bytes([9; 16]),
        task_version: 1,
        input,
        seed: [7; 16],
        parent: None,
        root: run_id(n),
        depth: 0,
        priority: 0,
        start_at: None,
        created_at: 1_000,
        deadline_at: None,
    };
    Run { birth, state: RunState::queued() }
}

/// A run that `parent` started, below `root`.
pub(crate) fn child(n: u8, parent: u8, root: u8, input: Json) -> Run {
    let mut run = run(n, input);
    run.birth.parent = Some(ParentCall { run: run_id(parent), number: 1 });
    run.birth.root = run_id(root);
    run
}

pub(crate) fn insert(run: Run) -> Change {
    Change::InsertRun(Box::new(run))
}

pub(crate) fn complete(n: u8, result: Json, ended_at: Millis) -> Change {
    let state = RunState {
        status: RunStatus::Completed,
        seq: 5,
        ended_at: Some(ended_at),
        result: Some(result),
        ..RunState::queued()
    };
    Change::UpdateRun { workspace: workspace(), id: run_id(n), state: Box::new(state) }
}

pub(crate) fn insert_call(n: u8, number: u32, args: Json) -> Change {
    let birth = CallBirth {
        service: "http".into(),
        method: "get".into(),
        args,
        made_in: 0,
        seq: 2 * number,
        created_at: 2_000,
    };
    let call = Call { workspace: workspace(), run: run_id(n), number, birth, state: CallState::pending() };
    Change::InsertCall(Box::new(call))
}

pub(crate) fn end_call(n: u8, number: u32, result: Json) -> Change {
    let state = CallState {
        status: CallStatus::Completed,
        outcome: Some(Outcome::Ok(result)),
        ended_at: Some(3_000),
        ..CallState::pending()
    };
    Change::UpdateCall { workspace: workspace(), run: run_id(n), number, state: Box::new(state) }
}

pub(crate) fn event(n: u8, payload: Json) -> Change {
    let event = SentEvent { number: 1, name: "paid".into(), payload, sent_at: 8, taken_by: None };
    Change::PutSentEvent { workspace: workspace(), run: run_id(n), event: Box::new(event) }
}

pub(crate) fn checkpoint(n: u8, sealed: Vec<u8>) -> Change {
    let checkpoint = Box::new(Checkpoint { delivery: 1, engine: [1; 32], heap_hash: [2; 32], sealed });
    Change::PutCheckpoint { workspace: workspace(), run: run_id(n), checkpoint, taken_at: 7 }
}

pub(crate) fn drop_checkpoint(n: u8) -> Change {
    Change::DropCheckpoint { workspace: workspace(), run: run_id(n) }
}

pub(crate) fn log(n: u8) -> Change {
    let line = LogLine { seq: 1, level: LogLevel::Info, message: "hm".into(), data: None, at: 5 };
    Change::Log { workspace: workspace(), run: run_id(n), line }
}

pub(crate) fn letter(n: u8) -> Change {
    Change::PutLetter(Box::new(Letter {
        id: [n; 16],
        workspace: workspace(),
        run: run_id(n),
        kind: "cancel".into(),
        name: String::new(),
        payload: "null".into(),
        sent_at: 6,
    }))
}
