//! `task_logs`: the lines tasks wrote.

use fermata_model::record::{LogLevel, LogLine};
use fermata_model::{RunId, WorkspaceId};
use rusqlite::{Connection, params};

use crate::cells::Cells;

/// Writes a line.
pub(crate) fn insert(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    line: &LogLine,
) -> rusqlite::Result<usize> {
    let sql = "
        insert into task_logs (workspace, run_id, seq, at, level, message, data)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        workspace.as_str(),
        run.as_bytes(),
        line.seq,
        line.at,
        line.level.as_str(),
        line.message,
        line.data.as_ref().map(|json| json.get()),
    ])
}

/// The lines of a run after `after` in its event stream, in order.
pub(crate) fn list(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    after: u32,
    limit: u32,
) -> rusqlite::Result<Vec<LogLine>> {
    let sql = "
        select seq, at, level, message, data
        from task_logs
        where workspace = ?1 and run_id = ?2 and seq > ?3
        order by seq
        limit ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![workspace.as_str(), run.as_bytes(), after, limit], |row| {
        let mut cells = Cells::new(row);
        Ok(LogLine {
            seq: cells.take()?,
            at: cells.take()?,
            level: LogLevel::from_word(&cells.take::<String>()?),
            message: cells.take()?,
            data: cells.json_if_any()?,
        })
    })?;
    rows.collect()
}
