//! Archives: a whole ledger in one file, the same for both databases; and copies from one place to another.
//!
//! A backup is made while others work: it holds one state of the ledger, the rows and the objects they name, and the
//! SQLite files that workspaces have beside it.
//! It is a draft until it was read back. A restore checks the whole file before it writes anything, takes only
//! an empty place, and lets nothing be seen before all of it was read back. The master key is in no archive.

mod database;
mod error;
mod files;
mod format;
mod objects;
mod progress;
mod reader;
mod row;
mod source;
mod tables;
mod target;
mod writer;

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

pub use error::ArchiveError;
pub use progress::{Progress, Stage, Told};

use crate::folder;
use crate::objects::ObjectsError;
use crate::open::Options;
use format::{Header, Totals};
use progress::Counted;
use reader::Reader;
use source::Source;
use target::Target;
use writer::Writer;

/// Bytes of an archive that are written at once.
const PIECE_BYTES: usize = 1 << 20;

/// How often a backup is begun whose objects are removed while it is made.
const ATTEMPTS_MAX: u32 = 3;

/// Where a ledger is, or will be.
#[derive(Debug, Clone)]
pub struct Place {
    /// The store's folder.
    pub folder: PathBuf,
    /// The database and the objects; of a target also the master key, if it is not in the folder.
    pub options: Options,
}

impl Place {
    fn describe(&self) -> String {
        match &self.options.database {
            None => self.folder.display().to_string(),
            Some(url) => url.to_string(),
        }
    }
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// When the state it holds was, in milliseconds since 1970 in UTC.
    pub made_at: i64,
    /// The newest migration of the ledger.
    pub schema: u32,
    /// The version of the program that made it.
    pub program: String,
    /// Rows of all tables.
    pub rows: u64,
    /// Objects.
    pub objects: u64,
    /// SQLite files that workspaces have for `tools.sql`.
    pub sql_files: u64,
}

impl Summary {
    fn of(header: &Header, totals: &Totals) -> Self {
        Self {
            made_at: header.made_at,
            schema: header.schema,
            program: header.program.clone(),
            rows: totals.rows,
            objects: totals.objects.count,
            sql_files: totals.files.count,
        }
    }
}

/// Whether what was restored can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// The master key that is there opens every workspace.
    Opens,
    /// It is another one.
    Wrong,
    /// There is none.
    Missing,
    /// Its file holds something else.
    Unreadable,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What was copied.
    pub summary: Summary,
    /// Whether it can be opened.
    pub key: KeyState,
    /// Where the master key belongs when it is not given in another way.
    pub key_path: PathBuf,
}

/// Writes the ledger of `place` into a new archive `file`, while others may work on it. With `replace`
/// a file that is there is replaced when the new one is complete.
///
/// # Errors
/// [`ArchiveError`]; then the file is as it was before.
pub fn backup(place: &Place, file: &Path, replace: bool, told: Told<'_>) -> Result<Summary, ArchiveError> {
    if file.exists() && !replace {
        return Err(ArchiveError::Exists { path: file.into() });
    }
    let mut tried = 1;
    loop {
        match attempt(place, file, told) {
            // A run was deleted or parked anew meanwhile, and its object is gone. The next state has another.
            Err(ArchiveError::Objects(ObjectsError::Missing { .. })) if tried < ATTEMPTS_MAX => tried += 1,
            result => return result,
        }
    }
}

fn attempt(place: &Place, file: &Path, told: Told<'_>) -> Result<Summary, ArchiveError> {
    let mut source = Source::open(place)?;
    let draft = Draft::create(file)?;
    let header = source.header(place.options.version);
    let out = BufWriter::with_capacity(PIECE_BYTES, &draft.file);
    let mut archive = Writer::begin(out, draft.path.clone(), &header)?;
    let totals = source.replay(&mut archive, file, told)?;
    drop(source);
    drop(archive.finish()?);
    draft.file.sync_all().map_err(|error| ArchiveError::file("write", &draft.path, error))?;
    let found = Reader::open(&draft.path)?.check(told)?;
    if found != totals {
        let what = "rows, objects or files".to_owned();
        return Err(ArchiveError::ReadBack { place: draft.path.display().to_string(), what });
    }
    draft.keep(file)?;
    Ok(Summary::of(&header, &totals))
}

/// Reads an archive and says what it holds, if it is whole and this program understands it.
///
/// # Errors
/// [`ArchiveError`] that says what is wrong with it.
pub fn check(file: &Path, told: Told<'_>) -> Result<Summary, ArchiveError> {
    let mut archive = Reader::open(file)?;
    let totals = archive.check(told)?;
    Ok(Summary::of(&archive.header, &totals))
}

/// Writes the ledger of an archive into `place`, which must have none.
///
/// # Errors
/// [`ArchiveError`]; then `place` has no ledger still. Objects may have been left behind, which is logged.
pub fn restore(file: &Path, place: &Place, told: Told<'_>) -> Result<Restored, ArchiveError> {
    let mut archive = Reader::open(file)?;
    let totals = archive.check(told)?;
    let mut target = Target::begin(place, archive.header.schema, None, None)?;
    let written = {
        let mut counted = Counted::begin(told, Stage::Rows, Some(totals.count()));
        archive.replay(&mut target, &mut |done| counted.set(done))
    };
    let finished = written.and_then(|totals| target.finish(&totals, told)).inspect_err(|_| target.abandon());
    let summary = Summary::of(&archive.header, &totals);
    Ok(Restored { summary, key: finished?, key_path: target.key_path() })
}

/// Writes the ledger of `from`, on which nobody may work, into `to`, which must have none. Objects stay
/// where they are when both have the same place for them.
///
/// # Errors
/// [`ArchiveError`]; then `to` has no ledger still. Objects may have been left behind, which is logged.
pub fn copy(from: &Place, to: &Place, told: Told<'_>) -> Result<Restored, ArchiveError> {
    let mut source = Source::open_at_rest(from)?;
    let header = source.header(from.options.version);
    let mut target = Target::begin(to, header.schema, Some(source.objects()), source.folder())?;
    let written = source.replay(&mut target, &to.folder.join("sql"), told);
    let finished = written.and_then(|totals| Ok((totals, target.finish(&totals, told)?)));
    let (totals, key) = finished.inspect_err(|_| target.abandon())?;
    Ok(Restored { summary: Summary::of(&header, &totals), key, key_path: target.key_path() })
}

/// An archive that is not complete yet. Removed when it is dropped.
struct Draft {
    file: File,
    path: PathBuf,
}

impl Draft {
    fn create(file: &Path) -> Result<Self, ArchiveError> {
        let mut path = file.as_os_str().to_owned();
        path.push(".draft");
        let path = PathBuf::from(path);
        // One that was left behind may be readable for others.
        let created = match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => folder::open_private(&path),
        };
        let file = created.map_err(|error| ArchiveError::file("write", &path, error))?;
        Ok(Self { file, path })
    }

    /// Gives it its name.
    fn keep(self, path: &Path) -> Result<(), ArchiveError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let kept = fs::rename(&self.path, path).and_then(|()| File::open(folder)?.sync_all());
        kept.map_err(|error| ArchiveError::file("write", path, error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Not there any more when it was kept.
        let _ = fs::remove_file(&self.path);
    }
}
