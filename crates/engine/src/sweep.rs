//! The sweep: finds in the ledger what has to be done and is not in memory.
//!
//! It takes up what a node that is gone left behind, fetches timers before they fall due, refills
//! the queue when it overflowed, and asks VMs to leave that have waited for long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fermata_model::{Millis, RunId, RunStatus};
use fermata_store::{CallKey, ReadError};

use crate::cell::Mail;
use crate::executor::Executors;
use crate::inner::Inner;
use crate::neighbours::Claims;
use crate::timers::{HORIZON_MS, Timer};

/// Runs in the queue beyond which accepted ones stay in the ledger.
pub(crate) const QUEUE_MAX: usize = 100_000;
/// Rows fetched at once.
const PAGE: u32 = 2_000;
/// How often the ledger is asked for timers, and for work that nobody was told of.
const EVERY: Rhythm = Rhythm { timers: Duration::from_secs(20), work: Duration::from_secs(30) };
/// The same where others write to the ledger as well, and what they tell may be lost.
const EVERY_SHARED: Rhythm = Rhythm { timers: Duration::from_secs(3), work: Duration::from_secs(3) };
/// How often memory is looked at.
const TICK: Duration = Duration::from_millis(20);
/// How often it is looked for runs to claim that nobody told of.
const CLAIM_EVERY: Duration = Duration::from_millis(500);
/// How often the ledger is asked for the ends of runs that other nodes own.
const OTHERS_EVERY: Duration = Duration::from_millis(100);
/// VMs asked to leave in one tick.
const LEAVE_MAX: usize = 256;
/// A timer that another node should have seen to is seen to after this time.
const NEGLECTED_MS: Millis = 1_000;

/// How often the ledger is looked at.
struct Rhythm {
    timers: Duration,
    work: Duration,
}

/// When what is done next.
struct Schedule {
    rhythm: Rhythm,
    timers_at: Instant,
    work_at: Instant,
    claim_at: Instant,
    claims: Claims,
    others_at: Instant,
}

/// Sweeps until the engine stops.
pub(crate) fn run(inner: &Arc<Inner>, executors: &Arc<Executors>) {
    let now = Instant::now();
    let is_shared = inner.store.node_id().is_some();
    let rhythm = if is_shared { EVERY_SHARED } else { EVERY };
    let claims = Claims::new();
    let mut schedule =
        Schedule { rhythm, timers_at: now, work_at: now, claim_at: now, claims, others_at: now };
    while !inner.is_stopping() {
        let now = Instant::now();
        if inner.look_around.swap(false, Ordering::SeqCst) {
            (schedule.timers_at, schedule.work_at, schedule.claim_at) = (now, now, now);
        }
        schedule.sweep_ledger(inner, now);
        if is_shared {
            schedule.sweep_neighbours(inner, now);
        }
        if let Some(since) = now.checked_sub(inner.settings.resident_for) {
            for (cell, turn) in inner.residents.take_idle(since, LEAVE_MAX) {
                inner.put_down(&cell, turn);
            }
        }
        executors.relieve();
        inner.sweep_now.wait(TICK);
    }
}

impl Schedule {
    fn sweep_ledger(&mut self, inner: &Inner, now: Instant) {
        // Not at once for each of many: they are looked for with every tick at most.
        if inner.new_timers.swap(false, Ordering::SeqCst) || now >= self.timers_at {
            self.timers_at = now + self.rhythm.timers;
            report(fetch_timers(inner));
        }
        let refill = inner.overflowed.load(Ordering::SeqCst) && inner.ready.len() < QUEUE_MAX / 2;
        if refill || now >= self.work_at {
            self.work_at = now + self.rhythm.work;
            report(take_up(inner));
            report(inner.open_letters());
        }
    }

    fn sweep_neighbours(&mut self, inner: &Inner, now: Instant) {
        report(inner.tell_announced());
        if inner.claim.swap(false, Ordering::SeqCst) || now >= self.claim_at {
            self.claim_at = now + CLAIM_EVERY;
            match self.claims.claim(inner) {
                Ok(true) => inner.claim.store(true, Ordering::SeqCst),
                Ok(false) => {}
                Err(error) => report(Err(error)),
            }
        }
        if now >= self.others_at {
            self.others_at = now + OTHERS_EVERY;
            report(inner.tell_of_others());
        }
    }
}

