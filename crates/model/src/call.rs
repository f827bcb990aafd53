//! The states of a call and the only function that moves between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::run::UnknownStatus;

/// The number of a call within its run, counted from 1 in the order the guest made them.
pub type CallNumber = u32;

/// Where a call stands. Whether its outcome has reached the guest is a separate fact: the number
/// of the delivery that carried it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// To be executed: at once, or when it falls due (a timer, a retry, an event's time limit).
    Pending,
    /// Being executed by a node.
    Processing,
    /// Waits for the run it started.
    SuspendedWaitingChild,
    /// The run it started has ended; the outcome is on its way to the guest.
    PendingResume,
    /// Ended with a result.
    Completed,
    /// Ended with an error.
    Failed,
    /// Not wanted any more.
    Cancelled,
}

/// What can happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallChange {
    /// A node begins an attempt.
    Begun,
    /// The attempt failed and another will follow.
    PutOff,
    /// The call started a run and waits for it.
    ChildStarted,
    /// The run it waits for ended.
    ChildEnded,
    /// The call has a result.
    Succeeded,
    /// The call failed for good.
    Failed,
    /// The run does not want the outcome any more.
    Dropped,
}

/// A change that the present state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a call that is {from} cannot be {change:?}")]
pub struct IllegalChange {
    /// The state the call is in.
    pub from: CallStatus,
    /// What should have happened to it.
    pub change: CallChange,
}

impl CallStatus {
    /// Every state, in the order a call usually meets them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Processing,
        Self::SuspendedWaitingChild,
        Self::PendingResume,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The state after `change`.
    ///
    /// # Errors
    /// [`IllegalChange`] when the change is not allowed from here. Ended calls allow none.
    pub fn after(self, change: CallChange) -> Result<Self, IllegalChange> {
        use CallChange as C;
        use CallStatus as S;
        match (self, change) {
            // Begun again from `processing`: the node that began it is gone.
            (S::Pending | S::Processing, C::Begun) => Ok(S::Processing),
            (S::Pending | S::Processing, C::PutOff) => Ok(S::Pending),
            (S::Pending, C::ChildStarted) => Ok(S::SuspendedWaitingChild),
            (S::SuspendedWaitingChild, C::ChildEnded) => Ok(S::PendingResume),
            (S::Pending | S::Processing | S::PendingResume, C::Succeeded) => Ok(S::Completed),
            // While it waits for its child: the caller's run was cancelled.
            (S::Pending | S::Processing | S::SuspendedWaitingChild | S::PendingResume, C::Failed) => {
                Ok(S::Failed)
            }
            (from, C::Dropped) if !from.is_ended() => Ok(S::Cancelled),
            (from, change) => Err(IllegalChange { from, change }),
        }
    }

    /// Whether the call is over for good.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The word used in SQL, JSON and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::SuspendedWaitingChild => "suspended_waiting_child",
            Self::PendingResume => "pending_resume",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for CallStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CallStatus {
    type Err = UnknownStatus;

    /// Reads a status. The older names `pending_execution` and `ready_to_resume` are understood.
    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        match word {
            "pending_execution" => Ok(Self::Pending),
            "ready_to_resume" => Ok(Self::PendingResume),
            _ => Self::ALL
                .into_iter()
                .find(|status| status.as_str() == word)
                .ok_or_else(|| UnknownStatus(word.chars().take(40).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_call_never_changes() {
        let changes = [CallChange::Begun, CallChange::PutOff, CallChange::Succeeded, CallChange::Dropped];
        for status in CallStatus::ALL.into_iter().filter(|s| s.is_ended()) {
            for change in changes {
                assert!(status.after(change).is_err(), "{status} {change:?}");
            }
        }
    }

    #[test]
    fn a_call_to_a_task_goes_through_its_child() {
        let waiting = CallStatus::Pending.after(CallChange::ChildStarted).unwrap();
        assert!(waiting.after(CallChange::Succeeded).is_err(), "not before the child has ended");
        let resumed = waiting.after(CallChange::ChildEnded).unwrap();
        assert_eq!(resumed.after(CallChange::Succeeded), Ok(CallStatus::Completed));
    }

    #[test]
    fn the_words_read_back() {
        for status in CallStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }
}
