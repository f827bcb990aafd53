//! What calls are to be executed or handed in, and when. These queries serve the node, not a
//! customer, and read across workspaces.
//!
//! The state of a call's run is asked for by a subquery: joined, SQLite walks through the runs.

use fermata_model::{CallNumber, Millis, RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::tables::runs::wake::id_after;
use crate::value::values;

/// What names a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallKey {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// The run that made the call.
    pub run: RunId,
    /// The call's number in the run.
    pub number: CallNumber,
}

/// The suspended runs of all workspaces with an outcome to hand in, by id. Walks
/// `stack_runs_undelivered`.
pub(crate) fn list_runs_to_wake(
    db: &mut dyn Read,
    node: i64,
    after: Option<RunId>,
    limit: u32,
) -> Result<Vec<(WorkspaceId, RunId)>, DbError> {
    let sql = "
        select distinct c.workspace, c.run_id
        from stack_runs as c
        where c.delivery is null and c.end_seq is null and c.status in ('completed', 'failed', 'pending_resume')
          and c.run_id > ?1
          and 'suspended' = (
            select r.status
            from task_runs as r
            where r.workspace = c.workspace and r.id = c.run_id and coalesce(r.owner_node, ?2) = ?2
          )
        order by c.run_id, c.workspace
        limit ?3";
    let values = values![id_after(after.as_ref()), node, limit];
    db.rows(sql, values, |cells| Ok((cells.workspace()?, cells.run_id()?)))
}

/// The calls of suspended runs of all workspaces that were being executed or about to be, by run
/// and number. Walks `stack_runs_to_redo`.
pub(crate) fn list_to_redo(
    db: &mut dyn Read,
    node: i64,
    after: Option<&CallKey>,
    limit: u32,
) -> Result<Vec<CallKey>, DbError> {
    let sql = "
        select c.workspace, c.run_id, c.number
        from stack_runs as c
        where c.status in ('pending', 'processing') and c.due_at is null and c.awaits is null
          and (c.run_id, c.workspace, c.number) > (?1, ?2, ?3)
          and 'suspended' = (
            select r.status
            from task_runs as r
            where r.workspace = c.workspace and r.id = c.run_id and coalesce(r.owner_node, ?4) = ?4
          )
        order by c.run_id, c.workspace, c.number
        limit ?5";
    let workspace = after.map_or("", |key| key.workspace.as_str());
    let run = id_after(after.map(|key| &key.run));
    let number = after.map_or(0, |key| key.number);
    db.rows(sql, values![run, workspace, number, node, limit], |cells| {
        Ok(CallKey { workspace: cells.workspace()?, run: cells.run_id()?, number: cells.take()? })
    })
}

/// The pending calls of all workspaces that fall due at `until` or before it, earliest first.
/// Walks `stack_runs_due`.
pub(crate) fn list_due(
    db: &mut dyn Read,
    until: Millis,
    limit: u32,
) -> Result<Vec<(Millis, CallKey)>, DbError> {
    let sql = "
        select due_at, workspace, run_id, number
        from stack_runs
        where status = 'pending' and due_at <= ?1
        order by due_at, run_id
        limit ?2";
    db.rows(sql, values![until, limit], |cells| {
        let due_at = cells.take()?;
        Ok((due_at, CallKey { workspace: cells.workspace()?, run: cells.run_id()?, number: cells.take()? }))
    })
}

/// The earliest moment after `after` at which a pending call falls due. Walks `stack_runs_due`.
pub(crate) fn next_due(db: &mut dyn Read, after: Millis) -> Result<Option<Millis>, DbError> {
    let sql = "
        select min(due_at)
        from stack_runs
        where status = 'pending' and due_at > ?1";
    Ok(db.row(sql, values![after], |cells| cells.take())?.flatten())
}
