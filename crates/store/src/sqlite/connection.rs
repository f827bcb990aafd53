//! Connections to the database file and how they are set up.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// Longest wait for a lock. Only other programs (a backup, a `sqlite3` shell) can hold one.
const BUSY_TIMEOUT_MS: u64 = 5_000;
/// Pages in the write-ahead log after which a commit also moves them into the database.
const CHECKPOINT_PAGES: u32 = 4_000;
/// Size to which the write-ahead log is cut back after a burst.
const LOG_BYTES_KEPT: u32 = 64 << 20;
/// Page cache of the committer's connection, in KiB.
const WRITER_CACHE_KIB: u32 = 64 << 10;
/// Page cache of each reading connection, in KiB.
const READER_CACHE_KIB: u32 = 8 << 10;
/// Statements kept prepared by a connection; more than the store has.
const STATEMENTS_KEPT: usize = 96;

/// The one connection that writes. The file must exist.
pub(crate) fn open_writer(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | flags())?;
    set_up(&connection, WRITER_CACHE_KIB)?;
    connection.execute_batch(&format!(
        "
        pragma journal_mode = wal;
        pragma synchronous = full;
        pragma wal_autocheckpoint = {CHECKPOINT_PAGES};
        pragma journal_size_limit = {LOG_BYTES_KEPT};"
    ))?;
    Ok(connection)
}

/// The one connection to a draft, which nobody reads before it is complete and which is thrown away when
/// anything fails. The file must exist.
pub(crate) fn open_draft(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | flags())?;
    set_up(&connection, WRITER_CACHE_KIB)?;
    connection.execute_batch(
        "
        pragma locking_mode = exclusive;
        pragma journal_mode = off;
        pragma synchronous = off;",
    )?;
    Ok(connection)
}

/// A connection that can only read.
pub(crate) fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | flags())?;
    set_up(&connection, READER_CACHE_KIB)?;
    Ok(connection)
}

fn flags() -> OpenFlags {
    // Each connection has one user at a time, so SQLite's own locks around it are not needed.
    OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE
}

fn set_up(connection: &Connection, cache_kib: u32) -> rusqlite::Result<()> {
    // The file is not mapped: a reader that finds the log changed drops its mapping, which all
    // processors then have to be told of, at every read while something writes.
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.execute_batch(&format!(
        "
        pragma foreign_keys = off;
        pragma temp_store = memory;
        pragma trusted_schema = off;
        pragma cache_size = -{cache_kib};
        pragma mmap_size = 0;"
    ))
}
