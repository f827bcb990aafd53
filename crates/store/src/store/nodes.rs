//! What a node needs where several share the ledger: owning runs, telling others, and knowing who
//! they are. On an embedded store there is one node, and nothing to do.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use fermata_model::record::Run;
use fermata_model::{Json, RunId, WorkspaceId};

use super::Store;
use crate::backend::{Backend, Shared};
use crate::error::{OpenError, ReadError};
use crate::postgres::lease::{Lease, LeaseNews};
use crate::postgres::listen::{self, Notice};
use crate::tables::letters;
use crate::tables::nodes::{self, NodeRecord};
use crate::tables::runs;
use crate::tables::runs::wake::UnfinishedRun;
use crate::value::values;

/// How often a run that nobody owns is reached for.
const CLAIMS_TRIED: u32 = 3;
/// The number of no node.
const NOBODY: i64 = 0;
/// Letters read at once.
const LETTERS_READ: u32 = 1_000;

/// Whether a run is this node's to execute.
#[derive(Debug)]
pub enum Taken {
    /// It is, from here on, until it ends or is released. Also said of a run that has ended.
    Mine(Box<Run>),
    /// Another node owns it.
    Elsewhere {
        /// The node's number.
        node: i64,
    },
    /// There is no such run.
    Unknown,
}

impl Store {
    pub(super) fn shared(&self) -> Option<&Shared> {
        match &self.inner.backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(shared) => Some(shared),
        }
    }

    /// The number of this node, where several share the ledger.
    pub fn node_id(&self) -> Option<i64> {
        self.shared().map(|shared| shared.node.id)
    }

    /// Whether another node or process has taken over, so that nothing can be written any more.
    pub fn is_deposed(&self) -> bool {
        self.shared().is_some_and(|shared| shared.deposed.load(Ordering::SeqCst))
    }

    /// Starts giving signs of life, where several nodes share the ledger. To be called at once when the
    /// node has something long to do before it joins the others.
    ///
    /// # Errors
    /// [`OpenError`] when a thread cannot be started.
    pub fn give_signs(&self) -> Result<(), OpenError> {
        let Some(shared) = self.shared() else { return Ok(()) };
        if shared.gives_signs.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let lease = Lease {
            server: shared.server.clone(),
            node: shared.node,
            lease: shared.lease,
            deposed: shared.deposed.clone(),
            closing: shared.closing.clone(),
            news: shared.news.clone(),
        };
        let thread = lease.start().map_err(|error| super::no_thread(&self.inner.folder, error))?;
        self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// Starts giving signs of life and listening, where several nodes share the ledger. What is
    /// learned is told on threads of the store, so it must be quick.
    ///
    /// # Errors
    /// [`OpenError`] when a thread cannot be started.
    pub fn join(
        &self,
        news: impl Fn(LeaseNews) + Send + 'static,
        notice: impl Fn(Notice) + Send + 'static,
    ) -> Result<(), OpenError> {
        let Some(shared) = self.shared() else { return Ok(()) };
        shared.news.told_by(Box::new(news));
        self.give_signs()?;
        let no_thread = |error| super::no_thread(&self.inner.folder, error);
        let listening = listen::start(shared.server.clone(), shared.closing.clone(), Box::new(notice));
        let mut threads = self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(listening.map_err(no_thread)?);
        Ok(())
    }

    /// A run, made this node's if nobody owns it.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn take_up(&self, workspace: &WorkspaceId, id: RunId) -> Result<Taken, ReadError> {
        let Some(shared) = self.shared() else {
            return Ok(self.run(workspace, id)?.map_or(Taken::Unknown, |run| Taken::Mine(Box::new(run))));
        };
        for _ in 0..CLAIMS_TRIED {
            let (owner, run) = self.read("runs", |db| {
                db.gather(|db| Ok((runs::own::owner(db, workspace, id)?, runs::get(db, workspace, id)?)))
            })?;
            let (Some((owner, is_ended)), Some(run)) = (owner, run) else { return Ok(Taken::Unknown) };
            match owner {
                Some(node) if node != shared.node.id && !is_ended => return Ok(Taken::Elsewhere { node }),
                None if !is_ended => self.claim(workspace, id)?,
                _ => return Ok(Taken::Mine(Box::new(run))),
            }
        }
        // This node may own nothing any more.
        Ok(Taken::Elsewhere { node: NOBODY })
    }

    /// Makes a run that nobody owns this node's, unless another one is faster.
    fn claim(&self, workspace: &WorkspaceId, id: RunId) -> Result<(), ReadError> {
        let Some(shared) = self.shared() else { return Ok(()) };
        let node = shared.node;
        self.read("runs", |db| runs::own::claim(db, workspace, id, node.id, node.epoch).map(drop))
    }

    /// Makes up to `limit` runs with ids after `after` this node's that may execute now and that nobody
    /// owns. An embedded store owns all there are: see [`Store::unfinished_runs`].
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn claim_runs(&self, after: Option<RunId>, limit: u32) -> Result<Vec<UnfinishedRun>, ReadError> {
        let Some(shared) = self.shared() else { return Ok(Vec::new()) };
        let (node, now) = (shared.node, crate::open::now());
        self.read("runs", |db| runs::own::claim_some(db, node.id, node.epoch, now, after, limit))
    }

    /// Gives up what this node still owns and says that it is gone. To be called last, when nothing
    /// more will be written.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails; then others take the runs when the lease is over.
    pub fn leave(&self) -> Result<(), ReadError> {
        const RELEASED_AT_ONCE: u32 = 2_000;
        let Some(shared) = self.shared() else { return Ok(()) };
        let node = shared.node;
        self.read("nodes", |db| {
            // First, so that nothing is claimed any more.
            let sql = "
                update nodes
                set state = 'down'
                where id = ?1 and epoch = ?2
                returning 1";
            db.rows(sql, values![node.id, node.epoch], |cells| cells.take::<i64>())?;
            while runs::own::release_some(db, node.id, RELEASED_AT_ONCE)? == RELEASED_AT_ONCE as usize {}
            db.rows("select 1 from pg_notify('fermata', 'work')", &[], |cells| cells.take::<i64>())?;
            Ok(())
        })
    }

    /// Tells all nodes something. It may be lost.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn tell(&self, notice: &Notice) -> Result<(), ReadError> {
        if self.shared().is_none() {
            return Ok(());
        }
        let payload = notice.payload();
        let sql = "
            select 1
            from pg_notify('fermata', ?1)";
        self.read("notices", |db| db.rows(sql, values![&payload], |cells| cells.take::<i64>()).map(drop))
    }

    /// All nodes there are and were, by name.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn nodes(&self) -> Result<Vec<NodeRecord>, ReadError> {
        self.read("nodes", |db| nodes::list(db))
    }

    /// Asks a node to hand its runs over and to end. Says whether it was up.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn drain_node(&self, name: &str) -> Result<bool, ReadError> {
        self.read("nodes", |db| nodes::set_state(db, name, "draining", ["up", "draining"]))
    }

    /// The runs with letters that nobody else will answer.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn runs_with_letters(&self) -> Result<Vec<(WorkspaceId, RunId)>, ReadError> {
        let Some(node) = self.node_id() else { return Ok(Vec::new()) };
        self.read("letters", |db| letters::list_addressees(db, node, LETTERS_READ))
    }

    /// The answer to a letter: nothing inside while there is none, nothing at all when the letter is
    /// gone.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn letter_answer(&self, id: &[u8; 16]) -> Result<Option<Option<Json>>, ReadError> {
        self.read("letters", |db| letters::answer(db, id))
    }
}
