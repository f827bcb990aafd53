//! The end of a run: its own row, the calls it leaves, and the call that waits for it.

use fermata_model::call::CallChange;
use fermata_model::record::{Call, CallState, Outcome};
use fermata_model::run::RunChange;
use fermata_model::{CallError, CallStatus, Json, Millis, RunError, RunStatus, json};
use fermata_store::Change;

use super::Turn;
use super::dispatch::change;
use crate::cell::Mail;

impl Turn<'_> {
    /// The run ends with an error; as cancelled when that is what somebody asked for.
    pub(super) fn end_with(&mut self, error: RunError, now: Millis) {
        let stopped = self.body.run.state.cancelled_at.is_some() || error.code == "killed";
        let change = if stopped { RunChange::Stopped } else { RunChange::Threw };
        self.end(change, None, Some(error), now);
    }

    /// The run ends.
    pub(super) fn end(
        &mut self,
        change: RunChange,
        result: Option<Json>,
        error: Option<RunError>,
        now: Millis,
    ) {
        self.change_run(change);
        debug_assert!(self.body.is_ended(), "an end ends the run");
        for call in std::mem::take(&mut self.body.open).into_values() {
            self.leave_call(call, now);
        }
        self.body.outcomes.clear();
        let seq = self.body.next_seq();
        let state = &mut self.body.run.state;
        state.result = result;
        state.error = error;
        state.ended_at = Some(now);
        debug_assert_eq!(state.seq, seq, "the end is the last entry of the run's stream");
        self.update_run();
        if self.body.has_checkpoint {
            let (workspace, run) = (self.cell.workspace.clone(), self.cell.run);
            self.changes.push(Change::DropCheckpoint { workspace, run });
        }
        self.tell_parent(now);
    }

    /// A call whose outcome the guest will never see.
    fn leave_call(&mut self, mut call: Call, now: Millis) {
        self.give_up_call(&call);
        if !call.state.status.is_ended() {
            call.state.status = change(call.state.status, CallChange::Dropped);
        }
        call.state.ended_at.get_or_insert(now);
        call.state.end_seq = Some(self.body.next_seq());
        call.state.due_at = None;
        self.update_call(call.number, call.state);
    }

    /// Writes the outcome to the call that waits for this run, in the same group, and tells its run.
    fn tell_parent(&mut self, now: Millis) {
        let Some(parent) = self.body.run.birth.parent.filter(|_| !self.body.is_orphan) else { return };
        let outcome = outcome(&self.body.run.state);
        let state = CallState {
            status: CallStatus::PendingResume,
            attempts: 1,
            child: Some(self.cell.run),
            outcome: Some(outcome.clone()),
            ended_at: Some(now),
            ..CallState::pending()
        };
        let workspace = self.cell.workspace.clone();
        self.changes.push(Change::EndChildCall {
            workspace: workspace.clone(),
            run: parent.run,
            number: parent.number,
            state: Box::new(state),
        });
        let mail = Mail::ChildEnded { number: parent.number, child: self.cell.run, outcome };
        self.letters.push((workspace, parent.run, mail));
    }
}

/// A run's end as the outcome of the call that waits for it.
pub(super) fn outcome(state: &fermata_model::record::RunState) -> Outcome {
    if state.status == RunStatus::Completed {
        return Outcome::Ok(state.result.clone().unwrap_or_else(json::null));
    }
    let Some(error) = &state.error else { return Outcome::Err(CallError::cancelled()) };
    let code = if state.status == RunStatus::Cancelled { "cancelled" } else { error.code.as_str() };
    let call_error = CallError { name: error.name.clone(), ..CallError::fatal(code, error.message.clone()) };
    let details = serde_json::json!({ "stack": error.stack, "call_code": error.call_code });
    Outcome::Err(call_error.with_details(json::of_value(&details)))
}
