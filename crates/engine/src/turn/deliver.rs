//! Slices: the start of a run, and outcomes handed in.

use std::sync::atomic::Ordering;

use fermata_model::call::CallChange;
use fermata_model::record::{Delivered, LogLine, Outcome};
use fermata_model::run::RunChange;
use fermata_model::{CallNumber, CallStatus, Millis, RunError, RunStatus};
use fermata_store::Change;
use fermata_vm::{Clock, Identity, LogRequest, Slice, SliceEnd, Vm};

use super::Turn;
use crate::load::{self, NoVm};

/// Wait before a run that found no free VM is tried again.
const NO_VM_MS: Millis = 20;

impl Turn<'_> {
    /// Whether the run waits to begin and its time has come.
    pub(super) fn may_start(&self) -> bool {
        let run = &self.body.run;
        run.state.status == RunStatus::Queued
            && run.birth.start_at.is_none_or(|at| at <= self.inner.clock.now())
    }

    /// Executes the run's first slice.
    pub(super) fn start(&mut self) {
        if !self.has_room() {
            return;
        }
        if std::mem::take(&mut self.body.is_unchecked)
            && let Some(error) = self.input_error()
        {
            return self.fail_unstarted(error);
        }
        let limits = self.inner.settings.limits;
        let baseline = match self.body.program.baseline(&self.inner.vm, limits) {
            Ok(baseline) => baseline,
            Err(error) => return self.no_vm(load::load_error(error)),
        };
        let now = self.body.tick(self.inner.clock.now());
        let start = load::start_text(&self.body.run);
        let identity = Identity { seed: self.body.run.birth.seed, kill: self.cell.kill_switch() };
        match Vm::start(&baseline, identity, now, &start) {
            Err(_) => self.no_vm(NoVm::Full),
            Ok((vm, slice)) => {
                self.body.baseline = Some(baseline);
                self.keep_vm(vm);
                self.begin_run(now);
                self.take_slice(slice, now);
            }
        }
    }

    /// What is wrong with an input that came by another way than the API.
    fn input_error(&self) -> Option<RunError> {
        let faults = self.body.program.faults(&self.body.run.birth.input);
        let first = faults.first()?;
        let more = match faults.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let place = if first.pointer.is_empty() { "/" } else { &first.pointer };
        let message = format!("The input does not fit the task's schema: {place}: {}{more}", first.message);
        Some(RunError::system("input_invalid", message))
    }

    /// The run is `processing` from here on; its first clock is part of what makes it repeatable.
    fn begin_run(&mut self, now: Millis) {
        let state = &mut self.body.run.state;
        state.started_at = Some(now);
        self.change_run(RunChange::TakenUp);
        self.update_run();
    }

    /// Moves the run to its next state. A move that is not allowed is a fault of the engine; the
    /// run's state then stays as it is.
    pub(super) fn change_run(&mut self, change: RunChange) {
        let state = &mut self.body.run.state;
        match state.status.after(change) {
            Ok(status) => state.status = status,
            Err(error) => {
                debug_assert!(false, "{error}");
                tracing::error!(run.id = %self.cell.run, %error, "Illegal change of a run");
            }
        }
    }

    /// Hands an outcome in. False when that has to wait.
    pub(super) fn deliver(&mut self, number: CallNumber, outcome: Outcome) -> bool {
        if !self.body.open.contains_key(&number) {
            return true;
        }
        if self.body.vm.is_none() && !self.bring_back_vm() {
            self.body.outcomes.push_front((number, outcome));
            return false;
        }
        let now = self.body.tick(self.inner.clock.now());
        let delivery = self.body.run.state.deliveries + 1;
        let Some(vm) = self.body.vm.as_mut() else { return false };
        let slice = vm.deliver(Clock { delivery, now }, number, &outcome);
        self.body.run.state.deliveries = delivery;
        self.record_delivery(number, outcome, Delivered { number: delivery, clock: now });
        self.take_slice(slice, now);
        true
    }

    /// The call has ended and the guest knows.
    fn record_delivery(&mut self, number: CallNumber, outcome: Outcome, delivered: Delivered) {
        let Some(mut call) = self.body.open.remove(&number) else { return };
        let seq = self.body.next_seq();
        let state = &mut call.state;
        if !state.status.is_ended() {
            let change = match outcome {
                Outcome::Ok(_) => CallChange::Succeeded,
                Outcome::Err(_) => CallChange::Failed,
            };
            state.status = state.status.after(change).unwrap_or(CallStatus::Failed);
        }
        state.outcome = Some(outcome);
        state.delivered = Some(delivered);
        state.ended_at.get_or_insert(delivered.clock);
        state.end_seq = Some(seq);
        state.due_at = None;
        load::count_answer(&mut self.body.run.state.used, &call);
        self.update_call(number, call.state);
    }

    /// Records what a slice left: lines, calls, dropped calls, the run's end.
    fn take_slice(&mut self, slice: Slice, now: Millis) {
        self.inner.counters.slices.fetch_add(1, Ordering::Relaxed);
        let cpu_us = u64::try_from(slice.cpu.as_micros()).unwrap_or(u64::MAX);
        self.body.run.state.cpu_us += cpu_us;
        self.body.tail.deliveries += 1;
        self.body.tail.cpu += slice.cpu;
        slice.logs.into_iter().for_each(|line| self.log(line, now));
        for request in slice.calls {
            self.make_call(request, now);
        }
        slice.dropped.into_iter().for_each(|number| self.drop_call(number, now));
        match slice.end {
            SliceEnd::Waiting => {}
            SliceEnd::Returned(value) => self.end(RunChange::Returned, Some(value), None, now),
            SliceEnd::Threw(error) => self.end_with(error, now),
        }
    }

    /// Writes a line into the run's log.
    pub(super) fn log(&mut self, line: LogRequest, now: Millis) {
        let seq = self.body.next_seq();
        let LogRequest { level, message, data } = line;
        self.changes.push(Change::Log {
            workspace: self.cell.workspace.clone(),
            run: self.cell.run,
            line: LogLine { seq, level, message, data, at: now },
        });
    }

    fn drop_call(&mut self, number: CallNumber, now: Millis) {
        let Some(mut call) = self.body.open.remove(&number) else { return };
        self.body.outcomes.retain(|(waiting, _)| *waiting != number);
        self.give_up_call(&call);
        call.state.status = call.state.status.after(CallChange::Dropped).unwrap_or(call.state.status);
        call.state.ended_at.get_or_insert(now);
        call.state.end_seq = Some(self.body.next_seq());
        call.state.due_at = None;
        self.update_call(number, call.state);
    }

    fn keep_vm(&mut self, vm: Vm) {
        self.body.resident = Some(self.inner.residents.add());
        self.body.vm = Some(vm);
    }

    /// Brings the VM back from the ledger. False when that has to wait or the run failed.
    fn bring_back_vm(&mut self) -> bool {
        if !self.has_room() {
            return false;
        }
        match load::vm(self.inner, &mut self.body, self.cell.kill_switch()) {
            Ok(vm) => {
                self.keep_vm(vm);
                if self.body.run.state.status != RunStatus::Processing {
                    self.change_run(RunChange::TakenUp);
                    self.update_run();
                }
                true
            }
            Err(error) => {
                self.no_vm(error);
                false
            }
        }
    }

    /// Whether one more VM may be in memory; if not, waiting ones are asked to leave.
    fn has_room(&mut self) -> bool {
        let most = usize::try_from(self.inner.settings.resident_max).unwrap_or(usize::MAX);
        if self.inner.residents.count() < most {
            return true;
        }
        self.no_vm(NoVm::Full);
        false
    }

    fn no_vm(&mut self, error: NoVm) {
        match error {
            NoVm::Full => {
                self.inner.make_room();
                self.set_timer(self.inner.clock.now() + NO_VM_MS, None);
            }
            NoVm::Store(error) => {
                tracing::error!(run.id = %self.cell.run, error = &error as &dyn std::error::Error, "Ledger cannot be read");
                self.set_timer(self.inner.clock.now() + super::RETRY_MS, None);
            }
            NoVm::Failed(error) => self.fail_unstarted(error),
        }
    }

    /// The run fails without a slice.
    fn fail_unstarted(&mut self, error: RunError) {
        let now = self.body.tick(self.inner.clock.now());
        self.body.run.state.started_at.get_or_insert(now);
        self.end_with(error, now);
    }
}
