//! Merging the changes of a row leaves the same tables as writing each of them.

use std::collections::HashSet;
use std::path::Path;

use fermata_model::record::{CallState, Delivered, Outcome, RunState};
use fermata_model::{CallStatus, RunStatus};
use fermata_store::Change;
use proptest::prelude::*;

use crate::records::{
    Ledger, call, checkpoint, drop_checkpoint, entry, event, insert_call, insert_run, log, run,
    submit_together, take_event, text, update_call, update_run,
};

fn any_change() -> impl Strategy<Value = Change> {
    let (run_number, number, value) = (1..4_u8, 1..4_u32, 1..50_u32);
    (0..11, run_number, number, value).prop_map(|(kind, n, number, value)| match kind {
        0 => insert_run(run(n)),
        1..=3 => update_run(n, run_state(value)),
        4 => insert_call(call(n, number)),
        5..=6 => update_call(n, number, call_state(value)),
        7 => checkpoint(n, value),
        8 => drop_checkpoint(n),
        9 => event(n, number),
        _ => match value % 3 {
            0 => take_event(n, number),
            1 => log(n, value),
            _ => entry("global", "name", value),
        },
    })
}

fn run_state(value: u32) -> RunState {
    let status = RunStatus::ALL[value as usize % RunStatus::ALL.len()];
    RunState { status, deliveries: value, result: Some(text("1")), ..RunState::queued() }
}

fn call_state(value: u32) -> CallState {
    let status = CallStatus::ALL[value as usize % CallStatus::ALL.len()];
    let outcome = status.is_ended().then(|| Outcome::Ok(text("[]")));
    let delivered = value.is_multiple_of(2).then_some(Delivered { number: value, clock: 1 });
    CallState { status, attempts: value, outcome, delivered, ..CallState::pending() }
}

/// The rows of every table that groups write, in order of their keys.
fn contents(folder: &Path) -> Vec<String> {
    let database = rusqlite::Connection::open(folder.join("fermata.db")).unwrap();
    let tables = [
        ("task_runs", "workspace, id, status, deliveries, result", "id"),
        ("stack_runs", "workspace, run_id, number, status, attempts, result, delivery", "run_id, number"),
        ("task_logs", "workspace, run_id, seq, message", "run_id, seq"),
        ("checkpoints", "workspace, run_id, delivery", "run_id"),
        ("sent_events", "workspace, run_id, number, taken_by", "run_id, number"),
        ("keystore", "workspace, name, version", "name"),
    ];
    let mut rows = Vec::new();
    for (table, columns, order) in tables {
        let sql = format!("select {columns} from {table} order by {order}");
        let mut statement = database.prepare(&sql).unwrap();
        let width = statement.column_count();
        let read = statement.query_map([], |row| {
            let cells = (0..width).map(|n| row.get::<_, rusqlite::types::Value>(n));
            Ok(format!("{table} {:?}", cells.collect::<Result<Vec<_>, _>>()?))
        });
        rows.extend(read.unwrap().map(Result::unwrap));
    }
    rows
}

/// The changes that succeed one after the other on an empty store.
fn only_possible(changes: Vec<Change>) -> Vec<Change> {
    let mut made = HashSet::new();
    changes.into_iter().filter(|change| is_possible(change, &mut made)).collect()
}

fn is_possible(change: &Change, made: &mut HashSet<String>) -> bool {
    match change {
        Change::InsertRun(run) => made.insert(format!("run {}", run.birth.id)),
        Change::UpdateRun { id, .. } => made.contains(&format!("run {id}")),
        Change::InsertCall(call) => made.insert(format!("call {} {}", call.run, call.number)),
        Change::UpdateCall { run, number, .. } => made.contains(&format!("call {run} {number}")),
        Change::Log { run, line, .. } => made.insert(format!("log {run} {}", line.seq)),
        Change::PutSentEvent { run, event, .. } => made.insert(format!("event {run} {}", event.number)),
        Change::TakeSentEvent { run, number, .. } => {
            made.contains(&format!("event {run} {number}")) && made.insert(format!("taken {run} {number}"))
        }
        _ => true,
    }
}

fn some_groups() -> impl Strategy<Value = Vec<Vec<Change>>> {
    prop::collection::vec(prop::collection::vec(any_change(), 1..5), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn merged_is_as_good_as_one_by_one(groups in some_groups()) {
        let (apart, together) = (Ledger::new(), Ledger::new());
        let changes = only_possible(groups.into_iter().flatten().collect());
        for change in &changes {
            apart.store.commit(vec![change.clone()]).unwrap();
        }
        let groups: Vec<_> = changes.chunks(3).map(<[Change]>::to_vec).collect();
        let rows_before = together.store.stats().rows_written;
        prop_assert!(submit_together(&together.store, groups).iter().all(Result::is_ok));
        let rows = contents(together.folder.path());
        prop_assert_eq!(contents(apart.folder.path()), &rows[..]);
        let rows_written = together.store.stats().rows_written - rows_before;
        prop_assert!(rows_written <= changes.len() as u64);
    }

    #[test]
    fn faulty_groups_leave_the_others_as_they_are_one_by_one(groups in some_groups()) {
        let (apart, together) = (Ledger::new(), Ledger::new());
        let fates_apart: Vec<bool> =
            groups.iter().map(|group| apart.store.commit(group.clone()).is_ok()).collect();
        let fates = submit_together(&together.store, groups);
        prop_assert_eq!(fates_apart, fates.iter().map(Result::is_ok).collect::<Vec<_>>());
        prop_assert_eq!(contents(apart.folder.path()), contents(together.folder.path()));
    }
}
