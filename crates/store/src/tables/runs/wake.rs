//! What runs are to be taken up or ended, and when. These queries serve the node, not a customer,
//! and read across workspaces.

use fermata_model::{Millis, RunId, RunStatus, WorkspaceId};

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::values;

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
pub(crate) fn count_unfinished(db: &mut dyn Read, most: u32) -> Result<u32, DbError> {
    let sql = "
        select count(*)
        from (
          select id
          from task_runs
          where status in ('queued', 'processing')
          order by id
          limit ?1
        ) as counted";
    Ok(db.row(sql, values![most], |cells| cells.take())?.unwrap_or(0))
}

/// The queued and processing runs of all workspaces, by id. Walks `task_runs_unfinished`.
pub(crate) fn list_unfinished(
    db: &mut dyn Read,
    after: Option<RunId>,
    limit: u32,
) -> Result<Vec<UnfinishedRun>, DbError> {
    let sql = "
        select workspace, id, status, start_at, priority
        from task_runs
        where status in ('queued', 'processing') and id > ?1
        order by id
        limit ?2";
    db.rows(sql, values![id_after(after.as_ref()), limit], read_unfinished)
}

/// Reads a run that has work to do.
pub(super) fn read_unfinished(cells: &mut Cells<'_>) -> Result<UnfinishedRun, DbError> {
    Ok(UnfinishedRun {
        workspace: cells.workspace()?,
        id: cells.run_id()?,
        status: cells.word()?,
        start_at: cells.take()?,
        priority: cells.take()?,
    })
}

/// The bytes that all ids after `id` come after; all ids come after none.
pub(crate) fn id_after(id: Option<&RunId>) -> &[u8] {
    id.map_or(&[], |id| id.as_bytes())
}

/// Queued runs of all workspaces whose start lies at `until` or before it, earliest first. Walks
/// `task_runs_due`.
pub(crate) fn list_due_starts(db: &mut dyn Read, until: Millis, limit: u32) -> Result<Vec<DueRun>, DbError> {
    let sql = "
        select start_at, workspace, id
        from task_runs
        where status = 'queued' and start_at <= ?1
        order by start_at, id
        limit ?2";
    list_due(db, sql, until, limit)
}

/// The runs of all workspaces that have not ended and whose deadline lies at `until` or before
/// it, earliest first. Walks `task_runs_deadline`.
pub(crate) fn list_deadlines(db: &mut dyn Read, until: Millis, limit: u32) -> Result<Vec<DueRun>, DbError> {
    let sql = "
        select deadline_at, workspace, id
        from task_runs
        where status in ('queued', 'processing', 'suspended', 'paused') and deadline_at <= ?1
        order by deadline_at, id
        limit ?2";
    list_due(db, sql, until, limit)
}

fn list_due(db: &mut dyn Read, sql: &str, until: Millis, limit: u32) -> Result<Vec<DueRun>, DbError> {
    db.rows(sql, values![until, limit], |cells| {
        Ok(DueRun { at: cells.take()?, workspace: cells.workspace()?, id: cells.run_id()? })
    })
}

/// The earliest start of a queued run that lies after `after`. Walks `task_runs_due`.
pub(crate) fn next_start(db: &mut dyn Read, after: Millis) -> Result<Option<Millis>, DbError> {
    let sql = "
        select min(start_at)
        from task_runs
        where status = 'queued' and start_at > ?1";
    Ok(db.row(sql, values![after], |cells| cells.take())?.flatten())
}

/// The earliest deadline of a run that has not ended that lies after `after`. Walks
/// `task_runs_deadline`.
pub(crate) fn next_deadline(db: &mut dyn Read, after: Millis) -> Result<Option<Millis>, DbError> {
    let sql = "
        select min(deadline_at)
        from task_runs
        where status in ('queued', 'processing', 'suspended', 'paused') and deadline_at > ?1";
    Ok(db.row(sql, values![after], |cells| cells.take())?.flatten())
}
