//! A PostgreSQL, over a connection that the gate has checked.
//!
//! Each call has a connection of its own. What a task leaves behind in one (settings, temporary tables, locks) reaches
//! no other, a changed password or policy counts at once, and none is kept where nobody calls. It costs a few round
//! trips, and the number of connections is bounded.
//!
//! A call is one transaction, so what fails before its commit is sent has changed nothing and may be repeated. A commit
//! that was sent and not answered may have counted or not: that call is not repeated, unless it only read.

mod cancel;
mod cell;
mod fault;
mod numeric;
mod param;
mod session;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fermata_model::{CallError, Json, WorkspaceId};
use tokio::time::timeout;

use self::cancel::Cancel;
use self::session::Session;
use super::call::Call;
use super::place::Place;
use super::turns::Turns;
use super::{READY_WITHIN, error};
use crate::call::Failure;
use crate::way::Way;

/// Most connections at the same time.
const CONNECTIONS_MAX: usize = 32;
/// How much longer than the server we wait: it is to be the one who says that a statement took too long.
const GRACE: Duration = Duration::from_secs(2);

/// The servers that calls connect to.
pub(super) struct Servers {
    turns: Turns,
}

impl Default for Servers {
    fn default() -> Self {
        Self { turns: Turns::new(CONNECTIONS_MAX) }
    }
}

/// How far a call has come, for whoever has to say what became of it.
#[derive(Default)]
struct Stage {
    is_committing: AtomicBool,
    is_writing: AtomicBool,
}

impl Stage {
    /// Whether the call may have changed something, and nobody knows.
    fn is_unclear(&self) -> bool {
        self.is_committing.load(Ordering::Relaxed) && self.is_writing.load(Ordering::Relaxed)
    }
}

impl Servers {
    /// Executes a call of a workspace.
    pub(super) async fn perform(
        &self,
        workspace: &WorkspaceId,
        place: &Place,
        call: &Call,
        way: &Way<'_>,
    ) -> Result<Json, Failure> {
        let _turn = self.turns.take(workspace, call.time).await?;
        let Ok(session) = timeout(READY_WITHIN, Box::pin(Session::log_in(place, way))).await else {
            return Err(
                CallError::passing("timeout", "tools.sql: no connection to the database in time").into()
            );
        };
        let session = session?;
        // Until the call has ended, its end is also the end of what the server does for it.
        let cancel = Cancel::new(session.cancel_token(), place, way);
        let stage = Stage::default();
        let work = session.drive(|client| work::perform(client, call, &stage));
        let done = match timeout(call.time + GRACE, Box::pin(work)).await {
            Ok(done) => done,
            Err(_) if stage.is_unclear() => return Err(fault::unclear().into()),
            Err(_) => return Err(error::too_slow(call.time).into()),
        };
        cancel.call_off();
        Ok(done?)
    }
}
