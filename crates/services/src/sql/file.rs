//! The SQLite file of each workspace: the embedded default.
//!
//! Statements are hostile, so a connection can do nothing but work on its one file, within limits. A call that writes
//! is done exactly once: its result is recorded in the same transaction as what it did.

mod fault;
mod params;
mod record;
mod room;
mod rules;
mod session;
mod work;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fermata_model::{CallError, Json, WorkspaceId};
use tokio::time::Instant;

use self::session::Session;
use super::call::Call;
use super::turns::Turns;
use crate::call::Failure;

/// Calls that are at work at the same time; each blocks a thread.
const AT_ONCE_MAX: usize = 8;
/// Connections kept open while nobody uses them.
const IDLE_MAX: usize = 8;
/// Only the user that the node runs as may look into the folder.
const FOLDER_MODE: u32 = 0o700;

/// The files of all workspaces.
pub(super) struct Files {
    turns: Turns,
    shelf: Arc<Shelf>,
}

/// Where the files are, and connections to them that nobody uses, the most recently used last.
struct Shelf {
    folder: PathBuf,
    idle: Mutex<Vec<(WorkspaceId, Session)>>,
}

/// Has the work of a call stop when the attempt is dropped.
#[derive(Default)]
struct Leash(Arc<AtomicBool>);

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Files {
    /// Files in a folder, which is made when it is first used.
    pub(super) fn new(folder: PathBuf) -> Self {
        let shelf = Shelf { folder, idle: Mutex::default() };
        Self { turns: Turns::new(AT_ONCE_MAX), shelf: Arc::new(shelf) }
    }

    /// Executes a call.
    pub(super) async fn perform(
        &self,
        workspace: &WorkspaceId,
        key: String,
        call: Call,
    ) -> Result<Json, Failure> {
        let turn = self.turns.take(workspace, call.time).await?;
        let (leash, shelf, workspace) = (Leash::default(), self.shelf.clone(), workspace.clone());
        let (is_dropped, deadline) = (leash.0.clone(), Instant::now() + call.time);
        let done = tokio::task::spawn_blocking(move || {
            // Held until the thread is free, however long the attempt has been gone.
            let _turn = turn;
            let session = shelf.take(&workspace).map_err(|error| fault::of_file(&error))?;
            let done = session.within(deadline, is_dropped, |session| work::perform(session, &key, &call));
            let result = if session.has_filled_the_disk() { Err(fault::no_room()) } else { done };
            shelf.put_back(workspace, session);
            result
        });
        let stopped = |_| CallError::passing("stopped", "tools.sql: the thread at work stopped");
        Ok(done.await.map_err(stopped)??)
    }
}

impl Shelf {
    fn take(&self, workspace: &WorkspaceId) -> rusqlite::Result<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = idle.iter().rposition(|(owner, _)| owner == workspace) {
            return Ok(idle.remove(at).1);
        }
        drop(idle);
        // When it fails, opening the file fails too, and says why.
        let _ = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&self.folder);
        Session::open(&self.folder.join(format!("{workspace}.sqlite")))
    }

    fn put_back(&self, workspace: WorkspaceId, session: Session) {
        if !session.is_clean() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((workspace, session));
        let oldest = (idle.len() > IDLE_MAX).then(|| idle.remove(0));
        drop(idle);
        // Closing may write.
        drop(oldest);
    }
}
