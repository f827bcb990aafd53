//! The SQLite files of workspaces, which lie beside the ledger.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

use fermata_store::archive::{ArchiveError, Progress, Stage};
use fermata_store::{OpenError, archive};
use rusqlite::Connection;
use serde_json::Value;

use crate::filled::{back_up, filled, nobody, place_of};
use crate::place::{Ledger, Place};
use crate::records::{insert_run, run};

/// Rows of a file that is filled: enough for more than one piece of an archive.
const ROWS: i64 = 3_000;

/// A connection to the file of a workspace, made as the service makes it.
pub(crate) fn sql_file(folder: &Path, workspace: &str) -> Connection {
    fs::create_dir_all(folder.join("sql")).unwrap();
    let connection = Connection::open(path(folder, workspace)).unwrap();
    connection.execute_batch("pragma journal_mode = wal; pragma synchronous = full").unwrap();
    connection
}

fn path(folder: &Path, workspace: &str) -> PathBuf {
    folder.join(format!("sql/{workspace}.sqlite"))
}

/// A ledger with two such files; the connections are open, as a server's are.
fn with_files() -> (Ledger, [Connection; 2]) {
    with_files_beside(filled(&Place::Sqlite))
}

/// The same beside a ledger without objects.
fn with_files_only() -> (Ledger, [Connection; 2]) {
    with_files_beside(Ledger::with(&Place::Sqlite, vec![insert_run(run(1))]))
}

fn with_files_beside(ledger: Ledger) -> (Ledger, [Connection; 2]) {
    let files = ["a-1", "default"].map(|workspace| {
        let connection = sql_file(ledger.folder.path(), workspace);
        connection.execute_batch("create table t (x text); begin").unwrap();
        for n in 0..ROWS {
            let text = format!("{workspace} {n} {}", "x".repeat(600));
            connection.execute("insert into t values (?1)", [text]).unwrap();
        }
        connection.execute_batch("delete from t where rowid % 3 = 0; commit").unwrap();
        connection
    });
    (ledger, files)
}

