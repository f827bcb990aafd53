//! The states of a run and the only function that moves between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Accepted, not begun.
    Queued,
    /// On a node: executing a slice, or resident and waiting for something fast.
    Processing,
    /// Put down: its state is in a checkpoint and it costs no thread and no memory.
    Suspended,
    /// Held back by an operator.
    Paused,
    /// Ended with a result.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended because somebody cancelled or killed it.
    Cancelled,
}

/// What can happen to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunChange {
    /// A node begins the run, or takes it up again.
    TakenUp,
    /// The run's state was written down and its VM given back.
    PutDown,
    /// An operator holds the run.
    Held,
    /// An operator lets a held run go on.
    LetGo,
    /// The task returned.
    Returned,
    /// The task threw, hit a limit or could not be loaded.
    Threw,
    /// The run was cancelled or killed.
    Stopped,
}

/// A change that the present state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a run that is {from} cannot be {change:?}")]
pub struct IllegalChange {
    /// The state the run is in.
    pub from: RunStatus,
    /// What should have happened to it.
    pub change: RunChange,
}

impl RunStatus {
    /// Every state, in the order a run usually meets them.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Processing,
        Self::Suspended,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The state after `change`.
    ///
    /// # Errors
    /// [`IllegalChange`] when the change is not allowed from here. Ended runs allow none.
    pub fn after(self, change: RunChange) -> Result<Self, IllegalChange> {
        use RunChange as C;
        use RunStatus as S;
        match (self, change) {
            (S::Queued | S::Processing | S::Suspended, C::TakenUp) => Ok(S::Processing),
            (S::Processing | S::Suspended, C::PutDown) => Ok(S::Suspended),
            (S::Queued | S::Processing | S::Suspended, C::Held) => Ok(S::Paused),
            (S::Paused, C::LetGo) => Ok(S::Suspended),
            (S::Processing, C::Returned) => Ok(S::Completed),
            (S::Queued | S::Processing | S::Suspended, C::Threw) => Ok(S::Failed),
            (S::Queued | S::Processing | S::Suspended | S::Paused, C::Stopped) => Ok(S::Cancelled),
            (from, change) => Err(IllegalChange { from, change }),
        }
    }

    /// Whether the run is over for good.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The word used in SQL, JSON and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Suspended => "suspended",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no run state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown run status {0:?}; the statuses are queued, processing, suspended, paused, completed, failed, cancelled"
)]
pub struct UnknownStatus(pub String);

impl FromStr for RunStatus {
    type Err = UnknownStatus;

    /// Reads a status. The older names `pending`, `submitted` and `error` are understood.
    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        match word {
            "pending" | "submitted" => Ok(Self::Queued),
            "error" => Ok(Self::Failed),
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

    const CHANGES: [RunChange; 7] = [
        RunChange::TakenUp,
        RunChange::PutDown,
        RunChange::Held,
        RunChange::LetGo,
        RunChange::Returned,
        RunChange::Threw,
        RunChange::Stopped,
    ];

    #[test]
    fn ended_runs_never_change() {
        for status in RunStatus::ALL.into_iter().filter(|s| s.is_ended()) {
            for change in CHANGES {
                assert_eq!(status.after(change), Err(IllegalChange { from: status, change }));
            }
        }
    }

    #[test]
    fn every_unended_run_can_be_stopped_and_no_other_state_completes() {
        for status in RunStatus::ALL {
            assert_eq!(status.after(RunChange::Stopped).is_ok(), !status.is_ended());
            let completes = status.after(RunChange::Returned).is_ok();
            assert_eq!(completes, status == RunStatus::Processing);
        }
    }

    #[test]
    fn the_words_read_back() {
        for status in RunStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("submitted".parse(), Ok(RunStatus::Queued));
        assert!("Queued".parse::<RunStatus>().is_err());
    }
}
