//! `sent_events`: events sent to runs, kept until a call receives them.

use std::sync::LazyLock;

use fermata_model::record::SentEvent;
use fermata_model::{RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::{Column, Guard, Write};

const KEY: [Column; 3] = [("workspace", Text), ("run_id", Blob), ("number", Int)];
const REST: [Column; 4] = [("name", Text), ("payload", Text), ("sent_at", Int), ("taken_by", Int)];

/// An event.
pub(crate) static INSERT: LazyLock<Write> =
    LazyLock::new(|| Write::insert("event", "sent_events", &[&KEY[..], &REST].concat()));

/// The call that receives an event nobody received before.
pub(crate) static TAKE: LazyLock<Write> = LazyLock::new(|| {
    let columns = [&KEY[..], &[("taken_by", Int)]].concat();
    Write::update("event", "sent_events", 3, &columns, Guard::both("t.taken_by is null"))
});

/// Removes the events of a run.
pub(crate) static DELETE_OF_RUN: LazyLock<Write> =
    LazyLock::new(|| Write::delete("event", "sent_events", &[("workspace", Text), ("run_id", Blob)]));

/// The row of an event.
pub(crate) fn row<'a>(workspace: &'a WorkspaceId, run: &'a RunId, event: &'a SentEvent) -> Vec<Value<'a>> {
    values![
        workspace.as_str(),
        run.as_bytes(),
        event.number,
        &event.name,
        event.payload.get(),
        event.sent_at,
        event.taken_by,
    ]
    .to_vec()
}

/// The events of a run that no call has received, in the order they were sent. A run keeps a
/// bounded number of them.
pub(crate) fn list_untaken(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
) -> Result<Vec<SentEvent>, DbError> {
    let sql = "
        select number, name, payload, sent_at, taken_by
        from sent_events
        where workspace = ?1 and run_id = ?2 and taken_by is null
        order by number";
    db.rows(sql, values![workspace.as_str(), run.as_bytes()], |cells| {
        Ok(SentEvent {
            number: cells.take()?,
            name: cells.take()?,
            payload: cells.json()?,
            sent_at: cells.take()?,
            taken_by: cells.take()?,
        })
    })
}

/// The number of the last event sent to a run, 0 when there was none.
pub(crate) fn last_number(db: &mut dyn Read, workspace: &WorkspaceId, run: RunId) -> Result<u32, DbError> {
    let sql = "
        select coalesce(max(number), 0)
        from sent_events
        where workspace = ?1 and run_id = ?2";
    Ok(db.row(sql, values![workspace.as_str(), run.as_bytes()], |cells| cells.take())?.unwrap_or(0))
}
