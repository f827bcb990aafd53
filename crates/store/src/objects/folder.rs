//! Objects as files of a folder.
//!
//! A file is written as a draft, made durable, and given its name in one step, so that under a name there is a
//! whole object or none. Drafts that a crash left behind are swept when the folder is opened.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use fermata_model::{Millis, WorkspaceId};
use uuid::Uuid;

use super::error::ObjectsError;
use super::name::ObjectName;
use super::{MANY_AT_ONCE, OBJECT_BYTES_MAX, ObjectInfo, fits};

/// Only the owner enters.
const FOLDER_MODE: u32 = 0o700;
/// Only the owner reads and writes.
const FILE_MODE: u32 = 0o600;
/// The folder of drafts. No workspace has a dot in its id.
const DRAFTS: &str = ".drafts";
/// How old a draft is that nobody is writing any more.
const DRAFT_AGE_MAX: Duration = Duration::from_secs(3600);
/// Most folders remembered as durable.
const FOLDERS_KNOWN_MAX: usize = 10_000;

/// A folder of objects.
pub(super) struct Folder {
    root: PathBuf,
    /// Folders whose own names are on disk.
    durable: Mutex<HashSet<(WorkspaceId, u8)>>,
}

impl Folder {
    /// Makes the folder when it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, ObjectsError> {
        let shown = path.display().to_string();
        let named = |error| ObjectsError::of_folder(shown.clone(), "make the folder".into(), &error);
        let root = std::path::absolute(path).map_err(named)?;
        let drafts = root.join(DRAFTS);
        let missing: Vec<_> = drafts.ancestors().take_while(|path| !path.exists()).collect();
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&drafts).map_err(named)?;
        missing.iter().filter_map(|made| made.parent()).try_for_each(sync_folder).map_err(named)?;
        sweep(&drafts).map_err(named)?;
        Ok(Self { root, durable: Mutex::default() })
    }

    pub(super) fn describe(&self) -> String {
        self.root.display().to_string()
    }

    pub(super) fn put(&self, name: &ObjectName, bytes: &[u8]) -> Result<(), ObjectsError> {
        self.write(name, bytes).map_err(|error| self.named("write", name, &error))
    }

    /// Writes with a few threads: while the disk makes one file durable, it takes in the next.
    pub(super) fn put_many(&self, objects: &[(ObjectName, Bytes)]) -> Result<(), ObjectsError> {
        let next = AtomicUsize::new(0);
        let write_rest = || -> Result<(), ObjectsError> {
            while let Some((name, bytes)) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
                // The others stop too: there is no more to take.
                self.put(name, bytes).inspect_err(|_| next.store(objects.len(), Ordering::Relaxed))?;
            }
            Ok(())
        };
        let helpers = objects.len().min(MANY_AT_ONCE).saturating_sub(1);
        thread::scope(|scope| {
            let spawn =
                |_| thread::Builder::new().name("fermata-objects".into()).spawn_scoped(scope, write_rest);
            let helpers: Vec<_> = (0..helpers).map(spawn).collect();
            let mut written = write_rest();
            // A helper that could not start has done nothing, and this thread has done its part.
            for helper in helpers.into_iter().flatten() {
                written = written.and(helper.join().unwrap_or_else(|_| Err(self.given_up())));
            }
            written
        })
    }

    pub(super) fn get(&self, name: &ObjectName) -> Result<Bytes, ObjectsError> {
        match self.read(name) {
            Ok((bytes, size)) => fits(name, size).map(|()| bytes),
            // A folder that is gone as a whole, perhaps with its disk, has not lost one object.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.root.is_dir() => {
                Err(ObjectsError::Missing { name: name.clone() })
            }
            Err(error) => Err(self.named("read", name, &error)),
        }
    }

    pub(super) fn delete(&self, names: &[ObjectName]) -> Result<u64, ObjectsError> {
        for name in names {
            match fs::remove_file(self.path(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(self.named("delete", name, &error));
                }
                _ => {}
            }
        }
        Ok(names.len() as u64)
    }

    pub(super) fn list(
        &self,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectInfo>, ObjectsError> {
        let mut listing = Listing { root: &self.root, after, limit, found: Vec::new() };
        let listed = listing.workspaces();
        listed
            .map_err(|error| ObjectsError::of_folder(self.describe(), "list the objects".into(), &error))?;
        Ok(listing.found)
    }

    fn path(&self, name: &ObjectName) -> PathBuf {
        self.root.join(name.to_string())
    }

    fn write(&self, name: &ObjectName, bytes: &[u8]) -> io::Result<()> {
        self.prepare(name)?;
        let draft = self.root.join(DRAFTS).join(Uuid::new_v4().simple().to_string());
        let path = self.path(name);
        let written = write_durably(&draft, bytes).and_then(|()| fs::rename(&draft, &path));
        if written.is_err() {
            // Best effort: the next opening sweeps what stays.
            let _ = fs::remove_file(&draft);
        }
        written?;
        path.parent().map_or(Ok(()), sync_folder)
    }

    /// Makes the folders the object lies in, durably. Also a folder that is there already is made durable,
    /// once: whoever made it may not have come that far.
    fn prepare(&self, name: &ObjectName) -> io::Result<()> {
        let folder = (name.workspace().clone(), name.shard());
        if self.durable().contains(&folder) {
            return Ok(());
        }
        let workspace = self.root.join(name.workspace().as_str());
        make_folder(&workspace)?;
        sync_folder(&self.root)?;
        make_folder(&workspace.join(format!("{:02x}", name.shard())))?;
        sync_folder(&workspace)?;
        let mut durable = self.durable();
        if durable.len() >= FOLDERS_KNOWN_MAX {
            durable.clear();
        }
        durable.insert(folder);
        Ok(())
    }

    fn durable(&self) -> MutexGuard<'_, HashSet<(WorkspaceId, u8)>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes and the size by the file's own account; of a file that is too large, only the size.
    fn read(&self, name: &ObjectName) -> io::Result<(Bytes, u64)> {
        let file = File::open(self.path(name))?;
        let size = file.metadata()?.len();
        if size > OBJECT_BYTES_MAX as u64 {
            return Ok((Bytes::new(), size));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        file.take(OBJECT_BYTES_MAX as u64).read_to_end(&mut bytes)?;
        Ok((bytes.into(), size))
    }

    fn named(&self, verb: &str, name: &ObjectName, error: &io::Error) -> ObjectsError {
        ObjectsError::of_folder(self.describe(), format!("{verb} the object {name}"), error)
    }

    fn given_up(&self) -> ObjectsError {
        ObjectsError::io(self.describe(), "write objects", "a thread gave up")
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Removes the drafts nobody is writing any more.
fn sweep(drafts: &Path) -> io::Result<()> {
    for entry in fs::read_dir(drafts)? {
        let entry = entry?;
        let age = entry.metadata().and_then(|draft| draft.modified()).map(|at| at.elapsed());
        if matches!(age, Ok(Ok(age)) if age > DRAFT_AGE_MAX) {
            // One that another process just removed is as good.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// A walk through the folder in the order of paths.
struct Listing<'a> {
    root: &'a Path,
    after: Option<&'a ObjectName>,
    limit: usize,
    found: Vec<ObjectInfo>,
}

impl Listing<'_> {
    fn workspaces(&mut self) -> io::Result<()> {
        let is_workspace = |name: &str| name.parse::<WorkspaceId>().is_ok();
        for workspace in self.folders("", is_workspace)? {
            for shard in self.folders(&workspace, |name| name.len() == 2)? {
                self.objects(&shard)?;
                if self.found.len() >= self.limit {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The folders within one that may hold what is to be listed, each with a slash at its end.
    fn folders(&self, within: &str, is_ours: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let after = self.after.map(ObjectName::to_string).unwrap_or_default();
        let mut folders = Vec::new();
        for entry in entries(&self.root.join(within))? {
            if let Some(name) = entry.file_name().to_str().filter(|name| is_ours(name)) {
                folders.push(format!("{within}{name}/"));
            }
        }
        folders.retain(|folder| after.starts_with(folder.as_str()) || *folder > after);
        folders.sort();
        Ok(folders)
    }

    fn objects(&mut self, shard: &str) -> io::Result<()> {
        let mut objects = Vec::new();
        for entry in entries(&self.root.join(shard))? {
            let name = entry.file_name().to_str().and_then(|name| format!("{shard}{name}").parse().ok());
            objects.extend(name.filter(|name: &ObjectName| self.after.is_none_or(|after| name > after)));
        }
        objects.sort();
        for name in objects {
            if self.found.len() >= self.limit {
                return Ok(());
            }
            match fs::metadata(self.root.join(name.to_string())) {
                Ok(file) => self.found.push(info(name, &file)?),
                // Deleted a moment ago.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What is in a folder; nothing when it is none.
fn entries(path: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(path) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn info(name: ObjectName, file: &Metadata) -> io::Result<ObjectInfo> {
    let since = file.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let modified_ms = Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX);
    Ok(ObjectInfo { name, bytes: file.len(), modified_ms })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_the_owner_may_look_at_objects() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("a/b");
        let folder = Folder::open(&root).unwrap();
        let name = ObjectName::new(WorkspaceId::default_workspace());
        folder.put(&name, b"bytes").unwrap();
        let path = folder.path(&name);
        assert_eq!(mode(&path), FILE_MODE);
        for above in path.ancestors().skip(1).take(3) {
            assert_eq!(mode(above), FOLDER_MODE, "{above:?}");
        }
        assert_eq!(path.ancestors().nth(3), Some(root.as_path()));
    }

    #[test]
    fn old_drafts_are_swept_and_none_are_left_behind() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        folder.put(&ObjectName::new(WorkspaceId::default_workspace()), b"bytes").unwrap();
        let drafts = place.path().join(DRAFTS);
        assert_eq!(fs::read_dir(&drafts).unwrap().count(), 0);
        let [old, young] = ["old", "young"].map(|name| drafts.join(name));
        fs::write(&young, "x").unwrap();
        let hours_ago = SystemTime::now() - 2 * DRAFT_AGE_MAX;
        File::create(&old).unwrap().set_modified(hours_ago).unwrap();
        Folder::open(place.path()).unwrap();
        assert!(!old.exists() && young.exists());
    }

    #[test]
    fn a_folder_that_is_gone_has_not_lost_one_object() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("objects");
        let folder = Folder::open(&root).unwrap();
        let name = ObjectName::new(WorkspaceId::default_workspace());
        assert!(matches!(folder.get(&name), Err(ObjectsError::Missing { .. })));
        fs::remove_dir_all(&root).unwrap();
        assert!(matches!(folder.get(&name), Err(ObjectsError::Io { .. })));
        assert!(matches!(folder.put(&name, b"x"), Err(ObjectsError::Io { .. })));
        assert!(!root.exists());
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let name = ObjectName::new(WorkspaceId::default_workspace());
        folder.put(&name, b"x").unwrap();
        let file = File::options().write(true).open(folder.path(&name)).unwrap();
        file.set_len(OBJECT_BYTES_MAX as u64 + 1).unwrap();
        assert!(matches!(folder.get(&name), Err(ObjectsError::TooLarge { .. })));
    }
}
