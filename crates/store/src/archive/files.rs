//! The SQLite files that workspaces have for `tools.sql`, copied while tasks may be writing to them.
//!
//! A file is copied by SQLite itself, so that it is whole, into a draft beside what is being made, and handed on from
//! there piece by piece. It is as it was after the ledger's state: a call that the ledger knows as not ended may have
//! been done in it, and is then found in its record of calls, but never the other way round.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fermata_model::WorkspaceId;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::Draft;
use super::error::ArchiveError;
use super::format::{FILE_PIECE_BYTES, Sink, Totals};
use super::progress::Counted;
use crate::db_error::DbError;
use crate::error::OpenError;
use crate::sqlite::named;

/// How often a copy is tried whose file is locked for a moment.
const TRIES_MAX: u32 = 100;
/// Wait between two tries.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// The path of a workspace's file, as the service `sql` names it.
pub(super) fn path_of(folder: &Path, workspace: &WorkspaceId) -> PathBuf {
    folder.join(format!("{workspace}.sqlite"))
}

/// The workspaces that have a file, in order.
pub(super) fn workspaces(folder: &Path) -> Result<Vec<WorkspaceId>, ArchiveError> {
    let failed = |error| ArchiveError::from(OpenError::io("read the folder", folder, error));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let workspace = name.to_str().and_then(|name| name.strip_suffix(".sqlite"));
        found.extend(workspace.and_then(|workspace| workspace.parse::<WorkspaceId>().ok()));
    }
    found.sort_unstable_by_key(WorkspaceId::to_string);
    Ok(found)
}

/// Hands the files of these workspaces to `sink`. Each is copied beside `beside` first.
pub(super) fn hand_on(
    folder: &Path,
    workspaces: &[WorkspaceId],
    beside: &Path,
    sink: &mut dyn Sink,
    totals: &mut Totals,
    counted: &mut Counted<'_, '_>,
) -> Result<(), ArchiveError> {
    let mut path = beside.as_os_str().to_owned();
    path.push(".sqlite");
    for workspace in workspaces {
        let draft = Draft::create(Path::new(&path))?;
        let source = path_of(folder, workspace);
        copy(&source, &draft.path).map_err(|error| OpenError::database("copy", &source, error))?;
        sink.file(workspace)?;
        let hash = each_piece(&draft.file, &draft.path, &mut |piece| sink.piece(piece))?;
        sink.file_end(workspace, &hash)?;
        totals.add_file(workspace, &hash);
        counted.add(1);
    }
    Ok(())
}

/// Reads a file from where it stands to its end, and gives the hash of what it holds.
pub(super) fn each_piece(
    mut file: &File,
    path: &Path,
    piece: &mut dyn FnMut(&[u8]) -> Result<(), ArchiveError>,
) -> Result<blake3::Hash, ArchiveError> {
    let mut hasher = blake3::Hasher::new();
    let mut read = vec![0; FILE_PIECE_BYTES];
    loop {
        let count = file.read(&mut read).map_err(|error| OpenError::io("read", path, error))?;
        if count == 0 {
            return Ok(hasher.finalize());
        }
        hasher.update(&read[..count]);
        piece(&read[..count])?;
    }
}

/// Copies a file in one state, page by page, into a file that is empty.
fn copy(from: &Path, to: &Path) -> Result<(), DbError> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let source =
        Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY | flags).map_err(named)?;
    let mut target =
        Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE | flags).map_err(named)?;
    // What is left of a copy that was stopped is of no use to anybody.
    target.execute_batch("pragma journal_mode = off; pragma synchronous = off").map_err(named)?;
    step_to_the_end(&source, &mut target)?;
    target.close().map_err(|(_, error)| named(error))
}

fn step_to_the_end(source: &Connection, target: &mut Connection) -> Result<(), DbError> {
    let backup = Backup::new(source, target).map_err(named)?;
    for _ in 0..TRIES_MAX {
        // All pages in one step: one reading transaction, which those who write do not notice.
        if backup.step(-1).map_err(named)? == StepResult::Done {
            return Ok(());
        }
        std::thread::sleep(RETRY_AFTER);
    }
    let locked = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    Err(named(rusqlite::Error::SqliteFailure(locked, Some("the file stays locked".to_owned()))))
}
