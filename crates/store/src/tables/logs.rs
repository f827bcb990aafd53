//! `task_logs`: the lines tasks wrote.

use std::sync::LazyLock;

use fermata_model::record::{LogLevel, LogLine};
use fermata_model::{RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::Write;

/// A line.
pub(crate) static INSERT: LazyLock<Write> = LazyLock::new(|| {
    let columns = [
        ("workspace", Text),
        ("run_id", Blob),
        ("seq", Int),
        ("at", Int),
        ("level", Text),
        ("message", Text),
        ("data", Text),
    ];
    Write::insert("log line", "task_logs", &columns)
});

/// Removes the lines of a run.
pub(crate) static DELETE_OF_RUN: LazyLock<Write> =
    LazyLock::new(|| Write::delete("log line", "task_logs", &[("workspace", Text), ("run_id", Blob)]));

/// The row of a line.
pub(crate) fn row<'a>(workspace: &'a WorkspaceId, run: &'a RunId, line: &'a LogLine) -> Vec<Value<'a>> {
    values![
        workspace.as_str(),
        run.as_bytes(),
        line.seq,
        line.at,
        line.level.as_str(),
        &line.message,
        line.data.as_ref().map(|json| json.get()),
    ]
    .to_vec()
}

/// The lines of a run after `after` in its event stream, in order.
pub(crate) fn list(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    after: u32,
    limit: u32,
) -> Result<Vec<LogLine>, DbError> {
    let sql = "
        select seq, at, level, message, data
        from task_logs
        where workspace = ?1 and run_id = ?2 and seq > ?3
        order by seq
        limit ?4";
    db.rows(sql, values![workspace.as_str(), run.as_bytes(), after, limit], |cells| {
        Ok(LogLine {
            seq: cells.take()?,
            at: cells.take()?,
            level: LogLevel::from_word(&cells.take::<String>()?),
            message: cells.take()?,
            data: cells.json_if_any()?,
        })
    })
}
