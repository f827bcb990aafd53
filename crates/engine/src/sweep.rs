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
use crate::clock;
use crate::executor::Executors;
use crate::inner::Inner;
use crate::timers::{HORIZON_MS, Timer};

/// Runs in the queue beyond which accepted ones stay in the ledger.
pub(crate) const QUEUE_MAX: usize = 100_000;
/// Rows fetched at once.
const PAGE: u32 = 2_000;
/// How often the ledger is asked for timers.
const TIMERS_EVERY: Duration = Duration::from_secs(20);
/// How often the ledger is asked for work that nobody was told of.
const WORK_EVERY: Duration = Duration::from_secs(30);
/// How often memory is looked at.
const TICK: Duration = Duration::from_millis(20);
/// VMs asked to leave in one tick.
const LEAVE_MAX: usize = 256;

/// Sweeps until the engine stops.
pub(crate) fn run(inner: &Arc<Inner>, executors: &Arc<Executors>) {
    let mut timers_at = Instant::now();
    let mut work_at = Instant::now();
    while !inner.is_stopping() {
        let now = Instant::now();
        if now >= timers_at {
            timers_at = now + TIMERS_EVERY;
            report(fetch_timers(inner));
        }
        let refill = inner.overflowed.load(Ordering::SeqCst) && inner.ready.len() < QUEUE_MAX / 2;
        if refill || now >= work_at {
            work_at = now + WORK_EVERY;
            report(take_up(inner));
        }
        if let Some(since) = now.checked_sub(inner.settings.resident_for) {
            for (cell, turn) in inner.residents.take_idle(since, LEAVE_MAX) {
                inner.put_down(&cell, turn);
            }
        }
        executors.relieve();
        std::thread::sleep(TICK);
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
            let later = run.status == RunStatus::Queued && run.start_at.is_some_and(|at| at > clock::now());
            if !later && inner.find(run.id).is_none() {
                inner.post(&run.workspace, run.id, Mail::Wake);
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
    let until = clock::now() + HORIZON_MS;
    fetch_due_calls(inner, until)?;
    let starts = inner.store.due_starts(until, PAGE)?;
    let deadlines = inner.store.deadlines(until, PAGE)?;
    for due in starts.into_iter().chain(deadlines) {
        inner.timers.set(Timer { due: due.at, run: due.id, call: None, workspace: due.workspace });
    }
    Ok(())
}

fn fetch_due_calls(inner: &Inner, until: Millis) -> Result<(), ReadError> {
    // The pages overlap where several calls fall due in the same millisecond: they are asked for by
    // ever larger size until one is not full.
    let mut limit = PAGE;
    loop {
        let due = inner.store.due_calls(until, limit)?;
        let is_all = u32::try_from(due.len()).unwrap_or(u32::MAX) < limit;
        if is_all || limit >= DUE_CALLS_MAX {
            for (due, key) in due {
                let CallKey { workspace, run, number } = key;
                inner.timers.set(Timer { due, run, call: Some(number), workspace });
            }
            return Ok(());
        }
        limit = limit.saturating_mul(8);
    }
}

/// Most timers fetched by one sweep; the next sweep brings the rest.
const DUE_CALLS_MAX: u32 = 1_024_000;
