//! Records for tests, as plain as they can be, and ways to hand them to a store.

use std::sync::mpsc;

use fermata_model::grants::Grants;
use fermata_model::record::{
    Call, CallBirth, CallState, Checkpoint, KeystoreEntry, KeystoreKind, LogLevel, LogLine, Run, RunBirth,
    RunState, SentEvent, StateEntry, TaskVersion,
};
use fermata_model::{Json, RunId, VersionId, WorkspaceId, json};
use fermata_store::{Change, CommitError, Group, Store};

/// Submits groups so that they meet in one batch, and gives their fates in order.
pub(crate) fn submit_together(store: &Store, groups: Vec<Vec<Change>>) -> Vec<Result<(), CommitError>> {
    let (begin, begun) = mpsc::channel();
    let (held, hold) = mpsc::channel::<()>();
    // While this group is being told its fate the committer takes no batch.
    store.submit(Group::with(Vec::new(), move |_| {
        begin.send(()).unwrap();
        assert!(hold.recv().is_err(), "it is let go by dropping");
    }));
    begun.recv().unwrap();
    let (tell, told) = mpsc::channel();
    for changes in groups {
        let tell = tell.clone();
        store.submit(Group::with(changes, move |fate| tell.send(fate).unwrap()));
    }
    drop((tell, held));
    told.iter().collect()
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::default_workspace()
}

pub(crate) fn text(json: &str) -> Json {
    json::parse(json.into()).unwrap()
}

pub(crate) fn run_id(n: u8) -> RunId {
    RunId::from_bytes([n; 16])
}

pub(crate) fn run(n: u8) -> Run {
    let birth = RunBirth {
        workspace: workspace(),
        id: run_id(n),
        task_name: "hello".into(),
        task_version_id: VersionId::from_bytes([9; 16]),
        task_version: 1,
        input: text(r#"{"n": 1}"#),
        seed: [7; 16],
        parent: None,
        root: run_id(n),
        depth: 0,
        priority: -3,
        start_at: None,
        created_at: 1_000 + i64::from(n),
        deadline_at: None,
    };
    Run { birth, state: RunState::queued() }
}

pub(crate) fn call(n: u8, number: u32) -> Call {
    let birth = CallBirth {
        service: "http".into(),
        method: "get".into(),
        args: text(r#"["https://example.com"]"#),
        made_in: 0,
        seq: number + 1,
        created_at: 2_000,
    };
    Call { workspace: workspace(), run: run_id(n), number, birth, state: CallState::pending() }
}

pub(crate) fn insert_run(run: Run) -> Change {
    Change::InsertRun(Box::new(run))
}

pub(crate) fn update_run(n: u8, state: RunState) -> Change {
    Change::UpdateRun { workspace: workspace(), id: run_id(n), state: Box::new(state) }
}

pub(crate) fn insert_call(call: Call) -> Change {
    Change::InsertCall(Box::new(call))
}

pub(crate) fn update_call(n: u8, number: u32, state: CallState) -> Change {
    Change::UpdateCall { workspace: workspace(), run: run_id(n), number, state: Box::new(state) }
}

pub(crate) fn log(n: u8, seq: u32) -> Change {
    let line = LogLine { seq, level: LogLevel::Warn, message: "hm".into(), data: Some(text("[1]")), at: 5 };
    Change::Log { workspace: workspace(), run: run_id(n), line }
}

pub(crate) fn checkpoint(n: u8, delivery: u32) -> Change {
    let checkpoint =
        Box::new(Checkpoint { delivery, engine: [1; 32], heap_hash: [2; 32], sealed: vec![3; 100] });
    Change::PutCheckpoint { workspace: workspace(), run: run_id(n), checkpoint, taken_at: 7 }
}

pub(crate) fn drop_checkpoint(n: u8) -> Change {
    Change::DropCheckpoint { workspace: workspace(), run: run_id(n) }
}

pub(crate) fn event(n: u8, number: u32) -> Change {
    let event =
        Box::new(SentEvent { number, name: "paid".into(), payload: text("{}"), sent_at: 8, taken_by: None });
    Change::PutSentEvent { workspace: workspace(), run: run_id(n), event }
}

pub(crate) fn take_event(n: u8, number: u32) -> Change {
    Change::TakeSentEvent { workspace: workspace(), run: run_id(n), number, taken_by: 4 }
}

/// A version of the entry that was made at a moment.
pub(crate) fn version(namespace: &str, name: &str, since: i64, version: u32) -> Box<KeystoreEntry> {
    Box::new(KeystoreEntry {
        namespace: namespace.into(),
        name: name.into(),
        since,
        kind: KeystoreKind::Secret,
        version,
        sealed: vec![1, 2, 3],
        updated_at: 6,
        grants: Grants::default(),
        written_by: Some("hello".into()),
        used_at: None,
    })
}

pub(crate) fn entry(namespace: &str, name: &str, number: u32) -> Change {
    Change::InsertKeystore { workspace: workspace(), entry: version(namespace, name, 5, number) }
}

pub(crate) fn update_entry(namespace: &str, name: &str, number: u32) -> Change {
    let entry = version(namespace, name, 5, number);
    Change::UpdateKeystore { workspace: workspace(), entry, over: number - 1 }
}

pub(crate) fn keep_entry(namespace: &str, name: &str, number: u32) -> Change {
    Change::KeepKeystore { workspace: workspace(), entry: version(namespace, name, 5, number) }
}

pub(crate) fn delete_entry(namespace: &str, name: &str, since: i64) -> Change {
    let (namespace, name) = (namespace.into(), name.into());
    Change::DeleteKeystore { workspace: workspace(), namespace, name, since }
}

pub(crate) fn forget_entry(namespace: &str, name: &str, since: i64, up_to: u32) -> Change {
    let (namespace, name) = (namespace.into(), name.into());
    Change::ForgetKeystore { workspace: workspace(), namespace, name, since, up_to }
}

pub(crate) fn new_state(key: &str, value: &str, version: i64) -> Change {
    let entry = Box::new(StateEntry { key: key.into(), value: text(value), version, updated_at: 6 });
    Change::InsertState { workspace: workspace(), task: "hello".into(), entry }
}

pub(crate) fn idempotency(key: &str, n: u8) -> Change {
    Change::PutIdempotency {
        workspace: workspace(),
        key: key.into(),
        request_hash: [5; 32],
        run: run_id(n),
        created_at: 9,
    }
}

pub(crate) fn task(name: &str, version: u32) -> TaskVersion {
    let mut id = [0; 16];
    id[..name.len()].copy_from_slice(name.as_bytes());
    id[15] = u8::try_from(version).unwrap();
    TaskVersion {
        workspace: workspace(),
        id: VersionId::from_bytes(id),
        name: name.into(),
        version,
        file_name: format!("{name}.ts"),
        source: format!("source {version}"),
        code: "code".into(),
        is_module: true,
        source_map: None,
        source_hash: [u8::try_from(version).unwrap(); 32],
        description: Some("says hello".into()),
        input_schema: Some(text("{}")),
        config: None,
        created_at: 3,
    }
}
