//! `sent_events`: events sent to runs, kept until a call receives them.

use fermata_model::record::SentEvent;
use fermata_model::{CallNumber, RunId, WorkspaceId};
use rusqlite::{Connection, params};

use crate::cells::Cells;

/// Writes an event.
pub(crate) fn insert(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    event: &SentEvent,
) -> rusqlite::Result<usize> {
    let sql = "
        insert into sent_events (workspace, run_id, number, name, payload, sent_at, taken_by)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        workspace.as_str(),
        run.as_bytes(),
        event.number,
        event.name,
        event.payload.get(),
        event.sent_at,
        event.taken_by,
    ])
}

/// Notes the call that received an event nobody received before. Gives the number of rows changed.
pub(crate) fn take(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    number: u32,
    taken_by: CallNumber,
) -> rusqlite::Result<usize> {
    let sql = "
        update sent_events
        set taken_by = ?4
        where workspace = ?1 and run_id = ?2 and number = ?3 and taken_by is null";
    connection.prepare_cached(sql)?.execute(params![workspace.as_str(), run.as_bytes(), number, taken_by])
}

/// The events of a run that no call has received, in the order they were sent. A run keeps a
/// bounded number of them.
pub(crate) fn list_untaken(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
) -> rusqlite::Result<Vec<SentEvent>> {
    let sql = "
        select number, name, payload, sent_at, taken_by
        from sent_events
        where workspace = ?1 and run_id = ?2 and taken_by is null
        order by number";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![workspace.as_str(), run.as_bytes()], |row| {
        let mut cells = Cells::new(row);
        Ok(SentEvent {
            number: cells.take()?,
            name: cells.take()?,
            payload: cells.json()?,
            sent_at: cells.take()?,
            taken_by: cells.take()?,
        })
    })?;
    rows.collect()
}

/// The number of the last event sent to a run, 0 when there was none.
pub(crate) fn last_number(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
) -> rusqlite::Result<u32> {
    let sql = "
        select coalesce(max(number), 0)
        from sent_events
        where workspace = ?1 and run_id = ?2";
    connection.prepare_cached(sql)?.query_row(params![workspace.as_str(), run.as_bytes()], |row| row.get(0))
}
