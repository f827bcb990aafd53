//! How many rows a second the committer writes: `cargo run --release --example committer`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it shows figures and gives up on errors")]

use std::sync::mpsc;
use std::time::Instant;

use fermata_model::record::{Call, CallBirth, CallState, Delivered, Outcome, Run, RunBirth, RunState};
use fermata_model::{CallStatus, Json, RunId, RunStatus, VersionId, WorkspaceId, json};
use fermata_store::{Change, Group, Options, Store};

const RUNS: u32 = 100_000;
const CALLS_PER_RUN: u32 = 10;

fn main() {
    let folder =
        std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into).join("fermata-committer");
    let store = Store::open(&folder, Options::default()).unwrap();
    println!("in {}", folder.display());
    measure("new runs", &store, (0..RUNS).map(|n| vec![Change::InsertRun(Box::new(run(n)))]));
    measure("states of runs", &store, (0..RUNS).map(|n| vec![suspended(n)]));
    let calls = |n| (1..=CALLS_PER_RUN).map(move |number| Change::InsertCall(Box::new(call(n, number))));
    measure("new calls, 10 in a group", &store, (0..RUNS / 10).map(|n| calls(n).collect()));
    let ends = |n| (1..=CALLS_PER_RUN).map(move |number| ended(n, number));
    measure("ends of calls, 10 in a group", &store, (0..RUNS / 10).map(|n| ends(n).collect()));
    one_by_one(&store);
    store.close();
    drop(store);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Submits all groups and waits for the last.
fn measure(what: &str, store: &Store, groups: impl Iterator<Item = Vec<Change>>) {
    let before = store.stats();
    let begin = Instant::now();
    for changes in groups {
        store.submit(Group::new(changes));
    }
    store.commit(Vec::new()).unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    let after = store.stats();
    let rows = after.rows_written - before.rows_written;
    let commits = after.commits - before.commits;
    println!("{what}: {:.0} rows/s ({rows} rows in {commits} commits)", rows as f64 / seconds);
}

/// What one caller that waits for each commit sees.
fn one_by_one(store: &Store) {
    const COMMITS: u32 = 1_000;
    let (tell, told) = mpsc::channel();
    let begin = Instant::now();
    for n in 0..COMMITS {
        let tell = tell.clone();
        store.submit(Group::with(vec![suspended(n)], move |fate| tell.send(fate).unwrap()));
        told.recv().unwrap().unwrap();
    }
    println!(
        "one commit after the other: {:.2} ms each",
        begin.elapsed().as_secs_f64() * 1e3 / f64::from(COMMITS)
    );
}

fn run_id(n: u32) -> RunId {
    let mut bytes = [0x5a; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    RunId::from_bytes(bytes)
}

fn some_json() -> Json {
    json::parse(r#"{"customer": "c_1029", "items": [1, 2, 3], "note": "as agreed"}"#.into()).unwrap()
}

fn run(n: u32) -> Run {
    let birth = RunBirth {
        workspace: WorkspaceId::default_workspace(),
        id: run_id(n),
        task_name: "order".into(),
        task_version_id: VersionId::from_bytes([1; 16]),
        task_version: 1,
        input: some_json(),
        seed: [2; 16],
        parent: None,
        root: run_id(n),
        depth: 0,
        priority: 0,
        start_at: None,
        created_at: 1_760_000_000_000,
        deadline_at: None,
    };
    Run { birth, state: RunState::queued() }
}

fn suspended(n: u32) -> Change {
    let state = RunState { status: RunStatus::Suspended, deliveries: 1, ..RunState::queued() };
    Change::UpdateRun { workspace: WorkspaceId::default_workspace(), id: run_id(n), state: Box::new(state) }
}

fn call(n: u32, number: u32) -> Call {
    let birth = CallBirth {
        service: "http".into(),
        method: "get".into(),
        args: some_json(),
        made_in: 0,
        seq: number + 1,
        created_at: 1_760_000_000_000,
    };
    let workspace = WorkspaceId::default_workspace();
    Call { workspace, run: run_id(n), number, birth, state: CallState::pending() }
}

fn ended(n: u32, number: u32) -> Change {
    let state = CallState {
        status: CallStatus::Completed,
        attempts: 1,
        outcome: Some(Outcome::Ok(some_json())),
        delivered: Some(Delivered { number, clock: 1_760_000_000_000 }),
        ended_at: Some(1_760_000_000_000),
        end_seq: Some(100 + number),
        ..CallState::pending()
    };
    let workspace = WorkspaceId::default_workspace();
    Change::UpdateCall { workspace, run: run_id(n), number, state: Box::new(state) }
}
