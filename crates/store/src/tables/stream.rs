//! A run's event stream: beginnings and ends of calls, and log lines, in one order.

use fermata_model::record::{Call, LogLine};
use fermata_model::{CallNumber, RunId, WorkspaceId};
use rusqlite::Connection;

use crate::tables::{calls, logs};

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
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    after: u32,
    limit: u32,
) -> rusqlite::Result<Vec<StreamEntry>> {
    let snapshot = connection.unchecked_transaction()?;
    let before_first = last_begun_until(&snapshot, workspace, run, after)?;
    let began = calls::list(&snapshot, workspace, run, before_first, limit)?;
    let ended = calls::list_ended(&snapshot, workspace, run, after, limit)?;
    let lines = logs::list(&snapshot, workspace, run, after, limit)?;
    drop(snapshot);

    let began = began.into_iter().map(|call| StreamEntry::CallBegan(Box::new(call)));
    let ended = ended.into_iter().map(|call| StreamEntry::CallEnded(Box::new(call)));
    let lines = lines.into_iter().map(StreamEntry::Log);
    let mut entries: Vec<_> = began.chain(ended).chain(lines).collect();
    entries.sort_by_key(StreamEntry::seq);
    entries.truncate(limit as usize);
    Ok(entries)
}

/// The number of the last call that began at `seq` or before it, 0 when none did.
///
/// Calls begin in the order of their numbers and each takes a number of the stream, so a call's
/// number is never above its place in the stream and halving finds it: no index has to be kept.
fn last_begun_until(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    seq: u32,
) -> rusqlite::Result<CallNumber> {
    let (mut begun, mut later) = (0, seq.saturating_add(1));
    while later.saturating_sub(begun) > 1 {
        let middle = begun + (later - begun) / 2;
        match calls::first_from(connection, workspace, run, middle)? {
            Some((number, place)) if place <= seq => begun = number,
            _ => later = middle,
        }
    }
    Ok(begun)
}
