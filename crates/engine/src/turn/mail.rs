//! What each letter to a run does.

use std::time::Duration;

use fermata_connect::retry;
use fermata_model::call::CallChange;
use fermata_model::limits::{CLEAN_UP_MS_MAX, EVENTS_KEPT_MAX};
use fermata_model::record::{Call, LogLevel, Outcome, Run, SentEvent};
use fermata_model::run::RunChange;
use fermata_model::task::Span;
use fermata_model::{CallError, CallNumber, CallStatus, Json, Millis, RunError, RunId, json};
use fermata_services::{Attempted, Failure};
use fermata_store::Change;
use fermata_vm::LogRequest;

use super::dispatch::change;
use super::{After, Turn};
use crate::api::RunActionError;
use crate::cell::{Mail, Reply};
use crate::letter::{self, AnswerText};
use crate::service::events;

/// Answers a letter to a run that does not exist.
pub(super) fn refuse_unknown(run: RunId, letter: Mail) {
    // Those who gave up waiting are not told.
    match letter {
        Mail::Event { reply: Reply::Here(reply), .. } => drop(reply.send(Err(RunActionError::Unknown(run)))),
        Mail::Cancel { reply: Some(Reply::Here(reply)) } | Mail::Kill { reply: Some(Reply::Here(reply)) } => {
            drop(reply.send(Err(RunActionError::Unknown(run))));
        }
        _ => {}
    }
}

