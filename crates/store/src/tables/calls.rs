//! `stack_runs`: the calls of runs.

pub(crate) mod wake;

use fermata_model::record::{Call, CallBirth, CallState, Delivered, Outcome};
use fermata_model::{CallNumber, DeliveryNumber, Millis, RunId, WorkspaceId};
use rusqlite::{Connection, Params, Row, params};

use crate::cells::Cells;

/// Writes a new call with `state`, which may be newer than the call's own.
pub(crate) fn insert(connection: &Connection, call: &Call, state: &CallState) -> rusqlite::Result<usize> {
    let sql = "
        insert into stack_runs (
          workspace, run_id, number, service_name, method_name, args, made_in, seq, created_at, status, attempts,
          due_at, awaits, child_run_id, result, error, delivery, delivery_clock, ended_at, end_seq
        )
        values (
          ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20
        )";
    let birth = &call.birth;
    let (result, error) = outcome_json(state)?;
    connection.prepare_cached(sql)?.execute(params![
        call.workspace.as_str(),
        call.run.as_bytes(),
        call.number,
        birth.service,
        birth.method,
        birth.args.get(),
        birth.made_in,
        birth.seq,
        birth.created_at,
        state.status.as_str(),
        state.attempts,
        state.due_at,
        state.awaits,
        state.child.as_ref().map(RunId::as_bytes),
        result,
        error,
        state.delivered.map(|delivered| delivered.number),
        state.delivered.map(|delivered| delivered.clock),
        state.ended_at,
        state.end_seq,
    ])
}

/// Writes the state of a call. Gives the number of rows changed.
pub(crate) fn update(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    number: CallNumber,
    state: &CallState,
) -> rusqlite::Result<usize> {
    let sql = "
        update stack_runs
        set status = ?4, attempts = ?5, due_at = ?6, awaits = ?7, child_run_id = ?8, result = ?9, error = ?10,
          delivery = ?11, delivery_clock = ?12, ended_at = ?13, end_seq = ?14
        where workspace = ?1 and run_id = ?2 and number = ?3";
    let (result, error) = outcome_json(state)?;
    connection.prepare_cached(sql)?.execute(params![
        workspace.as_str(),
        run.as_bytes(),
        number,
        state.status.as_str(),
        state.attempts,
        state.due_at,
        state.awaits,
        state.child.as_ref().map(RunId::as_bytes),
        result,
        error,
        state.delivered.map(|delivered| delivered.number),
        state.delivered.map(|delivered| delivered.clock),
        state.ended_at,
        state.end_seq,
    ])
}

fn outcome_json(state: &CallState) -> rusqlite::Result<(Option<&str>, Option<String>)> {
    match &state.outcome {
        None => Ok((None, None)),
        Some(Outcome::Ok(result)) => Ok((Some(result.get()), None)),
        Some(Outcome::Err(error)) => match serde_json::to_string(error) {
            Ok(error) => Ok((None, Some(error))),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
        },
    }
}

/// A `select` of whole calls, up to its conditions.
macro_rules! select_calls {
    ($rest:literal) => {
        select_calls!("", $rest)
    };
    ($index:literal, $rest:literal) => {
        concat!(
            "
        select number, service_name, method_name, args, made_in, seq, created_at, status, attempts, due_at,
          awaits, child_run_id, result, error, delivery, delivery_clock, ended_at, end_seq
        from stack_runs",
            $index,
            "
        where workspace = ?1 and run_id = ?2",
            $rest
        )
    };
}

fn select(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    sql: &str,
    values: impl Params,
) -> rusqlite::Result<Vec<Call>> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(values, |row| read(workspace, run, row))?.collect()
}

fn read(workspace: &WorkspaceId, run: RunId, row: &Row<'_>) -> rusqlite::Result<Call> {
    let mut cells = Cells::new(row);
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
        due_at: cells.take()?,
        awaits: cells.take()?,
        child: cells.run_id_if_any()?,
        outcome: read_outcome(&mut cells)?,
        delivered: read_delivered(&mut cells)?,
        ended_at: cells.take()?,
        end_seq: cells.take()?,
    };
    Ok(Call { workspace: workspace.clone(), run, number, birth, state })
}

