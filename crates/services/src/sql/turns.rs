//! Turns at a database: so many calls at work at the same time, and no more than half of them of one workspace.
//!
//! What a workspace has beyond its share waits for its own calls, and takes no place in the queue for the rest. So a
//! workspace that floods has its share, and whoever else comes is served ahead of what waits there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fermata_model::{CallError, WorkspaceId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Workspaces beyond which those without a call are forgotten.
const WORKSPACES_MAX: usize = 10_000;

/// Turns, of which there are so many.
pub(super) struct Turns {
    all: Arc<Semaphore>,
    share: usize,
    shares: Mutex<HashMap<WorkspaceId, Arc<Semaphore>>>,
}

/// Held while a call is at work.
#[derive(Debug)]
pub(super) struct Turn {
    _of_all: OwnedSemaphorePermit,
    _of_workspace: OwnedSemaphorePermit,
}

impl Turns {
    /// So many turns at the same time.
    pub(super) fn new(count: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(count)), share: (count / 2).max(1), shares: Mutex::default() }
    }

    /// Waits for a turn of a workspace, for at most so long. Those who wait come in the order in which they came.
    ///
    /// # Errors
    /// When there is none in time. Nothing was done.
    pub(super) async fn take(&self, workspace: &WorkspaceId, within: Duration) -> Result<Turn, CallError> {
        let own = self.share_of(workspace);
        let both = async {
            // Its own first: who waits for its own share is in nobody's way.
            let of_workspace = own.acquire_owned().await.ok()?;
            let of_all = self.all.clone().acquire_owned().await.ok()?;
            Some(Turn { _of_all: of_all, _of_workspace: of_workspace })
        };
        timeout(within, both).await.ok().flatten().ok_or_else(|| self.busy(within))
    }

    fn share_of(&self, workspace: &WorkspaceId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= WORKSPACES_MAX {
            // Who has a turn, or waits for one, holds the share.
            shares.retain(|_, share| Arc::strong_count(share) > 1);
        }
        shares.entry(workspace.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.share))).clone()
    }

    fn busy(&self, within: Duration) -> CallError {
        let (share, ms) = (self.share, within.as_millis());
        let message = format!(
            "tools.sql: no turn within {ms} ms: on a node at most {share} calls of a workspace are at work at a time"
        );
        CallError::passing("busy", message)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn workspace(name: &str) -> WorkspaceId {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn a_workspace_has_its_share_and_leaves_the_rest() {
        let turns = Turns::new(5);
        let (a, b, c) = (workspace("a"), workspace("b"), workspace("c"));
        let mut of_a = Vec::new();
        for _ in 0..2 {
            of_a.push(turns.take(&a, LONG).now_or_never().unwrap().unwrap());
        }
        let mut third = Box::pin(turns.take(&a, LONG));
        assert!((&mut third).now_or_never().is_none());
        let _of_b =
            [turns.take(&b, LONG).now_or_never().unwrap(), turns.take(&b, LONG).now_or_never().unwrap()];
        let _last = turns.take(&c, LONG).now_or_never().unwrap().unwrap();
        // All are taken. The next one goes to who waits for it, not to those who wait for their own share.
        let mut next = Box::pin(turns.take(&c, LONG));
        assert!((&mut next).now_or_never().is_none());
        of_a.pop();
        assert!((&mut third).now_or_never().is_none(), "it came to the queue behind the other");
        let _next = next.now_or_never().unwrap().unwrap();
        of_a.pop();
        third.now_or_never().unwrap().unwrap();
    }

    #[tokio::test]
    async fn waiting_has_its_end_and_leaves_nothing_behind() {
        let turns = Turns::new(2);
        let a = workspace("a");
        let held = turns.take(&a, LONG).await.unwrap();
        let error = turns.take(&a, Duration::from_millis(5)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("busy", true));
        drop(held);
        turns.take(&a, LONG).now_or_never().unwrap().unwrap();
    }
}
