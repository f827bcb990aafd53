//! `stack_runs`: the calls of runs.

pub(crate) mod wake;

use std::sync::LazyLock;

use fermata_model::record::{Call, CallBirth, CallState, Delivered, Outcome};
use fermata_model::{CallNumber, DeliveryNumber, Millis, RunId, WorkspaceId};

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::{Dialect, Read};
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::{Column, Guard, Write};

const KEY: [Column; 3] = [("workspace", Text), ("run_id", Blob), ("number", Int)];
const BIRTH: [Column; 6] = [
    ("service_name", Text),
    ("method_name", Text),
    ("args", Text),
    ("made_in", Int),
    ("seq", Int),
    ("created_at", Int),
];
const STATE: [Column; 12] = [
    ("status", Text),
    ("attempts", Int),
    ("failures", Int),
    ("due_at", Int),
    ("awaits", Text),
    ("result", Text),
    ("error", Text),
    ("usage", Text),
    ("delivery", Int),
    ("delivery_clock", Int),
    ("ended_at", Int),
    ("end_seq", Int),
];
const CHILD: [Column; 1] = [("child_run_id", Blob)];

/// A new call.
pub(crate) static INSERT: LazyLock<Write> =
    LazyLock::new(|| Write::insert("call", "stack_runs", &[&KEY[..], &CHILD, &BIRTH, &STATE].concat()));

/// The state of a call.
pub(crate) static UPDATE: LazyLock<Write> = LazyLock::new(|| {
    Write::update("call", "stack_runs", 3, &[&KEY[..], &CHILD, &STATE].concat(), Guard::default())
});

/// The outcome of a call that waits for a run, written by that run. If the call has ended without
/// it, nothing changes.
pub(crate) static END_CHILD: LazyLock<Write> = LazyLock::new(|| {
    let waits = Guard::both("t.status = 'suspended_waiting_child'");
    Write::update("call", "stack_runs", 4, &[&KEY[..], &CHILD, &STATE].concat(), waits).or_nothing()
});

/// The outcome of a call, written with what the call did. When the call has ended without it, nothing of
/// both is written.
pub(crate) static END: LazyLock<Write> = LazyLock::new(|| {
    let goes_on = Guard::both("t.status in ('pending', 'processing')");
    Write::update("call", "stack_runs", 3, &[&KEY[..], &CHILD, &STATE].concat(), goes_on)
});

/// Removes the calls of a run.
pub(crate) static DELETE_OF_RUN: LazyLock<Write> =
    LazyLock::new(|| Write::delete("call", "stack_runs", &[("workspace", Text), ("run_id", Blob)]));

/// The row of a new call with `state`, which may be newer than the call's own.
pub(crate) fn insert_row<'a>(call: &'a Call, state: &'a CallState) -> Vec<Value<'a>> {
    let birth = &call.birth;
    let mut row = key_row(&call.workspace, &call.run, call.number, state);
    row.extend_from_slice(values![
        &birth.service,
        &birth.method,
        birth.args.get(),
        birth.made_in,
        birth.seq,
        birth.created_at,
    ]);
    push_state(&mut row, state);
    row
}

/// The row that changes a call's state.
pub(crate) fn update_row<'a>(
    workspace: &'a WorkspaceId,
    run: &'a RunId,
    number: CallNumber,
    state: &'a CallState,
) -> Vec<Value<'a>> {
    let mut row = key_row(workspace, run, number, state);
    push_state(&mut row, state);
    row
}

/// Every statement about a call begins with its key and the run it waits for.
fn key_row<'a>(
    workspace: &'a WorkspaceId,
    run: &'a RunId,
    number: CallNumber,
    state: &'a CallState,
) -> Vec<Value<'a>> {
    let child = state.child.as_ref().map(RunId::as_bytes);
    values![workspace.as_str(), run.as_bytes(), number, child].to_vec()
}

fn push_state<'a>(row: &mut Vec<Value<'a>>, state: &'a CallState) {
    let (result, error) = match &state.outcome {
        None => (None, None),
        Some(Outcome::Ok(result)) => (Some(result.get()), None),
        Some(Outcome::Err(error)) => {
            (None, Some(serde_json::to_string(error).expect("an error is plain data")))
        }
    };
    let usage = state.usage.map(|usage| serde_json::to_string(&usage).expect("a usage is plain data"));
    row.extend_from_slice(values![
        state.status.as_str(),
        state.attempts,
        state.failures,
        state.due_at,
        state.awaits.as_ref(),
        result,
        error,
        usage,
        state.delivered.map(|delivered| delivered.number),
        state.delivered.map(|delivered| delivered.clock),
        state.ended_at,
        state.end_seq,
    ]);
}

/// A `select` of whole calls, up to its conditions.
macro_rules! select_calls {
    ($rest:literal) => {
        select_calls!("", $rest)
    };
    ($index:literal, $rest:literal) => {
        concat!(
            "
        select number, service_name, method_name, args, made_in, seq, created_at, status, attempts, failures,
          due_at, awaits, child_run_id, result, error, usage, delivery, delivery_clock, ended_at, end_seq
        from stack_runs",
            $index,
            "
        where workspace = ?1 and run_id = ?2",
            $rest
        )
    };
}

