//! One run's VM.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fermata_model::record::Outcome;
use fermata_model::{CallNumber, DeliveryNumber, Millis, json};

use crate::baseline::{self, Baseline};
use crate::checkpoint::{BadCheckpoint, Snapshot};
use crate::host::{Finish, Mode, thread_cpu_ns};
use crate::machine::{Argument, Fault, Machine, NoInstance};
use crate::slice::{Slice, SliceEnd};
use crate::stop::Stop;

/// No VM could be had: as many exist as the engine allows.
#[derive(Debug, thiserror::Error)]
#[error("no VM is free")]
pub struct StartError(#[source] wasmtime::Error);

impl From<NoInstance> for StartError {
    fn from(NoInstance(error): NoInstance) -> Self {
        Self(error)
    }
}

/// The recorded inputs of a slice besides the text that is handed in.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Number of the delivery; 0 is the start.
    pub delivery: DeliveryNumber,
    /// What `Date.now()` shows.
    pub now: Millis,
}

/// What belongs to a run as long as it lives.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// Seed of all its randomness.
    pub seed: [u8; 16],
    /// Stops the slice being executed when another thread sets it.
    pub kill: Arc<AtomicBool>,
}

/// A run's VM between two slices.
pub struct Vm {
    machine: Machine,
    baseline: Arc<Baseline>,
    /// Finished or stopped: no slice can follow.
    over: bool,
    /// Stopped in the middle: the memory is in no known state.
    torn: bool,
}

impl std::fmt::Debug for Vm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vm")
            .field("baseline", &self.baseline)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

impl Vm {
    /// Starts a run: calls the task function with `start`, the JSON `{"input": …, "run": {…}}`.
    ///
    /// # Errors
    /// [`StartError`] when no VM is free. Whatever the task does is in the slice.
    pub fn start(
        baseline: &Arc<Baseline>,
        identity: Identity,
        now: Millis,
        start: &str,
    ) -> Result<(Self, Slice), StartError> {
        let machine = baseline.machine()?;
        let mut vm = Self { machine, baseline: baseline.clone(), over: false, torn: false };
        vm.take_identity(identity);
        vm.machine.store.data_mut().begin_slice(0, now);
        let done = vm.run_start(now, start);
        let slice = vm.end_slice(done);
        Ok((vm, slice))
    }

    fn take_identity(&mut self, identity: Identity) {
        let host = self.machine.store.data_mut();
        (host.seed, host.kill) = (identity.seed, identity.kill);
    }

    fn run_start(&mut self, now: Millis, start: &str) -> Result<(), Fault> {
        if self.baseline.per_run {
            baseline::load_in_run(&mut self.machine, &self.baseline.program, now)?;
        }
        self.machine.store.data_mut().mode = Mode::Run;
        self.enter(self.machine.image.anchors.start, start)
    }

    /// Hands in the outcome of a pending call and executes until nothing is left to do.
    pub fn deliver(&mut self, clock: Clock, call: CallNumber, outcome: &Outcome) -> Slice {
        debug_assert!(!self.over, "a VM that is over gets no deliveries");
        let text = match outcome {
            Outcome::Ok(value) => format!("[{call},1,{}]", value.get()),
            Outcome::Err(error) => {
                let error = json::of(error).map_or_else(|_| "{}".to_owned(), |json| json.get().to_owned());
                format!("[{call},0,{error}]")
            }
        };
        let host = self.machine.store.data_mut();
        host.begin_slice(clock.delivery, clock.now);
        host.pending = host.pending.saturating_sub(1);
        let done = self.enter(self.machine.image.anchors.settle, &text);
        self.end_slice(done)
    }

    fn enter(&mut self, entry: i32, text: &str) -> Result<(), Fault> {
        let value = self.machine.call(entry, Argument::Text(text))?;
        self.machine.release(value)?;
        self.machine.drain()
    }

    /// Whether no slice can follow.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Size of linear memory, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.machine.memory().len()
    }

    /// Calls that were made and have no outcome yet.
    pub fn pending(&self) -> u32 {
        self.machine.store.data().pending
    }

    /// Writes the state down. Between slices only; a VM that is over has none.
    pub fn checkpoint(&self) -> Snapshot {
        debug_assert!(!self.over, "a VM that is over has no state to keep");
        Snapshot::take(&self.machine, &self.baseline)
    }

    /// Picks a state up that was written down for the same baseline.
    ///
    /// # Errors
    /// [`BadCheckpoint`] when the state is not one of this baseline, or no VM is free.
    pub fn restore(
        baseline: &Arc<Baseline>,
        identity: Identity,
        snapshot: &Snapshot,
    ) -> Result<Self, BadCheckpoint> {
        let mut machine = baseline.machine().map_err(|error| BadCheckpoint::NoVm(error.into()))?;
        snapshot.apply(&mut machine, baseline)?;
        machine.store.data_mut().mode = Mode::Run;
        let mut vm = Self { machine, baseline: baseline.clone(), over: false, torn: false };
        vm.take_identity(identity);
        Ok(vm)
    }

    /// Gives the VM up; its instance may serve another run of the same program.
    pub fn retire(self) {
        if !self.torn {
            self.baseline.take_back(self.machine);
        }
    }

    fn end_slice(&mut self, done: Result<(), Fault>) -> Slice {
        let end = self.end(done);
        self.over = !matches!(end, SliceEnd::Waiting);
        let memory_bytes = u32::try_from(self.machine.memory().len()).unwrap_or(u32::MAX);
        let host = self.machine.store.data_mut();
        Slice {
            calls: std::mem::take(&mut host.calls),
            dropped: std::mem::take(&mut host.dropped),
            logs: std::mem::take(&mut host.logs),
            end,
            cpu: Duration::from_nanos(thread_cpu_ns().saturating_sub(host.cpu_began_ns)),
            memory_bytes,
        }
    }

    fn end(&mut self, done: Result<(), Fault>) -> SliceEnd {
        let baseline = self.baseline.clone();
        let threw = |fault| SliceEnd::Threw(baseline::to_run_error(fault, &baseline.mapper, baseline.limits));
        if let Err(fault) = done {
            self.torn = true;
            return threw(fault);
        }
        let host = self.machine.store.data_mut();
        let (finished, pending) = (host.finished.take(), host.pending);
        match finished {
            Some(Finish::Returned(value)) => SliceEnd::Returned(value),
            Some(Finish::Threw(error)) => threw(Fault::Threw(error)),
            // In a heap that is full to the brim the engine drops jobs unsaid.
            None if pending == 0 && !self.machine.has_room() => {
                threw(Stop::Memory { limit: baseline.limits.memory_bytes }.into())
            }
            None if pending == 0 => threw(Stop::Deadlock.into()),
            None => SliceEnd::Waiting,
        }
    }
}
