//! The handle: what the rest of the system calls.

pub(crate) mod collect;
pub(crate) mod nodes;
mod prune;
pub(crate) mod read;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use fermata_model::WorkspaceId;
use fermata_model::seal::Key;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

use crate::backend::{Backend, Shared};
use crate::change::{Change, Group};
use crate::committer::{Committer, Counters, Queue, Writer};
use crate::error::{CommitError, OpenError, ReadError};
use crate::folder::Folder;
use crate::objects::{Objects, ObjectsError, ObjectsPlace};
use crate::open::{DatabaseUrl, Options};
use crate::postgres::traffic::Traffic;
use crate::postgres::writer::PostgresWriter;
use crate::spill::{Carried, Spill};
use crate::sqlite::writer::SqliteWriter;
use crate::tables::workspaces;
use crate::{master_key, postgres, sqlite};

/// An open store. Clones are cheap and mean the same store; it closes with the last of them.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    queue: Arc<Queue>,
    counters: Arc<Counters>,
    /// The committer, and what else writes for this node.
    threads: Mutex<Vec<JoinHandle<()>>>,
    master_key: Key,
    spill: Spill,
    /// How far the objects have been gone through, and the ended runs.
    walk: Mutex<collect::Walk>,
    pruned: Mutex<prune::Walk>,
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
    /// Statements sent, reading ones included, where the database is not in the process.
    pub statements: u64,
    /// How often the database was waited for, where it is not in the process.
    pub round_trips: u64,
    /// Present size of the database and its write-ahead log.
    pub size_bytes: u64,
}

/// What both kinds of store are put together from.
struct Parts {
    folder: Arc<Folder>,
    spill: Spill,
    master_key: Key,
}

