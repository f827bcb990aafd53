//! Outward calls on their way: attempts, in tasks of their own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};

use fermata_model::limits::LOG_MESSAGE_BYTES_MAX;
use fermata_model::record::Call;
use fermata_model::{CallError, CallNumber, Json, RunId, WorkspaceId};
use fermata_services::{Attempted, Failure, Progress, Request, Way};

use crate::cell::Mail;
use crate::inner::Inner;
use crate::policies::Rules;
use crate::programs::Program;
use crate::service::{idempotency_key, state};
use crate::vault::TaskVault;

/// One attempt that is due.
pub(crate) struct Attempt {
    pub(crate) workspace: WorkspaceId,
    pub(crate) run: RunId,
    pub(crate) program: Arc<Program>,
    rules: Arc<Rules>,
    pub(crate) number: CallNumber,
    pub(crate) attempt: u32,
    service: String,
    pub(crate) method: String,
    pub(crate) args: Json,
}

impl Attempt {
    /// The attempt that the call's state says is under way.
    pub(crate) fn of(call: &Call, program: &Arc<Program>, rules: Arc<Rules>) -> Self {
        Self {
            workspace: call.workspace.clone(),
            run: call.run,
            program: program.clone(),
            rules,
            number: call.number,
            attempt: call.state.attempts,
            service: call.birth.service.clone(),
            method: call.birth.method.clone(),
            args: call.birth.args.clone(),
        }
    }

    /// Whether it is an attempt of this call.
    pub(crate) fn is_of(&self, call: &Call) -> bool {
        self.run == call.run && self.number == call.number
    }
}

/// Begins an attempt whose beginning is on disk.
pub(crate) fn begin(inner: &Arc<Inner>, attempt: Attempt) {
    if inner.is_stopping() {
        return;
    }
    let key = (attempt.run, attempt.number);
    // Locked over the start, so that the end of the attempt finds its entry.
    let mut in_flight = inner.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
    let task = inner.tokio.spawn(make(inner.clone(), attempt));
    if let Some(older) = in_flight.insert(key, task.abort_handle()) {
        older.abort();
    }
}

async fn make(inner: Arc<Inner>, attempt: Attempt) {
    let (workspace, run) = (attempt.workspace.clone(), attempt.run);
    let (number, count) = (attempt.number, attempt.attempt);
    let Some(result) = in_turn(&inner, attempt).await else { return };
    // It counts as under way until the run has opened the letter: a run that comes from the ledger
    // to do so would otherwise begin another attempt.
    inner.post(&workspace, run, Mail::Attempted { number, attempt: count, result });
}

/// Waits for the turn of an attempt and makes it. Nothing when its run begins again from the ledger.
async fn in_turn(inner: &Arc<Inner>, attempt: Attempt) -> Option<Attempted> {
    if attempt.service == state::NAME {
        return state::attempt(inner, &attempt).await;
    }
    let rate = attempt.rules.rate(&attempt.service);
    let nodes = inner.nodes_up.load(Ordering::Relaxed);
    let _turn = inner.rates.turn(&attempt.workspace, &attempt.service, rate, nodes).await;
    // Waits for a place when very many calls are on their way.
    let _place = inner.outward_places.acquire().await.ok()?;
    Some(ask(inner, attempt).await)
}

async fn ask(inner: &Arc<Inner>, attempt: Attempt) -> Attempted {
    let log = RunLog::of(inner, &attempt);
    let Attempt { workspace, run, program, rules, number, service: name, method, args, .. } = attempt;
    let Some(service) = inner.services.get(&name) else {
        let message = format!("There is no service tools.{name}");
        return Err(Failure::plain(CallError::fatal("unknown_service", message)));
    };
    let task = &program.version.name;
    let policy = service.check(&method, &args).map_err(Failure::plain)?;
    let mut egress = inner.settings.egress.clone();
    egress.timeout = egress.timeout.max(policy.timeout);
    // Other services have hosts of their own, which come with them.
    if name == "http" {
        egress.narrowed_to.push(rules.hosts_of(task));
        egress.narrowed_to.extend(program.hosts.clone());
    }
    let vault = TaskVault::new(inner.keystore.clone(), workspace.clone(), task.clone());
    let request = Request { workspace, method, args, idempotency_key: idempotency_key(run, number) };
    let way = Way { gate: &inner.gate, policy: egress, vault: &vault, secrets: &vault, progress: &log };
    match tokio::time::timeout(policy.timeout, service.attempt(request, &way)).await {
        Ok(result) => result,
        Err(_) => {
            let message = format!("No answer within {} ms", policy.timeout.as_millis());
            Err(Failure::plain(CallError::passing("timeout", message)))
        }
    }
}

/// Lines that one attempt may write into the run's log.
const PROGRESS_LINES_MAX: u32 = 100;

/// Writes what an attempt tells of itself into the run's log.
struct RunLog {
    inner: Arc<Inner>,
    workspace: WorkspaceId,
    run: RunId,
    number: CallNumber,
    attempt: u32,
    left: AtomicU32,
}

impl RunLog {
    fn of(inner: &Arc<Inner>, attempt: &Attempt) -> Self {
        let Attempt { workspace, run, number, attempt: count, .. } = attempt;
        let left = AtomicU32::new(PROGRESS_LINES_MAX);
        Self {
            inner: inner.clone(),
            workspace: workspace.clone(),
            run: *run,
            number: *number,
            attempt: *count,
            left,
        }
    }
}

impl Progress for RunLog {
    fn tell(&self, line: &str) {
        let take = |left: u32| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            let Self { number, attempt, .. } = *self;
            let line = line.chars().take(LOG_MESSAGE_BYTES_MAX / 4).collect();
            self.inner.post(&self.workspace, self.run, Mail::Progress { number, attempt, line });
        }
    }
}
