//! `nodes`: the processes that share the ledger, and which of them may write. Not part of any
//! workspace.

use fermata_model::Millis;

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::values;

/// The only node of an embedded store.
pub(crate) const EMBEDDED: &str = "embedded";

/// What a node says of itself when it registers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registration<'a> {
    /// Its name, one of its kind.
    pub(crate) name: &'a str,
    /// The program's version.
    pub(crate) version: &'a str,
    /// How long it may be silent before others take its runs, in milliseconds.
    pub(crate) lease_ms: i64,
}

/// A process that shares the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRecord {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// How often it has begun.
    pub epoch: i64,
    /// `up`, `draining` or `down`.
    pub state: String,
    /// The program's version.
    pub version: String,
    /// When it began.
    pub started_at: Millis,
    /// When it was last heard of.
    pub seen_at: Millis,
    /// How long it may be silent before others take its runs, in milliseconds.
    pub lease_ms: i64,
}

/// Registers a node, or takes over from the one before with its name. Gives its number and the epoch
/// that names this beginning: commits of older ones are refused from here on.
pub(crate) fn register(
    db: &mut dyn Read,
    node: &Registration<'_>,
    now: Millis,
) -> Result<(i64, i64), DbError> {
    let sql = "
        insert into nodes (name, epoch, state, version, started_at, seen_at, lease_ms)
        values (?1, 1, 'up', ?2, ?3, ?3, ?4)
        on conflict (name) do update
        set epoch = nodes.epoch + 1, state = 'up', version = excluded.version, started_at = excluded.started_at,
          seen_at = excluded.seen_at, lease_ms = excluded.lease_ms
        returning id, epoch";
    let values = values![node.name, node.version, now, node.lease_ms];
    let registered = db.row(sql, values, |cells| Ok((cells.take()?, cells.take()?)))?;
    registered.ok_or_else(|| DbError::damaged(0, std::io::Error::other("a node cannot be registered")))
}

/// The epoch of the beginning of a node that may write.
pub(crate) fn epoch(db: &mut dyn Read, name: &str) -> Result<Option<i64>, DbError> {
    let sql = "
        select epoch
        from nodes
        where name = ?1";
    db.row(sql, values![name], |cells| cells.take())
}

/// All nodes there are and were, by name.
pub(crate) fn list(db: &mut dyn Read) -> Result<Vec<NodeRecord>, DbError> {
    let sql = "
        select id, name, epoch, state, version, started_at, seen_at, lease_ms
        from nodes
        order by name";
    db.rows(sql, values![], read)
}

fn read(cells: &mut Cells<'_>) -> Result<NodeRecord, DbError> {
    Ok(NodeRecord {
        id: cells.take()?,
        name: cells.take()?,
        epoch: cells.take()?,
        state: cells.take()?,
        version: cells.take()?,
        started_at: cells.take()?,
        seen_at: cells.take()?,
        lease_ms: cells.take()?,
    })
}

/// Sets a node's state, if it is in one of two others. Says whether it was.
pub(crate) fn set_state(
    db: &mut dyn Read,
    name: &str,
    state: &str,
    from: [&str; 2],
) -> Result<bool, DbError> {
    let sql = "
        update nodes
        set state = ?2
        where name = ?1 and state in (?3, ?4)
        returning 1";
    let hit = db.row(sql, values![name, state, from[0], from[1]], |cells| cells.take::<i64>())?;
    Ok(hit.is_some())
}