impl Store {
    /// Opens the store in `folder`, making it when it is missing. The folder belongs to this process
    /// alone, also where the ledger is in a PostgreSQL database.
    ///
    /// # Errors
    /// [`OpenError`] when the folder is in use, may not be written, the database cannot be reached,
    /// is damaged or has another schema, or the master key is not the right one.
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let folder = Arc::new(Folder::lock(folder)?);
        match options.database.clone() {
            None => Self::open_embedded(folder, &options),
            Some(url) => Self::open_shared(folder, &url, &options),
        }
    }

    fn open_embedded(folder: Arc<Folder>, options: &Options) -> Result<Self, OpenError> {
        let spill = open_spill(&folder, options)?;
        let sqlite::open::Opened { connection, epoch, master_key } = sqlite::open::open(&folder, options)?;
        let writer = SqliteWriter { connection, epoch, _folder: folder.clone() };
        let backend = Backend::sqlite(&folder);
        Self::assemble(backend, writer, Parts { folder, spill, master_key })
    }

    fn open_shared(folder: Arc<Folder>, url: &DatabaseUrl, options: &Options) -> Result<Self, OpenError> {
        let spill = open_spill(&folder, options)?;
        let opened = postgres::open::open(url, &folder, options)?;
        let postgres::open::Opened { server, connection, node, master_key } = opened;
        let shared = Shared::new(server.clone(), node, options.lease);
        let writer = PostgresWriter {
            server,
            connection: Some(connection),
            node,
            lease: options.lease,
            number: 0,
            deposed: shared.deposed.clone(),
            closing: shared.closing.clone(),
        };
        Self::assemble(Backend::Postgres(shared), writer, Parts { folder, spill, master_key })
    }

    /// Starts the committer over an opened database.
    fn assemble(backend: Backend, writer: impl Writer, parts: Parts) -> Result<Self, OpenError> {
        let Parts { folder, spill, master_key } = parts;
        let counters = Arc::<Counters>::default();
        let queue = Arc::<Queue>::default();
        let committer = Committer { writer, queue: queue.clone(), counters: counters.clone() };
        let thread = committer.start().map_err(|error| no_thread(&folder, error))?;
        let inner = Inner {
            backend,
            queue,
            counters,
            threads: Mutex::new(vec![thread]),
            master_key,
            spill,
            walk: Mutex::default(),
            pruned: Mutex::default(),
            folder,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The store's folder.
    pub fn path(&self) -> &Path {
        self.inner.folder.path()
    }

    /// Where workspaces may have SQLite files of their own, which backups take. There is no such place where several
    /// nodes share the ledger: each would have other files.
    pub fn sql_folder(&self) -> Option<PathBuf> {
        self.node_id().is_none().then(|| self.inner.folder.sql())
    }

    /// Hands a group to the committer. Does not wait for the disk, unless 65,536 changes wait
    /// already; then it waits for room. Values of more than [`INLINE_BYTES_MAX`](crate::INLINE_BYTES_MAX)
    /// bytes are written to the object store first, which it waits for; if that fails the group is told
    /// [`CommitError::Objects`].
    ///
    /// Groups take effect in the order they are submitted. Changes of one group and of groups that
    /// are committed together may become one write per row.
    pub fn submit(&self, mut group: Group) {
        // The committer's thread waits for nobody; what it submits stays in its rows.
        if self.inner.spill.has_large(&group.changes) && !self.inner.queue.is_consumer() {
            match off_the_workers(|| self.upload(&group)) {
                Ok(carried) => group.carried = carried,
                Err(error) => return group.done.map_or((), |done| done(Err(error))),
            }
        }
        if let Err(refused) = self.inner.queue.put(group)
            && let Some(done) = refused.done
        {
            done(Err(CommitError::Closed));
        }
    }

    fn upload(&self, group: &Group) -> Result<Carried, CommitError> {
        self.inner.spill.upload(&group.changes, |workspace| self.workspace_key(workspace))
    }

    /// The object store of this ledger.
    ///
    /// # Errors
    /// [`ObjectsError`] when it is a folder that cannot be made.
    pub fn objects(&self) -> Result<&Objects, ObjectsError> {
        self.inner.spill.objects()
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
        let traffic = self.shared().map(|shared| &*shared.server.traffic);
        Stats {
            commits: counters.commits.load(Ordering::Relaxed),
            groups: counters.groups.load(Ordering::Relaxed),
            changes: counters.changes.load(Ordering::Relaxed),
            rows_written: counters.rows.load(Ordering::Relaxed),
            statements: traffic.map_or(0, Traffic::statements),
            round_trips: traffic.map_or(0, Traffic::round_trips),
            size_bytes: self.size_bytes(folder),
        }
    }

    fn size_bytes(&self, folder: &Folder) -> u64 {
        let size = |path: PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
        match &self.inner.backend {
            Backend::Sqlite(_) => size(folder.database()) + size(folder.write_ahead_log()),
            Backend::Postgres(_) => {
                let sql = "
                    select pg_database_size(current_database())";
                let read = self.read("sizes", |db| db.row(sql, &[], |cells| cells.take()));
                // Shown to people; a database that does not answer is told of elsewhere.
                read.ok().flatten().unwrap_or(0)
            }
        }
    }

    /// The data key of a workspace. Kept in memory after the first time.
    ///
    /// # Errors
    /// [`ReadError`] when the workspace does not exist, or its key does not open.
    pub fn workspace_key(&self, workspace: &WorkspaceId) -> Result<Key, ReadError> {
        if let Some(key) = self.inner.spill.known_key(workspace) {
            return Ok(key);
        }
        let wrapped = self.read("workspaces", |reader| workspaces::wrapped_key(reader, workspace))?;
        let wrapped = wrapped.ok_or_else(|| ReadError::NoWorkspace(workspace.clone()))?;
        let key = master_key::unwrap(&self.inner.master_key, workspace, &wrapped)
            .map_err(|source| ReadError::Key { workspace: workspace.clone(), source })?;
        self.inner.spill.learn_key(workspace, &key);
        Ok(key)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path()).finish_non_exhaustive()
    }
}

/// The object store that the options name, or the one in the folder.
fn open_spill(folder: &Folder, options: &Options) -> Result<Spill, OpenError> {
    match &options.objects {
        Some(place) => Spill::to(place).map_err(|source| OpenError::Objects { source }),
        None => Ok(Spill::later(ObjectsPlace::Folder(folder.objects()), options.database.is_none())),
    }
}

/// Does work that waits. On a thread that drives asynchronous tasks, others take them over meanwhile.
fn off_the_workers<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn no_thread(folder: &Folder, error: std::io::Error) -> OpenError {
    OpenError::io("start the threads of", folder.path(), error)
}

impl Inner {
    fn close(&self) {
        self.queue.close();
        // A group's `done` may drop the last clone: the committer cannot wait for itself.
        if self.queue.is_consumer() {
            return;
        }
        // Before the committer's: the last connection to close empties the write-ahead log.
        self.backend.close();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.is_empty() {
            return;
        }
        let committer = threads.remove(0);
        if committer.join().is_err() {
            tracing::error!("The committer panicked");
        }
        // The others write nothing that anybody waits for, and end on their own.
        if let Backend::Postgres(shared) = &self.backend {
            shared.closing.store(true, Ordering::SeqCst);
        }
        threads.drain(..).for_each(|thread| thread.thread().unpark());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
