//! The record of calls that wrote: what each answered, kept in the file that they wrote to.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, params};

/// The table. No statement of a task may name it; see [`is_named_in`].
pub(super) const TABLE: &str = "fermata_internal_calls";

/// Makes the table.
pub(super) const CREATE: &str = "
    create table if not exists fermata_internal_calls (
        id integer primary key autoincrement,
        key text not null unique,
        at integer not null,
        result text not null
    ) strict";
const FIND: &str = "select result from fermata_internal_calls where key = ?1";
const INSERT: &str = "insert into fermata_internal_calls (key, at, result) values (?1, ?2, ?3)";
const PRUNE_OLD: &str = "delete from fermata_internal_calls where at < ?1 or id <= ?2";
const PRUNE_LARGE: &str = "
    delete from fermata_internal_calls where id <= (
        select id from (
            select id, sum(length(result)) over (order by id desc) as bytes from fermata_internal_calls
        ) where bytes > ?1 order by id desc limit 1
    )";

/// The newest calls that are kept: more than can be on their way when a node stops, by far.
const CALLS_KEPT: i64 = 10_000;
/// How long they are kept, in seconds. An attempt that was under way when a node stopped is made again when it starts.
const SECONDS_KEPT: i64 = 30 * 24 * 60 * 60;
/// Bytes of results that are kept.
const BYTES_KEPT: i64 = 32 << 20;
/// How many calls go by between two looks at what can go.
const PRUNED_EVERY: i64 = 64;
/// A result of more bytes has the next look come at once.
const LARGE_BYTES: usize = 64 << 10;

/// Whether a text names the table. SQL has no other spelling of a name than its letters, so a text that does not hold
/// them cannot refer to it, not even from a foreign key, which SQLite asks nobody about.
pub(super) fn is_named_in(text: &str) -> bool {
    text.as_bytes().windows(TABLE.len()).any(|part| part.eq_ignore_ascii_case(TABLE.as_bytes()))
}

/// What the call answered when it was done before.
pub(super) fn find(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row(FIND, [key], |row| row.get(0)).optional()
}

/// Records what a call answers, within its transaction.
pub(super) fn keep(connection: &Connection, key: &str, result: &str) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    connection.execute(INSERT, params![key, now, result])?;
    let id = connection.last_insert_rowid();
    if id % PRUNED_EVERY == 0 || result.len() > LARGE_BYTES {
        connection.execute(PRUNE_OLD, [now - SECONDS_KEPT, id - CALLS_KEPT])?;
        connection.execute(PRUNE_LARGE, [BYTES_KEPT])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(CREATE).unwrap();
        connection
    }

    fn number(connection: &Connection, of: &str) -> i64 {
        let sql = format!("select coalesce({of}, 0) from {TABLE}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_newest_calls_are_kept() {
        let connection = records();
        for call in 1..=CALLS_KEPT + 2 * PRUNED_EVERY {
            keep(&connection, &format!("call-{call}"), "[]").unwrap();
        }
        let count = number(&connection, "count(*)");
        assert!((CALLS_KEPT..CALLS_KEPT + PRUNED_EVERY).contains(&count), "{count}");
        assert_eq!(find(&connection, "call-1").unwrap(), None);
        let newest = format!("call-{}", CALLS_KEPT + 2 * PRUNED_EVERY);
        assert_eq!(find(&connection, &newest).unwrap().as_deref(), Some("[]"));
    }

    #[test]
    fn large_results_do_not_add_up() {
        let (connection, result) = (records(), "x".repeat(512 << 10));
        for call in 1..=100 {
            keep(&connection, &format!("call-{call}"), &result).unwrap();
        }
        let bytes = number(&connection, "sum(length(result))");
        assert!((BYTES_KEPT / 2..=BYTES_KEPT).contains(&bytes), "{bytes}");
        assert!(find(&connection, "call-100").unwrap().is_some());
    }

    #[test]
    fn the_table_is_known_by_its_name_in_any_letters() {
        assert!(is_named_in("references \"Fermata_INTERNAL_calls\" (key)"));
        assert!(!is_named_in("select 'fermata internal calls'"));
    }
}
