//! The other nodes: what they tell this one, and what this one leaves to them.
//!
//! Where there is one node only, nothing here does anything.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fermata_model::RunId;
use fermata_store::{LeaseNews, Notice, OpenError, ReadError};

use crate::cell::Mail;
use crate::engine::Ending;
use crate::inner::Inner;

/// Runs in this node's queue beyond which new ones are left to whoever takes them.
const ENOUGH: usize = 1_024;
/// Runs claimed at once.
const CLAIMED_AT_ONCE: u32 = 256;
/// Runs in the queue below which more are claimed.
const FEW: usize = 256;
/// Most runs of other nodes whose end is looked for at once.
const AWAITED_MAX: usize = 500;

/// How much of the time may go into looking through all runs that nobody owns: one part in this many.
const SHARE_OF_WALKS: u32 = 10;

/// Where this node has claimed runs up to.
///
/// The claimed leave dead entries in the index, which the database cannot clear while any transaction
/// stays open. So what follows a claim is looked for behind it, and the whole is walked only now and
/// then, the more rarely the longer it takes: for runs of lower priority, and late ones with older ids.
pub(crate) struct Claims {
    up_to: Option<RunId>,
    walk_at: Instant,
}

impl Claims {
    /// Nothing was claimed yet.
    pub(crate) fn new() -> Self {
        Self { up_to: None, walk_at: Instant::now() }
    }

    /// Claims runs that nobody owns while this node has few. Says whether there may be more.
    pub(crate) fn claim(&mut self, inner: &Inner) -> Result<bool, ReadError> {
        if inner.is_stopping() || inner.ready.len() >= FEW {
            return Ok(true);
        }
        let began = Instant::now();
        let is_walk = began >= self.walk_at;
        let after = self.up_to.filter(|_| !is_walk);
        let claimed = inner.store.claim_runs(after, CLAIMED_AT_ONCE)?;
        if is_walk {
            self.walk_at = Instant::now() + began.elapsed() * SHARE_OF_WALKS;
        }
        let more = claimed.len() == CLAIMED_AT_ONCE as usize;
        self.up_to = claimed.iter().map(|run| run.id).chain(self.up_to).max();
        for run in claimed {
            inner.post_as(&run.workspace, run.id, run.priority, Mail::Wake);
        }
        Ok(more || !is_walk)
    }
}

/// Wakes a thread that waits for a while.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    /// Wakes the thread, or keeps it from falling asleep.
    pub(crate) fn notify(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.heard.notify_one();
    }

    /// Waits until somebody rings, for at most `wait`. Says whether somebody did.
    pub(crate) fn wait(&self, wait: Duration) -> bool {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        if !*rung {
            rung = self.heard.wait_timeout(rung, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::take(&mut *rung)
    }
}

/// Takes this node's place among the others.
pub(crate) fn join(inner: &Arc<Inner>) -> Result<(), OpenError> {
    let (for_news, for_notices) = (Arc::downgrade(inner), Arc::downgrade(inner));
    inner.store.join(
        move |news| {
            if let Some(inner) = for_news.upgrade() {
                hear_news(&inner, news);
            }
        },
        move |notice| {
            if let Some(inner) = for_notices.upgrade() {
                hear(&inner, notice);
            }
        },
    )
}

fn hear_news(inner: &Arc<Inner>, news: LeaseNews) {
    match news {
        LeaseNews::RunsReleased => {
            inner.look_around.store(true, Ordering::SeqCst);
            inner.sweep_now.notify();
        }
        LeaseNews::Drain => {
            inner.ending.send_replace(Some(Ending::Drained));
        }
        // It has left by itself.
        LeaseNews::Deposed if inner.is_stopping() => {}
        LeaseNews::Deposed => {
            tracing::error!("Others have taken this node's runs: it was silent for too long");
            inner.ending.send_replace(Some(Ending::Deposed));
        }
    }
}

fn hear(inner: &Arc<Inner>, notice: Notice) {
    match notice {
        Notice::Work => {
            inner.claim.store(true, Ordering::SeqCst);
            inner.sweep_now.notify();
        }
        Notice::Timers => inner.new_timers.store(true, Ordering::SeqCst),
        Notice::Run { node, workspace, run } if Some(node) == inner.store.node_id() => {
            inner.post(&workspace, run, Mail::Look);
        }
        Notice::Run { .. } => {}
        Notice::Answer(id) => inner.answers.came(&id),
        Notice::Task { workspace, name } => inner.programs.forget_latest(&workspace, &name),
        Notice::Anything => {
            inner.programs.forget_all_latest();
            inner.look_around.store(true, Ordering::SeqCst);
            inner.sweep_now.notify();
        }
    }
}

impl Inner {
    /// Whether new runs are better left to whoever takes them.
    pub(crate) fn has_enough(&self) -> bool {
        self.ready.len() >= ENOUGH && self.store.node_id().is_some()
    }

    /// There are runs for whoever takes them. Told to the others by the sweep, once for many.
    pub(crate) fn announce(&self) {
        self.claim.store(true, Ordering::SeqCst);
        if !self.announced.swap(true, Ordering::SeqCst) {
            self.sweep_now.notify();
        }
    }

    /// Tells the others what was announced.
    pub(crate) fn tell_announced(&self) -> Result<(), ReadError> {
        if self.announced.swap(false, Ordering::SeqCst) {
            self.store.tell(&Notice::Work)?;
        }
        Ok(())
    }

    /// Tells those who wait for runs that are not in memory what the ledger says of them.
    pub(crate) fn tell_of_others(&self) -> Result<(), ReadError> {
        for run in self.watchers.watched() {
            if self.find(run).is_none() {
                self.watchers.changed(run);
            }
        }
        for (workspace, run) in self.watchers.awaited(AWAITED_MAX) {
            if self.find(run).is_some() {
                continue;
            }
            match self.store.run(&workspace, run)? {
                Some(run) if run.state.status.is_ended() => self.watchers.ended(&Arc::new(run)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Has the runs looked at that other nodes have written to.
    pub(crate) fn open_letters(&self) -> Result<(), ReadError> {
        for (workspace, run) in self.store.runs_with_letters()? {
            self.post(&workspace, run, Mail::Look);
        }
        Ok(())
    }
}