fn read_outcome(cells: &mut Cells<'_>) -> rusqlite::Result<Option<Outcome>> {
    let result = cells.json_if_any()?;
    let error = cells.parsed_if_any()?;
    Ok(error.map(Outcome::Err).or(result.map(Outcome::Ok)))
}

fn read_delivered(cells: &mut Cells<'_>) -> rusqlite::Result<Option<Delivered>> {
    let number: Option<DeliveryNumber> = cells.take()?;
    let clock: Option<Millis> = cells.take()?;
    Ok(number.zip(clock).map(|(number, clock)| Delivered { number, clock }))
}

/// One call.
pub(crate) fn get(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    number: CallNumber,
) -> rusqlite::Result<Option<Call>> {
    let sql = select_calls!(" and number = ?3");
    Ok(select(connection, workspace, run, sql, params![workspace.as_str(), run.as_bytes(), number])?.pop())
}

/// The calls of a run after number `after`, in order.
pub(crate) fn list(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    after: CallNumber,
    limit: u32,
) -> rusqlite::Result<Vec<Call>> {
    let sql = select_calls!(
        " and number > ?3
        order by number
        limit ?4"
    );
    select(connection, workspace, run, sql, params![workspace.as_str(), run.as_bytes(), after, limit])
}

/// The delivered calls of a run after delivery `after`, in the order of their deliveries. Walks
/// `stack_runs_delivered`.
pub(crate) fn list_delivered(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    after: DeliveryNumber,
    limit: u32,
) -> rusqlite::Result<Vec<Call>> {
    let sql = select_calls!(
        " and delivery > ?3
        order by delivery
        limit ?4"
    );
    select(connection, workspace, run, sql, params![workspace.as_str(), run.as_bytes(), after, limit])
}

/// The calls of a run that have not ended, in order. Walks `stack_runs_open`.
pub(crate) fn list_open(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
) -> rusqlite::Result<Vec<Call>> {
    // Differs because SQLite, which keeps no statistics here, takes the primary key and with it
    // every call of the run; PostgreSQL finds the index by itself.
    let sql = select_calls!(
        "
        indexed by stack_runs_open",
        " and status in ('pending', 'processing', 'suspended_waiting_child', 'pending_resume')
        order by number"
    );
    select(connection, workspace, run, sql, params![workspace.as_str(), run.as_bytes()])
}

/// The calls of a run whose outcome waits to be handed in, in order: ended, and their end not yet in
/// the run's event stream. Walks `stack_runs_undelivered`.
pub(crate) fn list_undelivered(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
) -> rusqlite::Result<Vec<Call>> {
    // Differs because SQLite, which keeps no statistics here, takes the primary key and with it
    // every call of the run; PostgreSQL finds the index by itself.
    let sql = select_calls!(
        "
        indexed by stack_runs_undelivered",
        " and delivery is null and end_seq is null and status in ('completed', 'failed', 'pending_resume')
        order by number"
    );
    select(connection, workspace, run, sql, params![workspace.as_str(), run.as_bytes()])
}

/// The calls of a run that ended after `after` in its event stream, in the order of their ends.
/// Walks `stack_runs_ended`.
pub(crate) fn list_ended(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    after: u32,
    limit: u32,
) -> rusqlite::Result<Vec<Call>> {
    let sql = select_calls!(
        " and end_seq > ?3
        order by end_seq
        limit ?4"
    );
    select(connection, workspace, run, sql, params![workspace.as_str(), run.as_bytes(), after, limit])
}

/// The first number in use at `from` or after it, and its place in the event stream.
pub(crate) fn first_from(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    from: CallNumber,
) -> rusqlite::Result<Option<(CallNumber, u32)>> {
    let sql = "
        select number, seq
        from stack_runs
        where workspace = ?1 and run_id = ?2 and number >= ?3
        order by number
        limit 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![workspace.as_str(), run.as_bytes(), from])?;
    rows.next()?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}
