//! Bringing a run from the ledger into memory, and its VM back to where it was.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use fermata_model::policy::stays_in_the_run;
use fermata_model::record::{Call, Checkpoint, Outcome, Run};
use fermata_model::usage::Used;
use fermata_model::{DeliveryNumber, RunError, RunId, WorkspaceId};
use fermata_store::{BegunParts, ReadError, Taken};
use fermata_vm as vm;

use crate::body::{Body, Tail};
use crate::inner::Inner;

/// Rows fetched at once.
const PAGE: u32 = 500;

/// Why a run cannot be brought into memory now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The ledger does not have it.
    #[error("the run is not in the ledger")]
    Unknown,
    /// Another node owns it.
    #[error("the run belongs to node {0}")]
    Elsewhere(i64),
    /// The ledger does not have its task version.
    #[error("the run's task version is not in the ledger")]
    TaskGone,
    /// The ledger cannot be read.
    #[error("the ledger cannot be read")]
    Store(#[source] ReadError),
}

impl From<ReadError> for LoadError {
    fn from(error: ReadError) -> Self {
        Self::Store(error)
    }
}

/// What a checkpoint is bound to besides the engine build.
pub(crate) fn place(workspace: &WorkspaceId, run: RunId, delivery: DeliveryNumber) -> Vec<u8> {
    let mut place = workspace.as_str().as_bytes().to_vec();
    place.push(0);
    place.extend_from_slice(run.as_bytes());
    place.extend_from_slice(&delivery.to_le_bytes());
    place
}

/// The run's body, without a VM.
pub(crate) fn body(inner: &Inner, workspace: &WorkspaceId, id: RunId) -> Result<Box<Body>, LoadError> {
    let store = &inner.store;
    let run = match store.take_up(workspace, id)? {
        Taken::Mine(run) => *run,
        Taken::Elsewhere { node } => return Err(LoadError::Elsewhere(node)),
        Taken::Unknown => return Err(LoadError::Unknown),
    };
    let version = run.birth.task_version_id;
    let program = inner.programs.by_id(store, workspace, version)?.ok_or(LoadError::TaskGone)?;
    let mut body = Box::new(Body::new(run, program, false));
    if body.is_ended() {
        return Ok(body);
    }
    let parts = store.run_parts(&body.run, PAGE)?;
    body.is_orphan = is_orphan(&body.run, parts.parent_call.as_ref());
    // While it belonged to nobody others may have written to it.
    body.letters = parts.letters;
    // Events may be sent to a run before it begins.
    body.kept_events = VecDeque::from(parts.sent_events);
    body.events_sent = parts.last_sent_event;
    match parts.begun {
        Some(begun) => go_on_from(inner, &mut body, begun)?,
        None => body.is_unchecked = true,
    }
    Ok(body)
}

/// Whether the call that started the run has ended without it: its run was cancelled or ended, and
/// the node went down before this run was told.
fn is_orphan(run: &Run, parent_call: Option<&Call>) -> bool {
    run.birth.parent.is_some() && parent_call.is_none_or(|call| call.state.status.is_ended())
}

/// Puts what a run has done so far into its body, and brings the counters of its row, which is not written with every
/// step, up to the newest recorded delivery.
fn go_on_from(inner: &Inner, body: &mut Body, parts: BegunParts) -> Result<(), LoadError> {
    for call in parts.open_calls.into_iter().chain(parts.undelivered) {
        body.open.insert(call.number, call);
    }
    body.has_checkpoint = parts.checkpoint.is_some();
    body.checkpoint = parts.checkpoint;
    let Run { birth, state } = &mut body.run;
    // Written with every checkpoint, so that what is read here is short however long the run is.
    let written_seq = state.seq;
    let mut seq = body.open.values().map(newest_seq).max().unwrap_or(0).max(state.seq);
    let mut clock = state.started_at.unwrap_or(0);
    for call in body.open.values() {
        count_again(&mut state.used, call, written_seq);
    }
    each_delivery(inner, (&birth.workspace, birth.id), parts.deliveries, |call| {
        seq = seq.max(newest_seq(call));
        count_again(&mut state.used, call, written_seq);
        if let Some(delivered) = call.state.delivered {
            state.deliveries = state.deliveries.max(delivered.number);
            clock = clock.max(delivered.clock);
        }
    })?;
    // Log lines and dropped calls are in the stream too.
    state.seq = seq.max(parts.newest_seq);
    body.clock = clock;
    Ok(())
}

/// Counts what a call has used since the run's row was written.
fn count_again(used: &mut Used, call: &Call, written_seq: u32) {
    if call.birth.seq > written_seq && !stays_in_the_run(&call.birth.service) {
        used.add_call(call.birth.args.get().len());
    }
    if call.state.end_seq.is_some_and(|seq| seq > written_seq) {
        count_answer(used, call);
    }
}

/// Counts what a call brought back.
pub(crate) fn count_answer(used: &mut Used, call: &Call) {
    if stays_in_the_run(&call.birth.service) {
        return;
    }
    let bytes = match &call.state.outcome {
        Some(Outcome::Ok(result)) => result.get().len(),
        _ => 0,
    };
    used.add_answer(bytes, call.state.usage.as_ref());
}

fn newest_seq(call: &Call) -> u32 {
    call.birth.seq.max(call.state.end_seq.unwrap_or(0))
}

/// Goes through the recorded deliveries of a run in order: through these, which are the first [`PAGE`] of them, and
/// through what comes after them.
fn each_delivery(
    inner: &Inner,
    (workspace, run): (&WorkspaceId, RunId),
    mut calls: Vec<Call>,
    mut each: impl FnMut(&Call),
) -> Result<(), ReadError> {
    loop {
        calls.iter().for_each(&mut each);
        let last = calls.last().and_then(|call| call.state.delivered);
        match last.filter(|_| calls.len() >= PAGE as usize) {
            Some(last) => calls = inner.store.deliveries(workspace, run, last.number, PAGE)?,
            None => return Ok(()),
        }
    }
}

