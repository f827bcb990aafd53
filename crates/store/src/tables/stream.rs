//! A run's event stream: beginnings and ends of calls, and log lines, in one order.

use fermata_model::record::{Call, LogLine};
use fermata_model::{CallNumber, RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::tables::{calls, logs};
use crate::value::values;

/// One entry of a run's event stream.
#[derive(Debug, Clone)]
pub enum StreamEntry {
    /// The run made a call. The call is shown as it is at the time of reading.
    CallBegan(Box<Call>),
    /// A call ended.
    CallEnded(Box<Call>),
    /// The task wrote a line.
    Log(LogLine),
}

impl StreamEntry {
    /// The entry's number in the stream.
    pub fn seq(&self) -> u32 {
        match self {
            Self::CallBegan(call) => call.birth.seq,
            Self::CallEnded(call) => call.state.end_seq.unwrap_or(u32::MAX),
            Self::Log(line) => line.seq,
        }
    }
}

/// The entries of a run after `after`, in order.
///
/// Reads one snapshot: with three, an entry could be passed over that was written between them.
pub(crate) fn list(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    after: u32,
    limit: u32,
) -> Result<Vec<StreamEntry>, DbError> {
    let (began, ended, lines) = db.in_snapshot(|db| {
        let before_first = last_begun_until(db, workspace, run, after)?;
        let began = calls::list(db, workspace, run, before_first, limit)?;
        let ended = calls::list_ended(db, workspace, run, after, limit)?;
        Ok((began, ended, logs::list(db, workspace, run, after, limit)?))
    })?;
    let began = began.into_iter().map(|call| StreamEntry::CallBegan(Box::new(call)));
    let ended = ended.into_iter().map(|call| StreamEntry::CallEnded(Box::new(call)));
    let lines = lines.into_iter().map(StreamEntry::Log);
    let mut entries: Vec<_> = began.chain(ended).chain(lines).collect();
    entries.sort_by_key(StreamEntry::seq);
    entries.truncate(limit as usize);
    Ok(entries)
}

/// The number of the newest entry of a run's stream that is written in a row of its own, 0 when there
/// is none.
pub(crate) fn newest_seq(db: &mut dyn Read, workspace: &WorkspaceId, run: RunId) -> Result<u32, DbError> {
    let sql = "
        select coalesce(max(newest.seq), 0)
        from (
          select max(l.seq) as seq
          from task_logs as l
          where l.workspace = ?1 and l.run_id = ?2
          union all
          select max(e.end_seq)
          from stack_runs as e
          where e.workspace = ?1 and e.run_id = ?2 and e.end_seq is not null
          union all
          select max(b.seq)
          from stack_runs as b
          where b.workspace = ?1 and b.run_id = ?2 and b.number = (
            select max(n.number)
            from stack_runs as n
            where n.workspace = ?1 and n.run_id = ?2
          )
        ) as newest";
    Ok(db.row(sql, values![workspace.as_str(), run.as_bytes()], |cells| cells.take())?.unwrap_or(0))
}

/// The number of the last call that began at `seq` or before it, 0 when none did.
///
/// Calls begin in the order of their numbers and each takes a number of the stream, so a call's
/// number is never above its place in the stream and halving finds it: no index has to be kept.
fn last_begun_until(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    seq: u32,
) -> Result<CallNumber, DbError> {
    let (mut begun, mut later) = (0, seq.saturating_add(1));
    while later.saturating_sub(begun) > 1 {
        let middle = begun + (later - begun) / 2;
        match calls::first_from(db, workspace, run, middle)? {
            Some((number, place)) if place <= seq => begun = number,
            _ => later = middle,
        }
    }
    Ok(begun)
}
