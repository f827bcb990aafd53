//! What becomes of a call the guest makes.

use std::sync::Arc;

use fermata_model::call::CallChange;
use fermata_model::policy::stays_in_the_run;
use fermata_model::record::{Call, CallBirth, CallState, Outcome, Run};
use fermata_model::usage::Budget;
use fermata_model::{CallError, CallStatus, Millis, json};
use fermata_store::{Change, ReadError};
use fermata_vm::CallRequest;

use super::{After, Turn};
use crate::api::StartError;
use crate::cell::Mail;
use crate::keystore::KeystoreError;
use crate::outward::Attempt;
use crate::policies::Rules;
use crate::service::{Step, events, keystore, script, sleep, state, tasks};

/// Wait before a call is tried again that could not be performed because the ledger was away.
const LEDGER_AWAY_MS: Millis = 250;

/// The services whose calls stay inside.
const INSIDE: [&str; 5] = ["events", "keystore", "sleep", "state", "tasks"];

impl Turn<'_> {
    /// Records a call and takes its first step.
    pub(super) fn make_call(&mut self, request: CallRequest, now: Millis) {
        let seq = self.body.next_seq();
        let CallRequest { number, service, method, args } = request;
        let birth = CallBirth {
            service,
            method,
            args,
            made_in: self.body.run.state.deliveries,
            seq,
            created_at: now,
        };
        let mut call = Call {
            workspace: self.cell.workspace.clone(),
            run: self.cell.run,
            number,
            birth,
            state: CallState::pending(),
        };
        // The row of the call comes before the rows of what it starts.
        let at = self.changes.len();
        self.take_step(&mut call, now);
        if !stays_in_the_run(&call.birth.service) {
            self.body.run.state.used.add_call(call.birth.args.get().len());
        }
        self.changes.insert(at, Change::InsertCall(Box::new(call.clone())));
        self.body.open.insert(number, call);
    }

    /// Takes a step of a pending call and sets its state.
    pub(super) fn take_step(&mut self, call: &mut Call, now: Millis) {
        match self.step(call, now) {
            // A call that stays inside does not fail by what passes.
            Step::Done(Outcome::Err(error)) if error.retryable => {
                let due = now + LEDGER_AWAY_MS;
                call.state.due_at = Some(due);
                self.set_timer(due, Some(call.number));
            }
            Step::Done(outcome) => self.outcome(call, outcome, now),
            Step::Until(due) => {
                call.state.due_at = Some(due);
                self.set_timer(due, Some(call.number));
            }
            Step::Event { name, until } => self.wait_for_event(call, name, until, now),
            Step::Child(run) => {
                call.state.status = change(call.state.status, CallChange::ChildStarted);
                call.state.attempts += 1;
                call.state.child = Some(run.birth.id);
                call.state.due_at = None;
                self.begin_run_of(run);
            }
            Step::Started(run) => {
                call.state.child = Some(run.birth.id);
                let id = serde_json::json!({ "id": run.birth.id });
                self.begin_run_of(run);
                self.outcome(call, Outcome::Ok(json::of_value(&id)), now);
            }
            Step::Outside(rules) => {
                call.state.status = change(call.state.status, CallChange::Begun);
                call.state.attempts += 1;
                call.state.due_at = None;
                self.after.push(After::Attempt(Attempt::of(call, &self.body.program, rules)));
            }
        }
    }

    fn step(&mut self, call: &Call, now: Millis) -> Step {
        // What touches nothing but the run itself needs no leave, nor the ledger to look for it.
        let is_free = stays_in_the_run(&call.birth.service);
        let rules = if is_free { Ok(None) } else { self.leave_to_call(call).map(Some) };
        match rules {
            Ok(rules) => script::step(&self.inner.services, call, now)
                .unwrap_or_else(|| self.perform(call, rules, now)),
            Err(error) => Step::error(error),
        }
    }

    /// The step of a call that may be made: under these rules, or free of any.
    fn perform(&mut self, call: &Call, rules: Option<Arc<Rules>>, now: Millis) -> Step {
        let CallBirth { service, method, args, .. } = &call.birth;
        let Some(rules) = rules else {
            return match service.as_str() {
                "sleep" => sleep::step(method, args, now),
                _ => events::step(method, args, now),
            };
        };
        let (workspace, task) = (&self.cell.workspace, &self.body.run.birth.task_name);
        match service.as_str() {
            "tasks" => self.step_of_task(call, now),
            "keystore" => keystore::step(self.inner, workspace, task, method, args),
            state::NAME => {
                state::step(&self.inner.store, workspace, task, method, args).unwrap_or(Step::Outside(rules))
            }
            _ => match self.inner.services.get(service).map(|service| service.check(method, args)) {
                Some(Ok(_)) => Step::Outside(rules),
                Some(Err(error)) => Step::error(error),
                None => Step::error(self.unknown_service(service)),
            },
        }
    }

    /// The rules of the workspace, if they and the task itself allow calls to a service. The one place where
    /// that is asked, before anything has happened, and before each attempt.
    fn leave_to_call(&self, call: &Call) -> Result<Arc<Rules>, CallError> {
        let service = call.birth.service.as_str();
        let (task, config) = (&self.body.run.birth.task_name, &self.body.program.config);
        if config.allow.as_ref().is_some_and(|allow| !allow.allows(service)) {
            let message = format!("{task} calls tools.{service}, which is not in the `allow` of its config");
            return Err(CallError::fatal("not_allowed", message));
        }
        self.check_budget(call, config.budget.as_ref(), "the `budget` of the task's config")?;
        let rules = self.inner.policies.of(&self.cell.workspace).map_err(policy_away)?;
        if rules.allow(task, service) {
            self.check_budget(call, Some(rules.budget()), "the workspace's policy")?;
            return Ok(rules);
        }
        let message = format!("The workspace's policy does not let {task} call tools.{service}");
        Err(CallError::fatal("not_allowed", message))
    }

    /// The error of a new call when what the run may use is used up. A call that is tried once more has been
    /// counted.
    fn check_budget(&self, call: &Call, budget: Option<&Budget>, by: &str) -> Result<(), CallError> {
        let is_new = !self.body.open.contains_key(&call.number);
        match budget.filter(|_| is_new).and_then(|budget| budget.used_up(&self.body.run.state.used)) {
            Some(what) => {
                let message = format!("The run's budget is used up: {what}, by {by}");
                Err(CallError::fatal("budget_used_up", message))
            }
            None => Ok(()),
        }
    }

    fn unknown_service(&self, service: &str) -> CallError {
        let mut known: Vec<&str> = INSIDE.into_iter().chain(self.inner.services.names()).collect();
        known.sort_unstable();
        let message = format!("There is no service tools.{service}; there are {}", known.join(", "));
        CallError::fatal("unknown_service", message)
    }

    fn step_of_task(&mut self, call: &Call, now: Millis) -> Step {
        let wanted = match tasks::read(&call.birth.method, &call.birth.args) {
            Ok(wanted) => wanted,
            Err(error) => return Step::error(error),
        };
        let (name, version) = (wanted.name.clone(), wanted.options.version);
        let found = self.inner.programs.by_name(&self.inner.store, &self.cell.workspace, &name, version);
        let program = match found {
            Ok(Some(program)) => Ok(program),
            Ok(None) => Err(StartError::TaskUnknown { name, version }),
            Err(error) => Err(StartError::Store(error)),
        };
        tasks::step(&self.body.run.birth, call.number, wanted, program, now)
    }

    /// The call has an outcome, which waits to be handed in.
    pub(super) fn outcome(&mut self, call: &mut Call, outcome: Outcome, now: Millis) {
        call.state.status = match outcome {
            Outcome::Ok(_) => change(call.state.status, CallChange::Succeeded),
            Outcome::Err(_) => change(call.state.status, CallChange::Failed),
        };
        call.state.outcome = Some(outcome.clone());
        call.state.ended_at = Some(now);
        call.state.due_at = None;
        self.body.outcomes.push_back((call.number, outcome));
    }

    /// Gives the call an event that was sent before, or has it wait for one.
    fn wait_for_event(&mut self, call: &mut Call, name: String, until: Option<Millis>, now: Millis) {
        let kept = self.body.kept_events.iter().position(|event| event.name == name);
        if let Some(event) = kept.and_then(|at| self.body.kept_events.remove(at)) {
            self.changes.push(Change::TakeSentEvent {
                workspace: self.cell.workspace.clone(),
                run: self.cell.run,
                number: event.number,
                taken_by: call.number,
            });
            return self.outcome(call, Outcome::Ok(event.payload), now);
        }
        if until.is_some_and(|until| until <= now) {
            return self.outcome(call, Outcome::Err(events::timed_out(&name)), now);
        }
        call.state.awaits = Some(name);
        call.state.due_at = until;
        if let Some(until) = until {
            self.set_timer(until, Some(call.number));
        }
    }

    /// A run that this run starts. It begins ahead of the disk, but behind this turn's group.
    fn begin_run_of(&mut self, run: Box<Run>) {
        self.changes.push(Change::InsertRun(run.clone()));
        let (workspace, id) = (run.birth.workspace.clone(), run.birth.id);
        if self.inner.has_enough() {
            self.changes.push(Change::ReleaseRun { workspace, id });
            return self.after.push(After::Announce);
        }
        self.letters.push((workspace, id, Mail::Begin { run, unwritten: false }));
    }

    /// Ends what a call that is not wanted any more has set going.
    pub(super) fn give_up_call(&mut self, call: &Call) {
        self.inner.give_up_attempt(call.run, call.number);
        // Made and given up in one turn: it is not on its way yet, and will not be.
        self.after.retain(|after| !matches!(after, After::Attempt(attempt) if attempt.is_of(call)));
        if call.state.status == CallStatus::SuspendedWaitingChild
            && let Some(child) = call.state.child
        {
            self.letters.push((call.workspace.clone(), child, Mail::Cancel { reply: None }));
        }
    }
}

/// Nothing is allowed by a policy that cannot be read.
fn policy_away(error: KeystoreError) -> CallError {
    match error {
        KeystoreError::Store(ReadError::Unavailable { .. }) => {
            CallError::passing("store_failed", error.to_string())
        }
        error => CallError::fatal("not_allowed", error.to_string()),
    }
}

/// The state after a change that this module knows to be allowed.
pub(super) fn change(from: CallStatus, change: CallChange) -> CallStatus {
    let after = from.after(change);
    debug_assert!(after.is_ok(), "{from} cannot be {change:?}");
    after.unwrap_or(from)
}