/// Why a VM cannot be brought back.
pub(crate) enum NoVm {
    /// As many VMs exist as may: try again when one was put down.
    Full,
    /// The run cannot go on.
    Failed(RunError),
    /// The ledger cannot be read now.
    Store(ReadError),
}

impl From<ReadError> for NoVm {
    fn from(error: ReadError) -> Self {
        Self::Store(error)
    }
}

/// Brings the run's VM back: the newest checkpoint and the recorded deliveries after it.
pub(crate) fn vm(inner: &Inner, body: &mut Body, kill: Arc<AtomicBool>) -> Result<vm::Vm, NoVm> {
    let identity = vm::Identity { seed: body.run.birth.seed, kill };
    let Some(checkpoint) = body.checkpoint.take() else { return rebuild(inner, body, identity) };
    match restore(inner, body, &checkpoint, identity.clone()) {
        Ok(vm) => {
            inner.counters.restores.fetch_add(1, Ordering::Relaxed);
            // Kept until a newer one is written: it may not be on disk yet.
            let delivery = checkpoint.delivery;
            body.checkpoint = Some(checkpoint);
            feed(inner, body, vm, delivery)
        }
        Err(vm::BadCheckpoint::NoVm(_)) => {
            body.checkpoint = Some(checkpoint);
            Err(NoVm::Full)
        }
        Err(error) => {
            tracing::error!(run.id = %body.run.birth.id, %error, "Checkpoint unusable, run is rebuilt from its ledger");
            rebuild(inner, body, identity)
        }
    }
}

fn restore(
    inner: &Inner,
    body: &mut Body,
    checkpoint: &Checkpoint,
    identity: vm::Identity,
) -> Result<vm::Vm, vm::BadCheckpoint> {
    let birth = &body.run.birth;
    let limits = inner.settings.limits;
    let baseline = body.program.baseline_on(&inner.vm, checkpoint.engine, limits);
    let baseline = baseline.map_err(|_| vm::BadCheckpoint::Unfit("its engine build cannot load the task"))?;
    let key = inner.store.workspace_key(&birth.workspace).map_err(|_| vm::BadCheckpoint::Broken)?;
    let key = key.derive("checkpoints");
    let place = place(&birth.workspace, birth.id, checkpoint.delivery);
    let build = vm::EngineHash(checkpoint.engine);
    let snapshot = vm::Snapshot::open(&key, &place, build, &checkpoint.sealed)?;
    debug_assert_eq!(
        snapshot.heap_hash(),
        checkpoint.heap_hash,
        "a checkpoint keeps the hash of its own state"
    );
    let vm = vm::Vm::restore(&baseline, identity, &snapshot)?;
    body.baseline = Some(baseline);
    Ok(vm)
}

/// Starts the run once more and feeds it everything it was ever given.
fn rebuild(inner: &Inner, body: &mut Body, identity: vm::Identity) -> Result<vm::Vm, NoVm> {
    let baseline = body.program.baseline(&inner.vm, inner.settings.limits).map_err(load_error)?;
    let started_at = body.run.state.started_at.unwrap_or_default();
    let start = start_text(&body.run);
    let (vm, _) = vm::Vm::start(&baseline, identity, started_at, &start).map_err(|_| NoVm::Full)?;
    body.baseline = Some(baseline);
    inner.counters.rebuilds.fetch_add(1, Ordering::Relaxed);
    feed(inner, body, vm, 0)
}

/// Feeds the recorded deliveries after number `after`.
fn feed(inner: &Inner, body: &mut Body, mut vm: vm::Vm, after: DeliveryNumber) -> Result<vm::Vm, NoVm> {
    body.tail = Tail::default();
    if body.run.state.deliveries <= after {
        return Ok(vm);
    }
    let began = Instant::now();
    let (workspace, id) = (body.run.birth.workspace.clone(), body.run.birth.id);
    let mut diverged = None;
    let first = inner.store.deliveries(&workspace, id, after, PAGE)?;
    each_delivery(inner, (&workspace, id), first, |call| {
        let (Some(delivered), Some(outcome)) = (call.state.delivered, &call.state.outcome) else { return };
        if vm.is_over() {
            diverged.get_or_insert(delivered.number);
            return;
        }
        let clock = vm::Clock { delivery: delivered.number, now: delivered.clock };
        vm.deliver(clock, call.number, outcome);
        body.tail.deliveries += 1;
    })?;
    body.tail.cpu = began.elapsed();
    if diverged.is_some() || vm.is_over() {
        let at = diverged.unwrap_or(body.run.state.deliveries);
        let message =
            format!("The recorded deliveries end the task at delivery {at}, where the ledger goes on");
        return Err(NoVm::Failed(RunError::system("diverged", message)));
    }
    Ok(vm)
}

/// What the guest is started with.
pub(crate) fn start_text(run: &Run) -> String {
    let birth = &run.birth;
    let name = serde_json::Value::from(birth.task_name.as_str());
    format!(
        r#"{{"input":{},"run":{{"id":"{}","task":{name},"version":{}}}}}"#,
        birth.input.get(),
        birth.id,
        birth.task_version
    )
}

/// What a task that does not load means for the run.
pub(crate) fn load_error(error: vm::LoadError) -> NoVm {
    match error {
        vm::LoadError::Program(error) => NoVm::Failed(error),
        vm::LoadError::NoVm(_) => NoVm::Full,
        vm::LoadError::Build(error) => NoVm::Failed(RunError::system("engine_missing", error.to_string())),
    }
}