/// What is in a file, with the numbers of its rows.
fn rows_of(folder: &Path, workspace: &str) -> Vec<(i64, String)> {
    let connection = Connection::open(path(folder, workspace)).unwrap();
    let sound: String = connection.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let mode: String = connection.query_row("pragma journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal", "it goes on as it was");
    let mut rows = connection.prepare("select rowid, x from t order by rowid").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn they_are_backed_up_and_restored() {
    let (source, files) = with_files();
    let from = source.folder.path();
    // Neither is one.
    fs::write(from.join("sql/NO.sqlite"), "x").unwrap();
    fs::write(from.join("sql/other"), "x").unwrap();
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    let made = back_up(&source, &file);
    assert_eq!(made.sql_files, 2);
    assert_eq!(fs::read_dir(above.path()).unwrap().count(), 1, "no draft is left");
    assert_eq!(archive::check(&file, &mut nobody).unwrap(), made);
    let to = above.path().join("data");
    let restored = archive::restore(&file, &place_of(&to, None), &mut nobody).unwrap();
    assert_eq!(restored.summary, made);
    for workspace in ["a-1", "default"] {
        let rows = rows_of(&to, workspace);
        assert_eq!(rows.len() as i64, ROWS - ROWS / 3);
        assert_eq!(rows, rows_of(from, workspace));
        let mode = fs::metadata(path(&to, workspace)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(to.join("sql")).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(!to.join("sql.draft").exists());
    drop(files);
}

#[test]
fn a_file_is_whole_however_much_is_written_meanwhile() {
    let source = Ledger::with(&Place::Sqlite, vec![insert_run(run(1))]);
    let connection = sql_file(source.folder.path(), "default");
    connection.execute_batch("create table t (x text)").unwrap();
    let (acknowledged, is_over) = (&AtomicI64::new(0), &AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(move || {
            while !is_over.load(Ordering::SeqCst) {
                let pair =
                    "begin immediate; insert into t values ('one'); insert into t values ('two'); commit";
                connection.execute_batch(pair).unwrap();
                acknowledged.fetch_add(2, Ordering::SeqCst);
            }
        });
        for _ in 0..5 {
            let before = acknowledged.load(Ordering::SeqCst);
            let above = tempfile::tempdir().unwrap();
            let (file, to) = (above.path().join("archive"), above.path().join("data"));
            back_up(&source, &file);
            archive::restore(&file, &place_of(&to, None), &mut nobody).unwrap();
            let rows = rows_of(&to, "default");
            assert!(
                rows.len() as i64 >= before && rows.len().is_multiple_of(2),
                "{} of {before}",
                rows.len()
            );
        }
        is_over.store(true, Ordering::SeqCst);
    });
}

#[test]
fn what_a_server_that_died_has_left_in_the_log_is_taken_too() {
    let (source, files) = with_files_only();
    let (from, copy) = (source.folder.path(), tempfile::tempdir().unwrap());
    fs::create_dir(copy.path().join("sql")).unwrap();
    for name in ["fermata.db", "fermata.db-wal", "sql/default.sqlite", "sql/default.sqlite-wal"] {
        fs::copy(from.join(name), copy.path().join(name)).unwrap();
    }
    assert!(fs::metadata(copy.path().join("sql/default.sqlite-wal")).unwrap().len() > 0);
    let file = copy.path().join("archive");
    archive::backup(&place_of(copy.path(), None), &file, false, &mut nobody).unwrap();
    let to = copy.path().join("to");
    archive::restore(&file, &place_of(&to, None), &mut nobody).unwrap();
    assert_eq!(rows_of(&to, "default"), rows_of(from, "default"));
    drop(files);
}

#[test]
fn a_place_that_has_some_is_refused_and_keeps_them() {
    let (source, _files) = with_files();
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    back_up(&source, &file);
    let server = Place::postgres();
    let database = server.database();
    for (name, database) in [("one", None), ("other", database.as_deref())] {
        let to = above.path().join(name);
        sql_file(&to, "kept").execute_batch("create table t (x)").unwrap();
        let error = archive::restore(&file, &place_of(&to, database), &mut nobody).unwrap_err();
        assert!(matches!(&error, ArchiveError::NotEmpty { found, .. } if found.contains("sql")), "{error:?}");
        assert!(path(&to, "kept").exists() && !to.join("fermata.db").exists());
        assert!(!to.join("sql.draft").exists() && !path(&to, "default").exists());
    }
    let schemas = "select count(*) from pg_namespace where nspname = 'fermata'";
    assert_eq!(database.unwrap().query_text(schemas).unwrap(), [[Some("0".to_owned())]]);
}

#[test]
fn when_the_ledger_cannot_be_made_they_are_not_there_either() {
    let (source, _files) = with_files_only();
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    back_up(&source, &file);
    let to = above.path().join("data");
    // The last step of all fails: the ledger does not get its name, which another has got meanwhile.
    let mut told = |progress: Progress| {
        if progress.stage == Stage::ReadingBack {
            fs::create_dir_all(to.join("fermata.db")).unwrap();
        }
    };
    archive::restore(&file, &place_of(&to, None), &mut told).unwrap_err();
    fs::remove_dir(to.join("fermata.db")).unwrap();
    assert!(!to.join("sql").exists() && !to.join("sql.draft").exists());
    // One that was stopped in the middle is in nobody's way.
    fs::create_dir_all(to.join("sql.draft/default.sqlite")).unwrap();
    archive::restore(&file, &place_of(&to, None), &mut nobody).unwrap();
    assert_eq!(rows_of(&to, "default"), rows_of(source.folder.path(), "default"));
}

#[test]
fn a_file_that_is_something_else_is_named() {
    let source = Ledger::with(&Place::Sqlite, vec![insert_run(run(1))]);
    fs::create_dir(source.folder.path().join("sql")).unwrap();
    fs::write(path(source.folder.path(), "default"), "no database, but longer than a header".repeat(99))
        .unwrap();
    let above = tempfile::tempdir().unwrap();
    let place = place_of(source.folder.path(), None);
    let error = archive::backup(&place, &above.path().join("archive"), false, &mut nobody).unwrap_err();
    let is_named = matches!(&error, ArchiveError::Place(OpenError::Corrupt { path, .. }) if path.ends_with("default.sqlite"));
    assert!(is_named, "{error:?}");
    assert_eq!(fs::read_dir(above.path()).unwrap().count(), 0, "no draft is left");
}

#[test]
fn an_archive_of_the_format_before_is_restored() {
    let source = filled(&Place::Sqlite);
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    let made = back_up(&source, &file);
    fs::write(&file, before_there_were_files(&fs::read(&file).unwrap())).unwrap();
    assert_eq!(archive::check(&file, &mut nobody).unwrap(), made);
    let to = above.path().join("data");
    let restored = archive::restore(&file, &place_of(&to, None), &mut nobody).unwrap();
    assert_eq!((restored.summary.sql_files, restored.summary.rows), (0, made.rows));
    assert!(!to.join("sql").exists());
}

/// An archive as it was written in format 1: its last record says nothing of files.
fn before_there_were_files(archive: &[u8]) -> Vec<u8> {
    let records = archive.windows(4).position(|bytes| bytes == [0x28, 0xb5, 0x2f, 0xfd]).unwrap();
    let mut plain = Vec::new();
    zstd::Decoder::new(&archive[records..]).unwrap().single_frame().read_to_end(&mut plain).unwrap();
    let end = plain.windows(8).rposition(|bytes| bytes == b"{\"rows\":").unwrap();
    let mut totals: Value = serde_json::from_slice(&plain[end..]).unwrap();
    totals.as_object_mut().unwrap().remove("files").unwrap();
    let totals = totals.to_string();
    plain.truncate(end - 8);
    plain.extend_from_slice(&(totals.len() as u64).to_le_bytes());
    plain.extend_from_slice(totals.as_bytes());
    let mut older = archive[..records].to_vec();
    older["fermata archive ".len()] = b'1';
    older.extend(zstd::encode_all(&plain[..], 3).unwrap());
    older.extend_from_slice(b"\nfermata end\n");
    let hash = blake3::hash(&older);
    older.extend_from_slice(hash.as_bytes());
    older
}

#[test]
fn a_copy_brings_them_along_unless_they_are_there() {
    let (source, files) = with_files();
    let Ledger { store, folder, .. } = source;
    drop((store, files));
    let above = tempfile::tempdir().unwrap();
    let from = place_of(folder.path(), None);
    let to = above.path().join("data");
    let copied = archive::copy(&from, &place_of(&to, None), &mut nobody).unwrap();
    assert_eq!(copied.summary.sql_files, 2);
    assert_eq!(rows_of(&to, "a-1"), rows_of(folder.path(), "a-1"));

    let server = Place::postgres();
    let there = server.database();
    let before = fs::read(path(folder.path(), "default")).unwrap();
    let same = place_of(folder.path(), there.as_deref());
    assert_eq!(archive::copy(&from, &same, &mut nobody).unwrap().summary.sql_files, 2);
    assert_eq!(fs::read(path(folder.path(), "default")).unwrap(), before, "they stay where they are");
    // Over PostgreSQL nobody uses them, so they are not part of what is copied from there.
    let back = place_of(&above.path().join("back"), None);
    assert_eq!(archive::copy(&same, &back, &mut nobody).unwrap().summary.sql_files, 0);
}
