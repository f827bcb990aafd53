//! `nodes`: which opening of the store may write. Not part of any workspace.

use fermata_model::Millis;
use rusqlite::{Connection, params};

/// The only node of an embedded store.
const THIS_NODE: i64 = 1;

/// Takes the store over and gives the epoch that names this opening.
pub(crate) fn begin_epoch(connection: &Connection, now: Millis) -> rusqlite::Result<i64> {
    let sql = "
        insert into nodes (id, epoch, started_at)
        values (?1, 1, ?2)
        on conflict (id) do update
        set epoch = nodes.epoch + 1, started_at = excluded.started_at
        returning epoch";
    connection.query_row(sql, params![THIS_NODE, now], |row| row.get(0))
}

/// The epoch of the opening that may write.
pub(crate) fn epoch(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "
        select epoch
        from nodes
        where id = ?1";
    connection.prepare_cached(sql)?.query_row(params![THIS_NODE], |row| row.get(0))
}
