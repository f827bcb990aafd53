//! Runs that ended, oldest end first, for removing them. These queries serve the node, not a customer,
//! and read across workspaces.

use fermata_model::{Millis, RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::values;

/// A run that ended.
#[derive(Debug, Clone)]
pub(crate) struct EndedRun {
    pub(crate) workspace: WorkspaceId,
    pub(crate) id: RunId,
    pub(crate) ended_at: Millis,
    /// Entries of its event stream.
    pub(crate) entries: u64,
    /// Whether another run started it.
    pub(crate) is_child: bool,
    /// Whether the run at the top is there.
    pub(crate) has_root: bool,
}

/// The runs of all workspaces that ended before a moment, after the one that ended at a moment with an
/// id, in that order. Walks `task_runs_ended`.
pub(crate) fn list(
    db: &mut dyn Read,
    after: Option<(Millis, RunId)>,
    ended_before: Millis,
    limit: u32,
) -> Result<Vec<EndedRun>, DbError> {
    let sql = "
        select t.workspace, t.id, t.ended_at, t.seq, t.parent_run_id is not null, r.id is not null
        from task_runs as t
        left join task_runs as r on r.workspace = t.workspace and r.id = t.root_run_id
        where t.ended_at is not null and (t.ended_at, t.id) > (?1, ?2) and t.ended_at < ?3
        order by t.ended_at, t.id
        limit ?4";
    let (at, id) = after.map_or((Millis::MIN, Vec::new()), |(at, id)| (at, id.as_bytes().to_vec()));
    db.rows(sql, values![at, id, ended_before, limit], |cells| {
        Ok(EndedRun {
            workspace: cells.workspace()?,
            id: cells.run_id()?,
            ended_at: cells.take()?,
            entries: cells.take()?,
            is_child: cells.take()?,
            has_root: cells.take()?,
        })
    })
}

/// Whether a run below `root` has not ended. Walks `task_runs_root`.
pub(crate) fn is_going_on(db: &mut dyn Read, workspace: &WorkspaceId, root: RunId) -> Result<bool, DbError> {
    let sql = "
        select 1
        from task_runs
        where workspace = ?1 and root_run_id = ?2 and parent_run_id is not null and ended_at is null
        limit 1";
    Ok(db.row(sql, values![workspace.as_str(), root.as_bytes()], |cells| cells.take::<i64>())?.is_some())
}

/// Up to `limit` ended runs below `root`. Walks `task_runs_root`.
pub(crate) fn list_below(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    root: RunId,
    limit: u32,
) -> Result<Vec<EndedRun>, DbError> {
    let sql = "
        select id, ended_at, seq
        from task_runs
        where workspace = ?1 and root_run_id = ?2 and parent_run_id is not null and ended_at is not null
        order by id
        limit ?3";
    db.rows(sql, values![workspace.as_str(), root.as_bytes(), limit], |cells| {
        Ok(EndedRun {
            workspace: workspace.clone(),
            id: cells.run_id()?,
            ended_at: cells.take()?,
            entries: cells.take()?,
            is_child: true,
            has_root: true,
        })
    })
}
