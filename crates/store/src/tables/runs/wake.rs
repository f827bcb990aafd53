//! What runs are to be taken up or ended, and when. These queries serve the node, not a customer,
//! and read across workspaces.

use fermata_model::{Millis, RunId, RunStatus, WorkspaceId};
use rusqlite::{Connection, params};

use crate::cells::Cells;

/// A run that has work to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Identity.
    pub id: RunId,
    /// `queued` or `processing`.
    pub status: RunStatus,
    /// Not to be begun before this moment.
    pub start_at: Option<Millis>,
    /// Higher is executed first.
    pub priority: i16,
}

/// A run and the moment something about it falls due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRun {
    /// The moment.
    pub at: Millis,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Identity.
    pub id: RunId,
}

/// How many runs of all workspaces are queued or processing, counted up to `most`. Walks
/// `task_runs_unfinished`.
pub(crate) fn count_unfinished(connection: &Connection, most: u32) -> rusqlite::Result<u32> {
    let sql = "
        select count(*)
        from (
          select id
          from task_runs
          where status in ('queued', 'processing')
          order by id
          limit ?1
        ) as counted";
    connection.prepare_cached(sql)?.query_row(params![most], |row| row.get(0))
}

/// The queued and processing runs of all workspaces, by id. Walks `task_runs_unfinished`.
pub(crate) fn list_unfinished(
    connection: &Connection,
    after: Option<RunId>,
    limit: u32,
) -> rusqlite::Result<Vec<UnfinishedRun>> {
    let sql = "
        select workspace, id, status, start_at, priority
        from task_runs
        where status in ('queued', 'processing') and id > ?1
        order by id
        limit ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![id_after(after.as_ref()), limit], |row| {
        let mut cells = Cells::new(row);
        Ok(UnfinishedRun {
            workspace: cells.workspace()?,
            id: cells.run_id()?,
            status: cells.word()?,
            start_at: cells.take()?,
            priority: cells.take()?,
        })
    })?;
    rows.collect()
}

/// The bytes that all ids after `id` come after; all ids come after none.
pub(crate) fn id_after(id: Option<&RunId>) -> &[u8] {
    id.map_or(&[], |id| id.as_bytes())
}

/// Queued runs of all workspaces whose start lies at `until` or before it, earliest first. Walks
/// `task_runs_due`.
pub(crate) fn list_due_starts(
    connection: &Connection,
    until: Millis,
    limit: u32,
) -> rusqlite::Result<Vec<DueRun>> {
    let sql = "
        select start_at, workspace, id
        from task_runs
        where status = 'queued' and start_at <= ?1
        order by start_at, id
        limit ?2";
    list_due(connection, sql, until, limit)
}

/// The runs of all workspaces that have not ended and whose deadline lies at `until` or before
/// it, earliest first. Walks `task_runs_deadline`.
pub(crate) fn list_deadlines(
    connection: &Connection,
    until: Millis,
    limit: u32,
) -> rusqlite::Result<Vec<DueRun>> {
    let sql = "
        select deadline_at, workspace, id
        from task_runs
        where status in ('queued', 'processing', 'suspended', 'paused') and deadline_at <= ?1
        order by deadline_at, id
        limit ?2";
    list_due(connection, sql, until, limit)
}

fn list_due(connection: &Connection, sql: &str, until: Millis, limit: u32) -> rusqlite::Result<Vec<DueRun>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![until, limit], |row| {
        let mut cells = Cells::new(row);
        Ok(DueRun { at: cells.take()?, workspace: cells.workspace()?, id: cells.run_id()? })
    })?;
    rows.collect()
}

/// The earliest start of a queued run that lies after `after`. Walks `task_runs_due`.
pub(crate) fn next_start(connection: &Connection, after: Millis) -> rusqlite::Result<Option<Millis>> {
    let sql = "
        select min(start_at)
        from task_runs
        where status = 'queued' and start_at > ?1";
    connection.prepare_cached(sql)?.query_row(params![after], |row| row.get(0))
}

/// The earliest deadline of a run that has not ended that lies after `after`. Walks
/// `task_runs_deadline`.
pub(crate) fn next_deadline(connection: &Connection, after: Millis) -> rusqlite::Result<Option<Millis>> {
    let sql = "
        select min(deadline_at)
        from task_runs
        where status in ('queued', 'processing', 'suspended', 'paused') and deadline_at > ?1";
    connection.prepare_cached(sql)?.query_row(params![after], |row| row.get(0))
}
