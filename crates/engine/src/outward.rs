//! Outward calls on their way: attempts, in tasks of their own.

use std::sync::{Arc, PoisonError};

use fermata_model::record::Call;
use fermata_model::{CallError, CallNumber, Json, RunId, WorkspaceId};
use fermata_services::{Attempted, Failure, Progress, Request, Way};

use crate::cell::Mail;
use crate::inner::Inner;
use crate::service::idempotency_key;
use crate::vault::WorkspaceVault;

/// One attempt that is due.
pub(crate) struct Attempt {
    workspace: WorkspaceId,
    run: RunId,
    number: CallNumber,
    attempt: u32,
    service: String,
    method: String,
    args: Json,
}

impl Attempt {
    /// The attempt that the call's state says is under way.
    pub(crate) fn of(call: &Call) -> Self {
        Self {
            workspace: call.workspace.clone(),
            run: call.run,
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
    let Attempt { workspace, run, number, attempt, service, method, args } = attempt;
    // Waits for a place when very many calls are on their way; closed only when the process ends.
    let Ok(_place) = inner.outward_places.acquire().await else { return };
    let request = Request { method, args, idempotency_key: idempotency_key(run, number) };
    let result = ask(&inner, &workspace, &service, request).await;
    // It counts as under way until the run has opened the letter: a run that comes from the ledger
    // to do so would otherwise begin another attempt.
    inner.post(&workspace, run, Mail::Attempted { number, attempt, result });
}

/// Nobody is told.
struct Quiet;

impl Progress for Quiet {
    fn tell(&self, _line: &str) {}
}

async fn ask(inner: &Inner, workspace: &WorkspaceId, service: &str, request: Request) -> Attempted {
    let Some(service) = inner.services.get(service) else {
        let message = format!("There is no service tools.{service}");
        return Err(Failure::plain(CallError::fatal("unknown_service", message)));
    };
    let policy = service.check(&request.method, &request.args).map_err(Failure::plain)?;
    let vault = WorkspaceVault::new(inner.keystore.clone(), workspace.clone());
    let way =
        Way { gate: &inner.gate, policy: inner.settings.egress.clone(), vault: &vault, progress: &Quiet };
    match tokio::time::timeout(policy.timeout, service.attempt(request, &way)).await {
        Ok(result) => result,
        Err(_) => {
            let message = format!("No answer within {} ms", policy.timeout.as_millis());
            Err(Failure::plain(CallError::passing("timeout", message)))
        }
    }
}
