//! Merging the changes of a row leaves the same tables as writing each of them.

use std::collections::HashSet;

use fermata_model::record::{CallState, Delivered, Outcome, RunState};
use fermata_model::{CallStatus, RunStatus};
use fermata_store::Change;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::place::{Ledger, Place, on_both, rows};
use crate::records::{
    call, checkpoint, drop_checkpoint, entry, event, insert_call, insert_run, log, run, submit_together,
    take_event, text, update_call, update_entry, update_run,
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
        _ => match value % 4 {
            0 => take_event(n, number),
            1 => log(n, value),
            2 => entry("global", "name", number),
            _ => update_entry("global", "name", number + 1),
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
fn contents(ledger: &Ledger) -> Vec<String> {
    let tables = [
        ("task_runs", "workspace, id, status, deliveries, result", "id"),
        ("stack_runs", "workspace, run_id, number, status, attempts, result, delivery", "run_id, number"),
        ("task_logs", "workspace, run_id, seq, message", "run_id, seq"),
        ("checkpoints", "workspace, run_id, delivery", "run_id"),
        ("sent_events", "workspace, run_id, number, taken_by", "run_id, number"),
        ("keystore", "workspace, name, version", "name"),
    ];
    let mut found = Vec::new();
    for (table, columns, order) in tables {
        let sql = format!("select {columns} from {table} order by {order}");
        let rows = rows(ledger.folder.path(), ledger.database.as_deref(), &sql);
        found.extend(rows.into_iter().map(|row| format!("{table} {row:?}")));
    }
    found
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
        Change::InsertKeystore { entry, .. } => {
            made.insert("entry".into()) && made.insert(format!("version {}", entry.version))
        }
        Change::UpdateKeystore { entry, over, .. } => {
            made.remove(&format!("version {over}")) && made.insert(format!("version {}", entry.version))
        }
        _ => true,
    }
}

/// Without what the model never makes: changes of an ended run, which belongs to nobody, and rows that
/// are changed before they are made.
fn as_the_model_has_it(groups: Groups) -> Groups {
    let (mut ended, mut changed, mut has_entry_changed) = (HashSet::new(), HashSet::new(), false);
    let mut is_kept = |change: &Change| match change {
        Change::UpdateRun { id, state, .. } => {
            changed.insert((*id, 0));
            let was_alive = !ended.contains(id);
            if state.status.is_ended() {
                ended.insert(*id);
            }
            was_alive
        }
        Change::UpdateCall { run, number, .. } => {
            changed.insert((*run, *number));
            true
        }
        // Numbers of events are told from those of calls by a distance.
        Change::TakeSentEvent { run, number, .. } => {
            changed.insert((*run, number + 1_000));
            true
        }
        Change::UpdateKeystore { .. } => {
            has_entry_changed = true;
            true
        }
        Change::InsertKeystore { .. } => !has_entry_changed,
        Change::InsertRun(run) => !changed.contains(&(run.birth.id, 0)),
        Change::InsertCall(call) => !changed.contains(&(call.run, call.number)),
        Change::PutSentEvent { run, event, .. } => !changed.contains(&(*run, event.number + 1_000)),
        _ => true,
    };
    groups.into_iter().map(|group| group.into_iter().filter(&mut is_kept).collect()).collect()
}

fn some_groups() -> impl Strategy<Value = Groups> {
    let groups = prop::collection::vec(prop::collection::vec(any_change(), 1..5), 1..40);
    groups.prop_map(as_the_model_has_it)
}

type Groups = Vec<Vec<Change>>;
type Property = fn(&Ledger, &Ledger, Groups) -> Result<(), TestCaseError>;

/// Tries a property on two ledgers, which are emptied after each case.
fn check(ledgers: [&Place; 2], property: Property) {
    let [one, other] = ledgers.map(Ledger::new);
    let is_embedded = ledgers.iter().all(|place| matches!(place, Place::Sqlite));
    let cases = if is_embedded { 64 } else { 32 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let tried = TestRunner::new(config).run(&some_groups(), |groups| {
        let result = property(&one, &other, groups);
        one.execute(EMPTY);
        other.execute(EMPTY);
        result
    });
    tried.unwrap();
}

const EMPTY: &str = "delete from task_runs; delete from stack_runs; delete from task_logs;
    delete from checkpoints; delete from sent_events; delete from keystore";

fn merged_is_as_good(apart: &Ledger, together: &Ledger, groups: Groups) -> Result<(), TestCaseError> {
    let changes = only_possible(groups.into_iter().flatten().collect());
    for change in &changes {
        apart.store.commit(vec![change.clone()]).unwrap();
    }
    let groups: Vec<_> = changes.chunks(3).map(<[Change]>::to_vec).collect();
    let rows_before = together.store.stats().rows_written;
    let fates = submit_together(&together.store, groups);
    prop_assert!(fates.iter().all(Result::is_ok), "{:?}", fates);
    prop_assert_eq!(contents(apart), contents(together));
    let rows_written = together.store.stats().rows_written - rows_before;
    prop_assert!(rows_written <= changes.len() as u64);
    Ok(())
}

fn faulty_groups_do_no_harm(apart: &Ledger, together: &Ledger, groups: Groups) -> Result<(), TestCaseError> {
    let fates_apart: Vec<bool> =
        groups.iter().map(|group| apart.store.commit(group.clone()).is_ok()).collect();
    let fates = submit_together(&together.store, groups);
    prop_assert_eq!(fates_apart, fates.iter().map(Result::is_ok).collect::<Vec<_>>());
    prop_assert_eq!(contents(apart), contents(together));
    Ok(())
}

fn both_hold_the_same(one: &Ledger, other: &Ledger, groups: Groups) -> Result<(), TestCaseError> {
    let fates = |ledger: &Ledger| -> Vec<_> {
        let fates = submit_together(&ledger.store, groups.clone());
        fates.iter().map(|fate| fate.as_ref().err().map(ToString::to_string)).collect()
    };
    prop_assert_eq!(fates(one), fates(other));
    prop_assert_eq!(contents(one), contents(other));
    Ok(())
}

#[test]
fn merged_is_as_good_as_one_by_one() {
    on_both(|place| check([place, place], merged_is_as_good));
}

#[test]
fn faulty_groups_leave_the_others_as_they_are_one_by_one() {
    on_both(|place| check([place, place], faulty_groups_do_no_harm));
}

#[test]
fn both_databases_hold_the_same_after_the_same_groups() {
    check([&Place::Sqlite, &Place::postgres()], both_hold_the_same);
}
