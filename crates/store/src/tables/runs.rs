//! `task_runs`: the run ledger.

pub(crate) mod list;
pub(crate) mod wake;

use fermata_model::record::{ParentCall, Run, RunBirth, RunState};
use fermata_model::{RunId, WorkspaceId};
use rusqlite::{Connection, Row, params};

use crate::cells::{Cells, damaged};

/// Writes a new run.
pub(crate) fn insert(connection: &Connection, birth: &RunBirth, state: &RunState) -> rusqlite::Result<usize> {
    let sql = "
        insert into task_runs (
          workspace, id, task_name, task_function_id, task_version, input, seed, parent_run_id, parent_call,
          root_run_id, depth, priority, start_at, created_at, deadline_at, status, deliveries, seq, cpu_us,
          started_at, ended_at, cancelled_at, result, error
        )
        values (
          ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
          ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24
        )";
    connection.prepare_cached(sql)?.execute(params![
        birth.workspace.as_str(),
        birth.id.as_bytes(),
        birth.task_name,
        birth.task_version_id.as_bytes(),
        birth.task_version,
        birth.input.get(),
        birth.seed,
        birth.parent.as_ref().map(|parent| parent.run.as_bytes()),
        birth.parent.map(|parent| parent.number),
        birth.root.as_bytes(),
        birth.depth,
        birth.priority,
        birth.start_at,
        birth.created_at,
        birth.deadline_at,
        state.status.as_str(),
        state.deliveries,
        state.seq,
        cpu_us(state),
        state.started_at,
        state.ended_at,
        state.cancelled_at,
        state.result.as_ref().map(|json| json.get()),
        error_json(state)?,
    ])
}

/// Writes the state of a run. Gives the number of rows changed.
pub(crate) fn update(
    connection: &Connection,
    workspace: &WorkspaceId,
    id: RunId,
    state: &RunState,
) -> rusqlite::Result<usize> {
    let sql = "
        update task_runs
        set status = ?3, deliveries = ?4, seq = ?5, cpu_us = ?6, started_at = ?7, ended_at = ?8,
          cancelled_at = ?9, result = ?10, error = ?11
        where workspace = ?1 and id = ?2";
    connection.prepare_cached(sql)?.execute(params![
        workspace.as_str(),
        id.as_bytes(),
        state.status.as_str(),
        state.deliveries,
        state.seq,
        cpu_us(state),
        state.started_at,
        state.ended_at,
        state.cancelled_at,
        state.result.as_ref().map(|json| json.get()),
        error_json(state)?,
    ])
}

fn cpu_us(state: &RunState) -> i64 {
    i64::try_from(state.cpu_us).unwrap_or(i64::MAX)
}

fn error_json(state: &RunState) -> rusqlite::Result<Option<String>> {
    let json = state.error.as_ref().map(serde_json::to_string).transpose();
    json.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// One run, whole.
pub(crate) fn get(
    connection: &Connection,
    workspace: &WorkspaceId,
    id: RunId,
) -> rusqlite::Result<Option<Run>> {
    let sql = "
        select task_name, task_function_id, task_version, input, seed, parent_run_id, parent_call, root_run_id,
          depth, priority, start_at, created_at, deadline_at, status, deliveries, seq, cpu_us, started_at,
          ended_at, cancelled_at, result, error
        from task_runs
        where workspace = ?1 and id = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![workspace.as_str(), id.as_bytes()])?;
    rows.next()?.map(|row| read_run(workspace, id, row)).transpose()
}

fn read_run(workspace: &WorkspaceId, id: RunId, row: &Row<'_>) -> rusqlite::Result<Run> {
    let mut cells = Cells::new(row);
    let birth = RunBirth {
        workspace: workspace.clone(),
        id,
        task_name: cells.take()?,
        task_version_id: cells.version_id()?,
        task_version: cells.take()?,
        input: cells.json()?,
        seed: cells.take()?,
        parent: read_parent(&mut cells)?,
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
        cpu_us: read_cpu_us(&mut cells)?,
        started_at: cells.take()?,
        ended_at: cells.take()?,
        cancelled_at: cells.take()?,
        result: cells.json_if_any()?,
        error: cells.parsed_if_any()?,
    };
    Ok(Run { birth, state })
}

fn read_parent(cells: &mut Cells<'_>) -> rusqlite::Result<Option<ParentCall>> {
    let run = cells.run_id_if_any()?;
    let number: Option<u32> = cells.take()?;
    Ok(run.zip(number).map(|(run, number)| ParentCall { run, number }))
}

fn read_cpu_us(cells: &mut Cells<'_>) -> rusqlite::Result<u64> {
    u64::try_from(cells.take::<i64>()?).map_err(|error| damaged(0, error))
}