fn report(swept: Result<(), ReadError>) {
    if let Err(error) = swept {
        tracing::error!(error = &error as &dyn std::error::Error, "Ledger cannot be swept");
    }
}

/// Takes up runs that have something to do and are not in memory.
fn take_up(inner: &Inner) -> Result<(), ReadError> {
    inner.overflowed.store(false, Ordering::SeqCst);
    let mut after: Option<RunId> = None;
    loop {
        let page = inner.store.unfinished_runs(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for run in page {
            if inner.ready.len() >= QUEUE_MAX {
                inner.overflowed.store(true, Ordering::SeqCst);
                return Ok(());
            }
            let later =
                run.status == RunStatus::Queued && run.start_at.is_some_and(|at| at > inner.clock.now());
            if !later && inner.find(run.id).is_none() {
                inner.post_as(&run.workspace, run.id, run.priority, Mail::Wake);
            }
        }
    }
    wake_suspended(inner)
}

/// Takes up suspended runs with an outcome nobody handed in, or a call nobody makes.
fn wake_suspended(inner: &Inner) -> Result<(), ReadError> {
    let mut after: Option<RunId> = None;
    loop {
        let page = inner.store.runs_to_wake(after, PAGE)?;
        let Some((_, last)) = page.last() else { break };
        after = Some(*last);
        for (workspace, run) in page {
            if inner.find(run).is_none() {
                inner.post(&workspace, run, Mail::Wake);
            }
        }
    }
    let mut after: Option<CallKey> = None;
    loop {
        let page = inner.store.service_calls_to_redo(after.as_ref(), PAGE)?;
        for call in &page {
            let is_under_way = inner.find(call.run).is_some() || inner.is_in_flight(call.run, call.number);
            if !is_under_way {
                inner.post(&call.workspace, call.run, Mail::Wake);
            }
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// Brings what falls due within the horizon into memory.
fn fetch_timers(inner: &Inner) -> Result<(), ReadError> {
    let until = inner.clock.now() + HORIZON_MS;
    let share = Share::of(inner)?;
    fetch_due_calls(inner, &share, until)?;
    let starts = inner.store.due_starts(until, PAGE)?;
    let deadlines = inner.store.deadlines(until, PAGE)?;
    for due in starts.into_iter().chain(deadlines) {
        share.set(inner, Timer { due: due.at, run: due.id, call: None, workspace: due.workspace });
    }
    Ok(())
}

/// Whose timers this node sees to: each run has one node that does, by its id, so that not all of
/// them reach for it at once.
struct Share {
    nodes: u64,
    own: u64,
}

impl Share {
    fn of(inner: &Inner) -> Result<Self, ReadError> {
        let Some(node) = inner.store.node_id() else { return Ok(Self { nodes: 1, own: 0 }) };
        let nodes = inner.store.nodes()?;
        let up: Vec<i64> = nodes.iter().filter(|node| node.state == "up").map(|node| node.id).collect();
        let count = u32::try_from(up.len()).unwrap_or(u32::MAX).max(1);
        inner.nodes_up.store(count, Ordering::Relaxed);
        let own = up.iter().position(|up| *up == node).unwrap_or(0);
        Ok(Self { nodes: up.len().max(1) as u64, own: own as u64 })
    }

    fn set(&self, inner: &Inner, timer: Timer) {
        let id = timer.run.as_bytes();
        let place = u64::from(u16::from_be_bytes([id[14], id[15]])) % self.nodes;
        if place == self.own
            || timer.due + NEGLECTED_MS < inner.clock.now()
            || inner.find(timer.run).is_some()
        {
            inner.timers.set(timer);
        }
    }
}

fn fetch_due_calls(inner: &Inner, share: &Share, until: Millis) -> Result<(), ReadError> {
    // The pages overlap where several calls fall due in the same millisecond: they are asked for by
    // ever larger size until one is not full.
    let mut limit = PAGE;
    loop {
        let due = inner.store.due_calls(until, limit)?;
        let is_all = u32::try_from(due.len()).unwrap_or(u32::MAX) < limit;
        if is_all || limit >= DUE_CALLS_MAX {
            for (due, key) in due {
                let CallKey { workspace, run, number } = key;
                share.set(inner, Timer { due, run, call: Some(number), workspace });
            }
            return Ok(());
        }
        limit = limit.saturating_mul(8);
    }
}

/// Most timers fetched by one sweep; the next sweep brings the rest.
const DUE_CALLS_MAX: u32 = 1_024_000;
