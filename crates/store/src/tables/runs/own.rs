//! Who owns a run. An embedded store has one node, which owns everything without saying so; these
//! statements are for PostgreSQL, where each changes rows in a transaction of its own.

use fermata_model::{RunId, WorkspaceId};

use super::wake::{UnfinishedRun, read_unfinished};
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::values;

/// The node that owns a run, if one does, and whether the run has ended.
pub(crate) fn owner(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    id: RunId,
) -> Result<Option<(Option<i64>, bool)>, DbError> {
    let sql = "
        select owner_node, status in ('completed', 'failed', 'cancelled')
        from task_runs
        where workspace = ?1 and id = ?2";
    db.row(sql, values![workspace.as_str(), id.as_bytes()], |cells| Ok((cells.take()?, cells.take()?)))
}

/// Makes a run that nobody owns and that has not ended this node's. Says whether it did.
pub(crate) fn claim(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    id: RunId,
    node: i64,
    epoch: i64,
) -> Result<bool, DbError> {
    let sql = "
        update task_runs
        set owner_node = ?3
        where workspace = ?1 and id = ?2 and owner_node is null
          and status not in ('completed', 'failed', 'cancelled')
          and exists (select 1 from nodes where id = ?3 and epoch = ?4 and state = 'up' for key share)
        returning 1";
    let claimed =
        db.row(sql, values![workspace.as_str(), id.as_bytes(), node, epoch], |cells| cells.take::<i64>())?;
    Ok(claimed.is_some())
}

/// Makes up to `limit` runs with ids after `after` that nobody owns and that may execute now this node's.
/// Walks `task_runs_unowned`; runs that another node is about to claim are passed over. They are chosen
/// once, before any is changed: chosen inside a join, they could be chosen again for each row.
pub(crate) fn claim_some(
    db: &mut dyn Read,
    node: i64,
    epoch: i64,
    now: i64,
    after: Option<RunId>,
    limit: u32,
) -> Result<Vec<UnfinishedRun>, DbError> {
    let sql = "
        with c as materialized (
          select workspace, id
          from task_runs
          where owner_node is null and status in ('queued', 'processing') and (start_at is null or start_at <= ?3)
            and id > ?5
            and exists (select 1 from nodes where nodes.id = ?1 and epoch = ?2 and state = 'up' for key share)
          order by priority desc, id
          limit ?4
          for update of task_runs skip locked
        )
        update task_runs as t
        set owner_node = ?1
        from c
        where t.workspace = c.workspace and t.id = c.id
        returning t.workspace, t.id, t.status, t.start_at, t.priority";
    let after = super::wake::id_after(after.as_ref()).to_vec();
    db.rows(sql, values![node, epoch, now, limit, after], read_unfinished)
}

/// The runs of all workspaces that a node owns after id `after`, by id. Walks `task_runs_owned`.
pub(crate) fn list_owned(
    db: &mut dyn Read,
    node: i64,
    after: Option<RunId>,
    limit: u32,
) -> Result<Vec<UnfinishedRun>, DbError> {
    let sql = "
        select workspace, id, status, start_at, priority
        from task_runs
        where owner_node = ?1 and status in ('queued', 'processing') and id > ?2
        order by id
        limit ?3";
    let after = super::wake::id_after(after.as_ref()).to_vec();
    db.rows(sql, values![node, after, limit], read_unfinished)
}

/// How many runs a node owns, counted up to `most`. Walks `task_runs_owned`.
pub(crate) fn count_owned(db: &mut dyn Read, node: i64, most: u32) -> Result<u32, DbError> {
    let sql = "
        select count(*)
        from (
          select id
          from task_runs
          where owner_node = ?1
          limit ?2
        ) as counted";
    Ok(db.row(sql, values![node, most], |cells| cells.take())?.unwrap_or(0))
}

/// Gives up to `limit` runs of a node that is down to whoever takes them. Says how many. A node that
/// has begun again since, under its old number, keeps them.
pub(crate) fn release_some(db: &mut dyn Read, node: i64, limit: u32) -> Result<usize, DbError> {
    let sql = "
        with c as materialized (
          select workspace, id
          from task_runs
          where owner_node = ?1
            and exists (select 1 from nodes where nodes.id = ?1 and state = 'down' for key share)
          order by id
          limit ?2
          for update of task_runs skip locked
        )
        update task_runs as t
        set owner_node = null
        from c
        where t.workspace = c.workspace and t.id = c.id
        returning 1";
    Ok(db.rows(sql, values![node, limit], |cells| cells.take::<i64>())?.len())
}