impl Turn<'_> {
    /// Does what a letter says.
    pub(super) fn open(&mut self, letter: Mail) {
        match letter {
            // A second beginning is the sweep's: the run is here already.
            Mail::Begin { .. } | Mail::Wake => {}
            Mail::Attempted { number, attempt, result } => self.attempted(number, attempt, result),
            Mail::Progress { number, attempt, line } => self.progress(number, attempt, line),
            Mail::ChildEnded { number, child, outcome } => self.child_ended(number, child, outcome),
            Mail::Due { number } => self.due(number),
            Mail::Alarm => self.alarm(),
            Mail::Event { name, payload, reply } => self.event(name, payload, reply),
            Mail::Cancel { reply } => self.cancel(reply),
            Mail::Kill { reply } => self.kill(reply),
            Mail::PutDown => self.parked = true,
            Mail::Look => self.look(),
        }
    }

    /// After a run came from the ledger: hands ended calls in, and sets going again what a node that
    /// is gone had begun.
    pub(super) fn resume_calls(&mut self) {
        if std::mem::replace(&mut self.body.is_resumed, true) {
            return;
        }
        let now = self.inner.clock.now();
        let mut ended: Vec<(Option<Millis>, CallNumber, Outcome)> = Vec::new();
        for call in self.body.open.values() {
            if let Some(outcome) = &call.state.outcome {
                ended.push((call.state.ended_at, call.number, outcome.clone()));
            }
        }
        ended.sort_by_key(|(at, number, _)| (*at, *number));
        self.body.outcomes.extend(ended.into_iter().map(|(_, number, outcome)| (number, outcome)));
        let waiting: Vec<Call> =
            self.body.open.values().filter(|call| call.state.outcome.is_none()).cloned().collect();
        for mut call in waiting {
            match call.state.due_at {
                Some(due) if due > now => self.set_timer(due, Some(call.number)),
                Some(_) => self.due(call.number),
                None if self.is_stranded(&call) => self.step_again(&mut call, now),
                None => {}
            }
        }
        let Run { birth, state } = &self.body.run;
        let clean_up = state.cancelled_at.map(|at| at + CLEAN_UP_MS_MAX);
        let alarms = [birth.deadline_at, birth.start_at, clean_up];
        if !state.status.is_ended() {
            alarms.into_iter().flatten().for_each(|at| self.set_timer(at, None));
        }
    }

    /// Whether the call was on its way outside from a node that is gone.
    fn is_stranded(&self, call: &Call) -> bool {
        let waits_here = !matches!(call.state.status, CallStatus::Pending | CallStatus::Processing);
        !waits_here && call.state.awaits.is_none() && !self.inner.is_in_flight(call.run, call.number)
    }

    /// Takes the call's step once more: another attempt, unless that is not allowed any more.
    fn step_again(&mut self, call: &mut Call, now: Millis) {
        self.take_step(call, now);
        self.keep_call(call);
    }

    /// Records a call's state and keeps it in memory.
    fn keep_call(&mut self, call: &Call) {
        self.update_call(call.number, call.state.clone());
        self.body.open.insert(call.number, call.clone());
    }

    fn attempted(&mut self, number: CallNumber, attempt: u32, result: Attempted) {
        let call = self.body.open.get(&number).cloned();
        if call.as_ref().is_none_or(|call| call.state.attempts <= attempt) {
            self.inner.attempt_ended(self.cell.run, number);
        }
        let Some(mut call) = call else { return };
        if call.state.outcome.is_some() || call.state.attempts != attempt {
            return;
        }
        let now = self.inner.clock.now();
        match result {
            Ok(answer) => {
                call.state.usage = answer.usage;
                self.outcome(&mut call, Outcome::Ok(answer.value), now);
            }
            Err(failure) => self.attempt_failed(&mut call, failure, now),
        }
        self.keep_call(&call);
    }

    /// What an attempt tells of itself, as long as it is the present one.
    fn progress(&mut self, number: CallNumber, attempt: u32, message: String) {
        let is_present = |call: &Call| call.state.outcome.is_none() && call.state.attempts == attempt;
        if self.body.open.get(&number).is_some_and(is_present) {
            let line = LogRequest { level: LogLevel::Info, message, data: None };
            self.log(line, self.inner.clock.now());
        }
    }

    fn attempt_failed(&mut self, call: &mut Call, failure: Failure, now: Millis) {
        let Failure { error, retry_after, last_answer } = failure;
        let policy = self.retry_policy(call);
        // Those that a restart cut off have not failed.
        call.state.failures += 1;
        let wait = policy.delay(call.state.failures, retry_after, self.chance()).filter(|_| error.retryable);
        match (wait, last_answer) {
            (Some(wait), _) => {
                let due = now + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2).max(1);
                call.state.status = change(call.state.status, CallChange::PutOff);
                call.state.due_at = Some(due);
                self.set_timer(due, Some(call.number));
            }
            (None, Some(answer)) => self.outcome(call, Outcome::Ok(answer), now),
            (None, None) => {
                let error = CallError { attempts: Some(call.state.attempts), ..error };
                self.outcome(call, Outcome::Err(error), now);
            }
        }
    }

    /// What a wait leaves to chance, from 0 to 1. Time that is skipped is the same in every run.
    fn chance(&self) -> f64 {
        if self.inner.clock.leaps() { 1.0 } else { rand::random() }
    }

    /// The service's policy with the task's own settings over it.
    fn retry_policy(&self, call: &Call) -> retry::Policy {
        let service = self.inner.services.get(&call.birth.service);
        let policy = service.and_then(|service| service.check(&call.birth.method, &call.birth.args).ok());
        let mut policy = policy.map_or_else(retry::Policy::default, |policy| policy.retry);
        let Some(retries) = &self.body.program.config.retries else { return policy };
        policy.attempts_max = retries.attempts.unwrap_or(policy.attempts_max).clamp(1, ATTEMPTS_MAX);
        policy.base = length(retries.backoff.as_ref()).unwrap_or(policy.base);
        policy.cap = length(retries.backoff_max.as_ref()).unwrap_or(policy.cap);
        policy
    }

    pub(super) fn child_ended(&mut self, number: CallNumber, child: RunId, outcome: Outcome) {
        let Some(mut call) = self.body.open.get(&number).cloned() else { return };
        if call.state.outcome.is_some() || call.state.child != Some(child) {
            return;
        }
        call.state.status = change(call.state.status, CallChange::ChildEnded);
        self.outcome(&mut call, outcome, self.inner.clock.now());
        self.body.open.insert(number, call);
    }

    fn due(&mut self, number: CallNumber) {
        let Some(mut call) = self.body.open.get(&number).cloned() else { return };
        let now = self.inner.clock.now();
        match call.state.due_at {
            _ if call.state.outcome.is_some() => {}
            None => {}
            Some(due) if due > now => self.set_timer(due, Some(number)),
            Some(_) if call.birth.service == "sleep" => {
                self.outcome(&mut call, Outcome::Ok(json::null()), now);
                self.body.open.insert(number, call);
            }
            Some(_) => match call.state.awaits.clone() {
                Some(name) => {
                    self.outcome(&mut call, Outcome::Err(events::timed_out(&name)), now);
                    self.body.open.insert(number, call);
                }
                None => self.step_again(&mut call, now),
            },
        }
    }

    /// The run's own time: its deadline or the end of its clean-up. That it may start is seen elsewhere.
    fn alarm(&mut self) {
        let now = self.inner.clock.now();
        let Run { birth, state } = &self.body.run;
        if state.status.is_ended() {
            return;
        }
        if state.cancelled_at.is_some_and(|at| at + CLEAN_UP_MS_MAX <= now) {
            let message =
                format!("The run was cancelled and did not finish its clean-up in {CLEAN_UP_MS_MAX} ms");
            return self.stop(RunError::system("cancelled", message), now);
        }
        match birth.deadline_at {
            Some(deadline) if deadline <= now => {
                let time = deadline - birth.created_at;
                let error = RunError::system("timeout", format!("The run did not end within {time} ms"));
                self.end_with(error, now);
            }
            _ => {}
        }
    }

    pub(super) fn event(&mut self, name: String, payload: Json, reply: Reply<u32>) {
        if self.body.is_ended() {
            return self.refuse_ended(reply);
        }
        if self.body.kept_events.len() >= usize::try_from(EVENTS_KEPT_MAX).unwrap_or(usize::MAX) {
            return self.refuse(reply, RunActionError::TooManyEvents(EVENTS_KEPT_MAX));
        }
        let now = self.inner.clock.now();
        self.body.events_sent += 1;
        let number = self.body.events_sent;
        let waits =
            |call: &&Call| call.state.awaits.as_deref() == Some(&name) && call.state.outcome.is_none();
        let taker = self.body.open.values().find(waits).cloned();
        let taken_by = taker.as_ref().map(|call| call.number);
        let event = SentEvent { number, name, payload: payload.clone(), sent_at: now, taken_by };
        if taken_by.is_none() {
            self.body.kept_events.push_back(event.clone());
        }
        let (workspace, run) = (self.cell.workspace.clone(), self.cell.run);
        self.write_run_first();
        self.changes.push(Change::PutSentEvent { workspace, run, event: Box::new(event) });
        if let Some(mut call) = taker {
            self.outcome(&mut call, Outcome::Ok(payload), now);
            self.keep_call(&call);
        }
        self.answer(reply, number);
    }

    pub(super) fn cancel(&mut self, reply: Option<Reply<Run>>) {
        if self.body.is_ended() {
            return self.refuse_ended_if_asked(reply);
        }
        // Nobody asks for an answer: it is the call that started the run which gave it up.
        self.body.is_orphan |= reply.is_none();
        let now = self.body.tick(self.inner.clock.now());
        let first = self.body.run.state.cancelled_at.replace(now).is_none();
        if self.body.run.state.started_at.is_none() {
            self.stop(RunError::system("cancelled", "The run was cancelled before it began"), now);
        } else if first {
            self.reject_open_calls(now);
            self.update_run();
            self.set_timer(now + CLEAN_UP_MS_MAX, None);
        }
        self.answer_with_run(reply);
    }

    /// Rejects every pending call. They are written as ended before any of it is handed in, so that
    /// a crash in between changes nothing.
    fn reject_open_calls(&mut self, now: Millis) {
        let pending: Vec<Call> =
            self.body.open.values().filter(|call| call.state.outcome.is_none()).cloned().collect();
        for mut call in pending {
            self.give_up_call(&call);
            self.outcome(&mut call, Outcome::Err(CallError::cancelled()), now);
            self.keep_call(&call);
        }
    }

    pub(super) fn kill(&mut self, reply: Option<Reply<Run>>) {
        let was_killed = self.body.run.state.error.as_ref().is_some_and(|error| error.code == "killed");
        if self.body.is_ended() && !was_killed {
            return self.refuse_ended_if_asked(reply);
        }
        if !self.body.is_ended() {
            let now = self.body.tick(self.inner.clock.now());
            self.stop(RunError::system("killed", "The run was killed"), now);
        }
        self.answer_with_run(reply);
    }

    /// The run ends as cancelled.
    fn stop(&mut self, error: RunError, now: Millis) {
        self.end(RunChange::Stopped, None, Some(error), now);
    }

    /// Makes sure that the run's row is written before rows that refer to it.
    fn write_run_first(&mut self) {
        if self.body.unwritten {
            self.update_run();
        }
    }

    fn answer_with_run(&mut self, reply: Option<Reply<Run>>) {
        if let Some(reply) = reply {
            let run = self.body.run.clone();
            self.answer(reply, run);
        }
    }

    fn refuse_ended_if_asked(&mut self, reply: Option<Reply<Run>>) {
        if let Some(reply) = reply {
            self.refuse_ended(reply);
        }
    }

    fn refuse_ended<T: AnswerText>(&mut self, reply: Reply<T>) {
        let run = Box::new(self.body.run.clone());
        self.refuse(reply, RunActionError::Ended(run));
    }

    /// Refuses once the turn is on disk: what the refusal rests on may be in memory alone, and a node that
    /// was deposed will never write it.
    fn refuse<T: AnswerText>(&mut self, reply: Reply<T>, error: RunActionError) {
        match reply {
            Reply::Here(reply) => self.after.push(After::Answer(Box::new(move |fate| {
                let why = fate.map_or_else(RunActionError::Commit, |()| error);
                // Who gave up waiting is not told.
                drop(reply.send(Err(why)));
            }))),
            Reply::Letter(id) => self.answer_letter(id, &letter::refusal(&error)),
        }
    }

    /// Answers once the turn is on disk.
    fn answer<T: AnswerText>(&mut self, reply: Reply<T>, value: T) {
        match reply {
            Reply::Here(reply) => self.after.push(After::Answer(Box::new(move |fate| {
                // Who gave up waiting is not told.
                drop(reply.send(fate.map(|()| value).map_err(RunActionError::Commit)));
            }))),
            Reply::Letter(id) => self.answer_letter(id, &value.text()),
        }
    }
}

/// Most attempts a task may ask for.
const ATTEMPTS_MAX: u32 = 100;

/// A length of time from a task's settings, which publishing has checked.
fn length(span: Option<&Span>) -> Option<Duration> {
    u64::try_from(span?.ms().ok()?).ok().map(Duration::from_millis)
}
