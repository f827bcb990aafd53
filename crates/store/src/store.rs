//! The handle: what the rest of the system calls.

mod read;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use fermata_model::WorkspaceId;
use fermata_model::seal::Key;
use tokio::sync::oneshot;

use crate::change::{Change, Group};
use crate::committer::{Committer, Counters, Queue};
use crate::error::{CommitError, OpenError, ReadError};
use crate::folder::Folder;
use crate::master_key;
use crate::open::{self, Opened, Options};
use crate::readers::Readers;
use crate::tables::workspaces;

/// An open store. Clones are cheap and mean the same store; it closes with the last of them.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    readers: Readers,
    queue: Arc<Queue>,
    counters: Arc<Counters>,
    committer: Mutex<Option<JoinHandle<()>>>,
    master_key: Key,
    workspace_keys: Mutex<HashMap<WorkspaceId, Key>>,
    folder: Arc<Folder>,
}

/// What the store has written since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions committed.
    pub commits: u64,
    /// Groups whose fate they decided.
    pub groups: u64,
    /// Changes in those groups.
    pub changes: u64,
    /// Rows written after merging the changes of one row.
    pub rows_written: u64,
    /// Present size of the database and its write-ahead log.
    pub size_bytes: u64,
}

impl Store {
    /// Opens the store in `folder`, making it when it is missing.
    ///
    /// # Errors
    /// [`OpenError`] when the folder is in use, may not be written, holds a damaged or newer
    /// database, or the master key is not the right one.
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let Opened { folder, connection, epoch, master_key } = open::open(folder, options)?;
        let (queue, counters) = (Arc::<Queue>::default(), Arc::<Counters>::default());
        let committer = Committer {
            connection,
            epoch,
            queue: queue.clone(),
            counters: counters.clone(),
            folder: folder.clone(),
        };
        let thread = committer
            .start()
            .map_err(|error| OpenError::io("start the committer of", folder.path(), error))?;
        let inner = Inner {
            readers: Readers::new(folder.database()),
            queue,
            counters,
            committer: Mutex::new(Some(thread)),
            master_key,
            workspace_keys: Mutex::default(),
            folder,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The store's folder.
    pub fn path(&self) -> &Path {
        self.inner.folder.path()
    }

    /// Hands a group to the committer. Does not wait for the disk, unless 65,536 changes wait
    /// already; then it waits for room.
    ///
    /// Groups take effect in the order they are submitted. Changes of one group and of groups that
    /// are committed together may become one write per row.
    pub fn submit(&self, group: Group) {
        if let Err(refused) = self.inner.queue.put(group)
            && let Some(done) = refused.done
        {
            done(Err(CommitError::Closed));
        }
    }

    /// Writes changes and waits until they are on disk. Must not be called in a group's `done`.
    ///
    /// # Errors
    /// [`CommitError`]; then none of the changes was written.
    pub fn commit(&self, changes: Vec<Change>) -> Result<(), CommitError> {
        let (tell, told) = mpsc::sync_channel(1);
        self.submit(Group::with(changes, move |fate| {
            // Nobody listens when the caller's thread has panicked.
            let _ = tell.send(fate);
        }));
        told.recv().unwrap_or(Err(CommitError::Closed))
    }

    /// Writes changes and waits until they are on disk, without blocking the thread for it (see
    /// [`Store::submit`] for when it blocks). Dropping the future does not take the changes back.
    ///
    /// # Errors
    /// [`CommitError`]; then none of the changes was written.
    pub async fn commit_async(&self, changes: Vec<Change>) -> Result<(), CommitError> {
        let (tell, told) = oneshot::channel();
        self.submit(Group::with(changes, move |fate| {
            // Nobody listens when the future was dropped.
            let _ = tell.send(fate);
        }));
        told.await.unwrap_or(Err(CommitError::Closed))
    }

    /// Writes what waits, and closes the files. Later submissions fail with
    /// [`CommitError::Closed`]; reads still work. The folder stays locked until the last clone is
    /// dropped.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Counters of the committer.
    pub fn stats(&self) -> Stats {
        let Inner { counters, folder, .. } = &*self.inner;
        let size = |path: PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
        Stats {
            commits: counters.commits.load(Ordering::Relaxed),
            groups: counters.groups.load(Ordering::Relaxed),
            changes: counters.changes.load(Ordering::Relaxed),
            rows_written: counters.rows.load(Ordering::Relaxed),
            size_bytes: size(folder.database()) + size(folder.write_ahead_log()),
        }
    }

    /// The data key of a workspace. Kept in memory after the first time.
    ///
    /// # Errors
    /// [`ReadError`] when the workspace does not exist, or its key does not open.
    pub fn workspace_key(&self, workspace: &WorkspaceId) -> Result<Key, ReadError> {
        let kept = &self.inner.workspace_keys;
        if let Some(key) = kept.lock().unwrap_or_else(PoisonError::into_inner).get(workspace) {
            return Ok(key.clone());
        }
        let wrapped = self.read("workspaces", |reader| workspaces::wrapped_key(reader, workspace))?;
        let wrapped = wrapped.ok_or_else(|| ReadError::NoWorkspace(workspace.clone()))?;
        let key = master_key::unwrap(&self.inner.master_key, workspace, &wrapped)
            .map_err(|source| ReadError::Key { workspace: workspace.clone(), source })?;
        kept.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace.clone(), key.clone());
        Ok(key)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Inner {
    fn close(&self) {
        self.queue.close();
        // A group's `done` may drop the last clone: the committer cannot wait for itself.
        if self.queue.is_consumer() {
            return;
        }
        // Before the committer's: the last connection to close empties the write-ahead log.
        self.readers.close();
        let thread = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("The committer panicked");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
