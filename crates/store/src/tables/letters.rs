//! `letters`: what one node asks of a run that another node owns.

use std::sync::LazyLock;

use fermata_model::{Json, Millis, RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::{Guard, Write};

/// What is asked of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Identity, ordered by time.
    pub id: [u8; 16],
    /// Tenant.
    pub workspace: WorkspaceId,
    /// The run.
    pub run: RunId,
    /// `event`, `cancel` or `kill`.
    pub kind: String,
    /// The event's name; empty for the others.
    pub name: String,
    /// The event's payload; `null` for the others.
    pub payload: String,
    /// When it was sent.
    pub sent_at: Millis,
}

/// A letter.
pub(crate) static INSERT: LazyLock<Write> = LazyLock::new(|| {
    let columns = [
        ("id", Blob),
        ("workspace", Text),
        ("run_id", Blob),
        ("kind", Text),
        ("name", Text),
        ("payload", Text),
        ("sent_at", Int),
    ];
    Write::insert("letter", "letters", &columns)
});

/// The answer to a letter that has none.
pub(crate) static ANSWER: LazyLock<Write> = LazyLock::new(|| {
    let columns = [("id", Blob), ("answer", Text), ("answered_at", Int)];
    Write::update("letter", "letters", 1, &columns, Guard::both("t.answered_at is null"))
});

/// The same, where a letter that was answered before is left as it is.
pub(crate) static REFUSE: LazyLock<Write> = LazyLock::new(|| {
    let columns = [("id", Blob), ("answer", Text), ("answered_at", Int)];
    Write::update("letter", "letters", 1, &columns, Guard::both("t.answered_at is null")).or_nothing()
});

/// Removes a letter.
pub(crate) static DELETE: LazyLock<Write> =
    LazyLock::new(|| Write::delete("letter", "letters", &[("id", Blob)]));

/// Removes the letters of a run.
pub(crate) static DELETE_OF_RUN: LazyLock<Write> =
    LazyLock::new(|| Write::delete("letter", "letters", &[("workspace", Text), ("run_id", Blob)]));

/// The row of a letter.
pub(crate) fn row(letter: &Letter) -> Vec<Value<'_>> {
    let Letter { id, workspace, run, kind, name, payload, sent_at } = letter;
    values![id, workspace.as_str(), run.as_bytes(), kind, name, payload, *sent_at].to_vec()
}

/// The letters to a run that have no answer, in the order they were sent. Walks
/// `letters_unanswered`.
pub(crate) fn list_unanswered(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
    limit: u32,
) -> Result<Vec<Letter>, DbError> {
    let sql = "
        select id, kind, name, payload, sent_at
        from letters
        where run_id = ?2 and workspace = ?1 and answered_at is null
        order by id
        limit ?3";
    db.rows(sql, values![workspace.as_str(), run.as_bytes(), limit], |cells| {
        Ok(Letter {
            id: cells.take()?,
            workspace: workspace.clone(),
            run,
            kind: cells.take()?,
            name: cells.take()?,
            payload: cells.take()?,
            sent_at: cells.take()?,
        })
    })
}

/// Runs of all workspaces with letters that have no answer, and who owns them.
pub(crate) fn list_addressees(
    db: &mut dyn Read,
    node: i64,
    limit: u32,
) -> Result<Vec<(WorkspaceId, RunId)>, DbError> {
    let sql = "
        select distinct l.workspace, l.run_id
        from letters as l
        where l.answered_at is null
          and ?1 = coalesce((select r.owner_node from task_runs as r where r.workspace = l.workspace and r.id = l.run_id), ?1)
        order by l.run_id, l.workspace
        limit ?2";
    db.rows(sql, values![node, limit], |cells| Ok((cells.workspace()?, cells.run_id()?)))
}

/// The answer to a letter, once there is one; nothing when the letter is gone.
pub(crate) fn answer(db: &mut dyn Read, id: &[u8; 16]) -> Result<Option<Option<Json>>, DbError> {
    let sql = "
        select answer
        from letters
        where id = ?1";
    db.row(sql, values![id], |cells| cells.json_if_any())
}
