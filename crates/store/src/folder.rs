//! The store's folder: making it, locking it, and the files in it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::error::OpenError;

/// Only the owner enters.
const FOLDER_MODE: u32 = 0o700;
/// Only the owner reads and writes.
const FILE_MODE: u32 = 0o600;
/// What every SQLite database begins with.
const DATABASE_MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Bytes of the database's header.
const HEADER_BYTES: usize = 100;

/// A folder that this process has for itself until the value is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder when it is missing, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        if !path.is_dir() {
            make_private(path).map_err(|error| OpenError::io("create the folder", path, error))?;
        }
        let lock_path = path.join("fermata.lock");
        let mut lock = open_private(&lock_path).map_err(|error| OpenError::io("open", &lock_path, error))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(OpenError::InUse { folder: path.into(), pid: read_pid(&mut lock) });
            }
            Err(error) => return Err(OpenError::io("lock", lock_path, error.into())),
        }
        let noted = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        noted.map_err(|error| OpenError::io("write", &lock_path, error))?;
        Ok(Self { path: path.into(), _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("fermata.db")
    }

    /// A database that is not complete yet.
    pub(crate) fn database_draft(&self) -> PathBuf {
        self.path.join("fermata.db.draft")
    }

    pub(crate) fn write_ahead_log(&self) -> PathBuf {
        self.path.join("fermata.db-wal")
    }

    /// Where large values lie when nothing else is said.
    pub(crate) fn objects(&self) -> PathBuf {
        self.path.join("objects")
    }

    /// Where workspaces have their SQLite files.
    pub(crate) fn sql(&self) -> PathBuf {
        sql_of(&self.path)
    }

    /// Such files that are not complete yet.
    pub(crate) fn sql_draft(&self) -> PathBuf {
        self.path.join("sql.draft")
    }

    pub(crate) fn master_key(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// The name of this node: `given`, or the one in the file `node`, which is made when it is
    /// missing.
    pub(crate) fn node_name(&self, given: Option<&str>) -> Result<String, OpenError> {
        if let Some(name) = given {
            return Ok(name.to_owned());
        }
        let path = self.path.join("node");
        match fs::read_to_string(&path) {
            Ok(name) => return Ok(name.trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(OpenError::io("read", path, error)),
        }
        let name = format!("node-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        write_new(&path, format!("{name}\n").as_bytes())
            .map_err(|error| OpenError::io("write", &path, error))?;
        Ok(name)
    }

    /// Makes the database file when it is missing, and looks at its header when it is not.
    pub(crate) fn prepare_database(&self) -> Result<(), OpenError> {
        let path = self.database();
        let named = |error| OpenError::io("open", &path, error);
        let mut file = open_private(&path).map_err(named)?;
        let size = file.metadata().map_err(named)?.len();
        if size == 0 {
            return Ok(());
        }
        let corrupt = |reason: &str| Err(OpenError::Corrupt { path: path.clone(), reason: reason.into() });
        let mut header = [0; HEADER_BYTES];
        if let Err(error) = file.read_exact(&mut header) {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => corrupt("it is shorter than a database's header"),
                _ => Err(named(error)),
            };
        }
        if &header[..16] != DATABASE_MAGIC {
            return corrupt("it does not begin as a SQLite database does");
        }
        // With a write-ahead log the file may rightly be shorter than its header says.
        let log_bytes = fs::metadata(self.write_ahead_log()).map_or(0, |log| log.len());
        if log_bytes == 0 && size < bytes_promised(&header) {
            return corrupt("it is shorter than its header says");
        }
        Ok(())
    }
}

/// Where workspaces have their SQLite files, in a folder that is not held.
pub(crate) fn sql_of(folder: &Path) -> PathBuf {
    folder.join("sql")
}

/// Makes a folder that only the owner enters.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)
}

/// The size a database's header gives it.
fn bytes_promised(header: &[u8; HEADER_BYTES]) -> u64 {
    let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    page_bytes * u64::from(pages)
}

/// Opens a file, made for the owner alone when it is missing.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)
}

fn read_pid(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Writes a new file so that after a crash it is there whole or not at all.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = File::options().write(true).create(true).truncate(true).mode(FILE_MODE).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operating_system_errors_are_told_apart() {
        let named = |errno: rustix::io::Errno| OpenError::io("open", "/x", errno.into());
        assert!(matches!(named(rustix::io::Errno::ROFS), OpenError::ReadOnly { .. }));
        assert!(matches!(named(rustix::io::Errno::ACCESS), OpenError::ReadOnly { .. }));
        assert!(matches!(named(rustix::io::Errno::NOSPC), OpenError::Full { .. }));
        assert!(matches!(named(rustix::io::Errno::DQUOT), OpenError::Full { .. }));
        assert!(matches!(named(rustix::io::Errno::IO), OpenError::Io { .. }));
    }
}