fn select(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Vec<Call>, DbError> {
    db.rows(sql, values, |cells| read(workspace, run, cells))
}

fn read(workspace: &WorkspaceId, run: RunId, cells: &mut Cells<'_>) -> Result<Call, DbError> {
    let number = cells.take()?;
    let birth = CallBirth {
        service: cells.take()?,
        method: cells.take()?,
        args: cells.json()?,
        made_in: cells.take()?,
        seq: cells.take()?,
        created_at: cells.take()?,
    };
    let state = CallState {
        status: cells.word()?,
        attempts: cells.take()?,
        failures: cells.take()?,
        due_at: cells.take()?,
        awaits: cells.take()?,
        child: cells.run_id_if_any()?,
        outcome: read_outcome(cells)?,
        usage: cells.parsed_if_any()?,
        delivered: read_delivered(cells)?,
        ended_at: cells.take()?,
        end_seq: cells.take()?,
    };
    Ok(Call { workspace: workspace.clone(), run, number, birth, state })
}

fn read_outcome(cells: &mut Cells<'_>) -> Result<Option<Outcome>, DbError> {
    let result = cells.json_if_any()?;
    let error = cells.parsed_if_any()?;
    Ok(error.map(Outcome::Err).or(result.map(Outcome::Ok)))
}

fn read_delivered(cells: &mut Cells<'_>) -> Result<Option<Delivered>, DbError> {
    let number: Option<DeliveryNumber> = cells.take()?;
    let clock: Option<Millis> = cells.take()?;
    Ok(number.zip(clock).map(|(number, clock)| Delivered { number, clock }))
}

/// One call.
pub(crate) fn get(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    number: CallNumber,
) -> Result<Option<Call>, DbError> {
    let sql = select_calls!(" and number = ?3");
    Ok(select(db, workspace, run, sql, values![workspace.as_str(), run.as_bytes(), number])?.pop())
}

/// The calls of a run after number `after`, in order.
pub(crate) fn list(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    after: CallNumber,
    limit: u32,
) -> Result<Vec<Call>, DbError> {
    let sql = select_calls!(
        " and number > ?3
        order by number
        limit ?4"
    );
    select(db, workspace, run, sql, values![workspace.as_str(), run.as_bytes(), after, limit])
}

/// The delivered calls of a run after delivery `after`, in the order of their deliveries. Walks
/// `stack_runs_delivered`.
pub(crate) fn list_delivered(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    after: DeliveryNumber,
    limit: u32,
) -> Result<Vec<Call>, DbError> {
    let sql = select_calls!(
        " and delivery > ?3
        order by delivery
        limit ?4"
    );
    select(db, workspace, run, sql, values![workspace.as_str(), run.as_bytes(), after, limit])
}

/// The calls of a run that have not ended, in order. Walks `stack_runs_open`.
pub(crate) fn list_open(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
) -> Result<Vec<Call>, DbError> {
    let hinted = select_calls!(
        "
        indexed by stack_runs_open",
        " and status in ('pending', 'processing', 'suspended_waiting_child', 'pending_resume')
        order by number"
    );
    let plain = select_calls!(
        " and status in ('pending', 'processing', 'suspended_waiting_child', 'pending_resume')
        order by number"
    );
    select_hinted(db, workspace, run, hinted, plain)
}

/// The calls of a run whose outcome waits to be handed in, in order: ended, and their end not yet in
/// the run's event stream. Walks `stack_runs_undelivered`.
pub(crate) fn list_undelivered(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
) -> Result<Vec<Call>, DbError> {
    let hinted = select_calls!(
        "
        indexed by stack_runs_undelivered",
        " and delivery is null and end_seq is null and status in ('completed', 'failed', 'pending_resume')
        order by number"
    );
    let plain = select_calls!(
        " and delivery is null and end_seq is null and status in ('completed', 'failed', 'pending_resume')
        order by number"
    );
    select_hinted(db, workspace, run, hinted, plain)
}

/// Differs because SQLite, which keeps no statistics here, would take the primary key and with it
/// every call of the run; PostgreSQL finds the index by itself and knows no hints.
fn select_hinted(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    hinted: &str,
    plain: &str,
) -> Result<Vec<Call>, DbError> {
    let sql = if db.dialect() == Dialect::Sqlite { hinted } else { plain };
    select(db, workspace, run, sql, values![workspace.as_str(), run.as_bytes()])
}

/// The calls of a run that ended after `after` in its event stream, in the order of their ends.
/// Walks `stack_runs_ended`.
pub(crate) fn list_ended(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    after: u32,
    limit: u32,
) -> Result<Vec<Call>, DbError> {
    let sql = select_calls!(
        " and end_seq > ?3
        order by end_seq
        limit ?4"
    );
    select(db, workspace, run, sql, values![workspace.as_str(), run.as_bytes(), after, limit])
}

/// The first number in use at `from` or after it, and its place in the event stream.
pub(crate) fn first_from(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    from: CallNumber,
) -> Result<Option<(CallNumber, u32)>, DbError> {
    let sql = "
        select number, seq
        from stack_runs
        where workspace = ?1 and run_id = ?2 and number >= ?3
        order by number
        limit 1";
    let values = values![workspace.as_str(), run.as_bytes(), from];
    db.row(sql, values, |cells| Ok((cells.take()?, cells.take()?)))
}
