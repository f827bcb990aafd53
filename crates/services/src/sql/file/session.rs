//! A connection to the file of a workspace, with the rules and limits that hold for hostile statements.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use tokio::time::Instant;

use super::super::call::PARAMS_MAX;
use super::room::Room;
use super::{record, rules};

/// Longest wait for a lock while a connection is made.
const OPENED_WITHIN: Duration = Duration::from_secs(5);
/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 1_000;
/// Largest file.
const FILE_BYTES_MAX: u32 = 1 << 30;
const PAGE_BYTES: u32 = 4_096;
/// Size to which the write-ahead log is cut back after a burst.
const LOG_BYTES_KEPT: u32 = 16 << 20;
const CACHE_KIB: u32 = 4 << 10;
/// Largest value, and largest row. It also bounds what one step of SQLite's machine can take, such as a search for one
/// text in another: the clock is looked at between steps.
pub(super) const VALUE_BYTES_MAX: i32 = 1 << 20;

const LIMITS: [(Limit, i32); 9] = [
    (Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX),
    (Limit::SQLITE_LIMIT_COLUMN, 500),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 100),
    (Limit::SQLITE_LIMIT_VDBE_OP, 250_000),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

const CONFIG: [(DbConfig, bool); 6] = [
    // Nothing that SQL does can damage the file,
    (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    // and what stands in the schema runs no function that only top-level SQL may.
    (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
    // Double quotes are for names, as in PostgreSQL.
    (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
];

/// A connection.
pub(super) struct Session {
    connection: Connection,
    /// Whether it executes statements of our own, for which the rules do not hold.
    is_ours: Arc<AtomicBool>,
    /// Whether the last call took too much of the disk.
    has_filled: Arc<AtomicBool>,
    folder: PathBuf,
}

impl Session {
    /// Opens the file, making it when it is missing.
    pub(super) fn open(file: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(OPENED_WITHIN)?;
        connection.execute_batch(&format!(
            "
            pragma page_size = {PAGE_BYTES};
            pragma journal_mode = wal;
            pragma synchronous = full;
            pragma journal_size_limit = {LOG_BYTES_KEPT};
            pragma cache_size = -{CACHE_KIB};
            pragma max_page_count = {};
            {};",
            FILE_BYTES_MAX / PAGE_BYTES,
            record::CREATE,
        ))?;
        for (config, value) in CONFIG {
            connection.set_db_config(config, value)?;
        }
        for (limit, value) in LIMITS {
            connection.set_limit(limit, value)?;
        }
        connection
            .set_limit(Limit::SQLITE_LIMIT_VARIABLE_NUMBER, i32::try_from(PARAMS_MAX).unwrap_or(i32::MAX))?;
        let is_ours = Arc::new(AtomicBool::new(false));
        let ours = is_ours.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if ours.load(Ordering::Relaxed) { Authorization::Allow } else { rules::judge(context) }
        }))?;
        let folder = file.parent().unwrap_or(file).to_owned();
        Ok(Self { connection, is_ours, has_filled: Arc::default(), folder })
    }

    /// Does work with the connection, which is interrupted at the deadline, when it is given up, and when it takes too
    /// much of the disk.
    pub(super) fn within<T>(
        &self,
        deadline: Instant,
        is_given_up: Arc<AtomicBool>,
        work: impl FnOnce(&Self) -> T,
    ) -> T {
        self.has_filled.store(false, Ordering::Relaxed);
        let (has_filled, mut room) = (self.has_filled.clone(), Room::of(&self.folder));
        let is_over = move || {
            if room.is_taken() {
                has_filled.store(true, Ordering::Relaxed);
            }
            has_filled.load(Ordering::Relaxed)
                || is_given_up.load(Ordering::Relaxed)
                || Instant::now() >= deadline
        };
        // They fail only for connections that are not ours.
        let _ = self.connection.busy_timeout(deadline.saturating_duration_since(Instant::now()));
        let _ = self.connection.progress_handler(STEPS, Some(is_over));
        let done = work(self);
        let _ = self.connection.progress_handler(0, None::<fn() -> bool>);
        done
    }

    /// Whether the last work was interrupted because it took too much of the disk.
    pub(super) fn has_filled_the_disk(&self) -> bool {
        self.has_filled.load(Ordering::Relaxed)
    }

    /// The connection, for statements of tasks.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Executes statements of our own.
    pub(super) fn ours<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        self.is_ours.store(true, Ordering::Relaxed);
        let done = work(&self.connection);
        self.is_ours.store(false, Ordering::Relaxed);
        done
    }

    /// Whether no transaction is open.
    pub(super) fn is_clean(&self) -> bool {
        self.connection.is_autocommit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_bounded_and_every_commit_reaches_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open(&folder.path().join("a.sqlite")).unwrap();
        let pragma = |name: &str| {
            let value = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
            session.ours(|connection| connection.query_row(&format!("pragma {name}"), [], value)).unwrap()
        };
        for (name, expected) in [
            ("max_page_count", i64::from(FILE_BYTES_MAX / PAGE_BYTES).into()),
            ("page_size", i64::from(PAGE_BYTES).into()),
            ("journal_mode", "wal".to_owned().into()),
            ("synchronous", 2_i64.into()),
            ("foreign_keys", 1_i64.into()),
            ("trusted_schema", 0_i64.into()),
        ] {
            assert_eq!(pragma(name), expected, "{name}");
        }
    }
}
