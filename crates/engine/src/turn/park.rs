//! Whether a waiting run stays in memory, and how it is put down.

use std::sync::atomic::Ordering;
use std::time::Instant;

use fermata_model::record::{Call, Checkpoint};
use fermata_model::run::RunChange;
use fermata_model::seal::NONCE_BYTES;
use fermata_model::{Millis, RunStatus};
use fermata_store::Change;

use super::{After, Turn};
use crate::load;

/// A wait that is longer is slow: the VM's memory is better used by another run.
const SLOW_MS: Millis = 5_000;

impl Turn<'_> {
    /// The run waits: puts it down, writes a checkpoint, or lets it stay.
    pub(super) fn park_or_wait(&mut self) {
        let asked = std::mem::take(&mut self.parked);
        if !self.body.outcomes.is_empty() {
            // It wants to go on and cannot yet; it is told when.
            return;
        }
        let Some(vm) = &self.body.vm else {
            self.parked = true;
            return;
        };
        let tail = &self.body.tail;
        let must_leave = asked || self.inner.settings.resident_for.is_zero() || self.waits_long();
        if must_leave && tail.deliveries == 0 && self.body.checkpoint.is_some() {
            // Nothing has happened since the checkpoint it came from.
            self.give_up_vm();
            self.parked = true;
        } else if must_leave || tail.is_long() {
            debug_assert!(!vm.is_over(), "an ended run does not wait");
            if self.write_checkpoint(must_leave) && must_leave {
                self.give_up_vm();
                self.parked = true;
            }
        }
    }

    /// Where several nodes share the ledger, a run that is put down belongs to none of them, unless a
    /// call of it is on its way outside from here.
    pub(super) fn release_if_parked(&mut self) {
        if !self.parked || self.body.vm.is_some() || self.inner.store.node_id().is_none() {
            return;
        }
        let is_outside = |call: &Call| {
            call.state.due_at.is_none() && self.inner.is_in_flight(call.run, call.number)
                || self
                    .after
                    .iter()
                    .any(|after| matches!(after, After::Attempt(attempt) if attempt.is_of(call)))
        };
        if self.body.open.values().any(is_outside) {
            return;
        }
        if self.body.unwritten {
            self.update_run();
        }
        let (workspace, id) = (self.cell.workspace.clone(), self.cell.run);
        self.changes.push(Change::ReleaseRun { workspace, id });
        self.body.released = true;
    }

    /// Whether everything the run waits for is slow.
    fn waits_long(&self) -> bool {
        let now = self.inner.clock.now();
        let is_slow = |call: &Call| match call.state.due_at {
            Some(due) => due - now > SLOW_MS,
            None => call.state.awaits.is_some(),
        };
        self.body.open.values().all(is_slow)
    }

    /// Writes the VM's state down with the group of this turn. False when it cannot be sealed now.
    fn write_checkpoint(&mut self, leaves: bool) -> bool {
        let Some(vm) = &self.body.vm else { return false };
        let began = Instant::now();
        let key = match self.inner.store.workspace_key(&self.cell.workspace) {
            Ok(key) => key.derive("checkpoints"),
            Err(error) => {
                tracing::error!(run.id = %self.cell.run, error = &error as &dyn std::error::Error, "No workspace key");
                return false;
            }
        };
        let Some(baseline) = &self.body.baseline else { return false };
        let build = baseline.engine_hash();
        let delivery = self.body.run.state.deliveries;
        let snapshot = vm.checkpoint();
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let place = load::place(&self.cell.workspace, self.cell.run, delivery);
        let checkpoint = Checkpoint {
            delivery,
            engine: build.0,
            heap_hash: snapshot.heap_hash(),
            sealed: snapshot.seal(&key, nonce, &place, build),
        };
        let counters = &self.inner.counters;
        counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        let bytes = u64::try_from(checkpoint.sealed.len()).unwrap_or(0);
        counters.checkpoint_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.body.checkpoint = leaves.then(|| checkpoint.clone());
        self.body.has_checkpoint = true;
        self.body.tail.reset(began.elapsed());
        if leaves && self.body.run.state.status == RunStatus::Processing {
            self.change_run(RunChange::PutDown);
        }
        // The row's counters go with the checkpoint: what comes after is short.
        self.update_run();
        let (workspace, run) = (self.cell.workspace.clone(), self.cell.run);
        let checkpoint = Box::new(checkpoint);
        self.changes.push(Change::PutCheckpoint {
            workspace,
            run,
            checkpoint,
            taken_at: self.inner.clock.now(),
        });
        true
    }

    /// Gives the VM's memory back.
    pub(super) fn give_up_vm(&mut self) {
        if let Some(vm) = self.body.vm.take() {
            self.body.resident = None;
            vm.retire();
        }
    }
}
