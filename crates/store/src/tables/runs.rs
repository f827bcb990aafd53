//! `task_runs`: the run ledger.

pub(crate) mod ended;
pub(crate) mod list;
pub(crate) mod own;
pub(crate) mod wake;

use std::sync::LazyLock;

use fermata_model::record::{ParentCall, Run, RunBirth, RunState};
use fermata_model::usage::Used;
use fermata_model::{RunId, WorkspaceId};

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::{Column, Guard, Write};

const KEY: [Column; 2] = [("workspace", Text), ("id", Blob)];
const BIRTH: [Column; 13] = [
    ("task_name", Text),
    ("task_function_id", Blob),
    ("task_version", Int),
    ("input", Text),
    ("seed", Blob),
    ("parent_run_id", Blob),
    ("parent_call", Int),
    ("root_run_id", Blob),
    ("depth", Int),
    ("priority", Int),
    ("start_at", Int),
    ("created_at", Int),
    ("deadline_at", Int),
];
const STATE: [Column; 14] = [
    ("status", Text),
    ("deliveries", Int),
    ("seq", Int),
    ("cpu_us", Int),
    ("used_calls", Int),
    ("used_bytes", Int),
    ("used_tokens", Int),
    ("used_cost_micros", Int),
    ("started_at", Int),
    ("ended_at", Int),
    ("cancelled_at", Int),
    ("result", Text),
    ("error", Text),
    ("owner_node", Int),
];

/// A run is only changed by the node that owns it. Differs because an embedded store has one node.
const IF_OWNED: Guard = Guard {
    sqlite: "",
    postgres: "coalesce(t.owner_node, 0) = current_setting('fermata.node')::bigint",
    brought: &[],
};

/// A new run.
pub(crate) static INSERT: LazyLock<Write> =
    LazyLock::new(|| Write::insert("run", "task_runs", &[&KEY[..], &BIRTH, &STATE].concat()));

/// The state of a run.
pub(crate) static UPDATE: LazyLock<Write> =
    LazyLock::new(|| Write::update("run", "task_runs", 2, &[&KEY[..], &STATE].concat(), IF_OWNED));

/// A run belongs to no node from here on.
pub(crate) static RELEASE: LazyLock<Write> = LazyLock::new(|| {
    Write::update("run", "task_runs", 2, &[&KEY[..], &[("owner_node", Int)]].concat(), IF_OWNED).or_nothing()
});

/// Removes a run.
pub(crate) static DELETE: LazyLock<Write> = LazyLock::new(|| Write::delete("run", "task_runs", &KEY));

/// The row of a new run with `state`, which may be newer than its own.
pub(crate) fn insert_row<'a>(birth: &'a RunBirth, state: &'a RunState, owner: Option<i64>) -> Vec<Value<'a>> {
    let mut row = key_row(&birth.workspace, &birth.id);
    row.extend_from_slice(values![
        &birth.task_name,
        birth.task_version_id.as_bytes(),
        birth.task_version,
        birth.input.get(),
        &birth.seed,
        birth.parent.as_ref().map(|parent| parent.run.as_bytes()),
        birth.parent.map(|parent| parent.number),
        birth.root.as_bytes(),
        birth.depth,
        birth.priority,
        birth.start_at,
        birth.created_at,
        birth.deadline_at,
    ]);
    push_state(&mut row, state, owner);
    row
}

/// The row that changes a run's state.
pub(crate) fn update_row<'a>(
    workspace: &'a WorkspaceId,
    id: &'a RunId,
    state: &'a RunState,
    owner: Option<i64>,
) -> Vec<Value<'a>> {
    let mut row = key_row(workspace, id);
    push_state(&mut row, state, owner);
    row
}

/// The row that gives a run's ownership up.
pub(crate) fn release_row<'a>(workspace: &'a WorkspaceId, id: &'a RunId) -> Vec<Value<'a>> {
    let mut row = key_row(workspace, id);
    row.push(Value::Null);
    row
}

fn key_row<'a>(workspace: &'a WorkspaceId, id: &'a RunId) -> Vec<Value<'a>> {
    values![workspace.as_str(), id.as_bytes()].to_vec()
}

fn push_state<'a>(row: &mut Vec<Value<'a>>, state: &'a RunState, owner: Option<i64>) {
    // Nothing is left to do for a run that has ended, so nobody needs to own it.
    let owner = owner.filter(|_| !state.status.is_ended());
    row.extend_from_slice(values![
        state.status.as_str(),
        state.deliveries,
        state.seq,
        count(state.cpu_us),
        count(state.used.calls),
        count(state.used.bytes),
        count(state.used.tokens),
        count(state.used.cost_micros),
        state.started_at,
        state.ended_at,
        state.cancelled_at,
        state.result.as_ref().map(|json| json.get()),
        state.error.as_ref().map(|error| serde_json::to_string(error).expect("an error is plain data")),
        owner,
    ]);
}

/// A count as the databases hold it.
fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// One run, whole.
pub(crate) fn get(db: &mut dyn Read, workspace: &WorkspaceId, id: RunId) -> Result<Option<Run>, DbError> {
    let sql = "
        select task_name, task_function_id, task_version, input, seed, parent_run_id, parent_call, root_run_id,
          depth, priority, start_at, created_at, deadline_at, status, deliveries, seq, cpu_us, used_calls,
          used_bytes, used_tokens, used_cost_micros, started_at, ended_at, cancelled_at, result, error
        from task_runs
        where workspace = ?1 and id = ?2";
    db.row(sql, values![workspace.as_str(), id.as_bytes()], |cells| read_run(workspace, id, cells))
}

fn read_run(workspace: &WorkspaceId, id: RunId, cells: &mut Cells<'_>) -> Result<Run, DbError> {
    let birth = RunBirth {
        workspace: workspace.clone(),
        id,
        task_name: cells.take()?,
        task_version_id: cells.version_id()?,
        task_version: cells.take()?,
        input: cells.json()?,
        seed: cells.take()?,
        parent: read_parent(cells)?,
        root: cells.run_id()?,
        depth: cells.take()?,
        priority: cells.take()?,
        start_at: cells.take()?,
        created_at: cells.take()?,
        deadline_at: cells.take()?,
    };
    let state = RunState {
        status: cells.word()?,
        deliveries: cells.take()?,
        seq: cells.take()?,
        cpu_us: cells.take()?,
        used: read_used(cells)?,
        started_at: cells.take()?,
        ended_at: cells.take()?,
        cancelled_at: cells.take()?,
        result: cells.json_if_any()?,
        error: cells.parsed_if_any()?,
    };
    Ok(Run { birth, state })
}

fn read_used(cells: &mut Cells<'_>) -> Result<Used, DbError> {
    Ok(Used { calls: cells.take()?, bytes: cells.take()?, tokens: cells.take()?, cost_micros: cells.take()? })
}

fn read_parent(cells: &mut Cells<'_>) -> Result<Option<ParentCall>, DbError> {
    let run = cells.run_id_if_any()?;
    let number: Option<u32> = cells.take()?;
    Ok(run.zip(number).map(|(run, number)| ParentCall { run, number }))
}
