//! What a run is brought into memory with: all that the ledger has of it and that is needed to go on, read at once.

use fermata_model::record::{Call, Checkpoint, Run, SentEvent};
use fermata_model::{RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::error::ReadError;
use crate::sql::Read;
use crate::store::Store;
use crate::tables::letters::{self, Letter};
use crate::tables::{calls, checkpoints, sent_events, stream};

/// Most letters of a run that are read at once.
const LETTERS_MAX: u32 = 1_000;

/// What there is of a run besides its row, as far as it is needed to go on with it.
#[derive(Debug, Default)]
pub struct RunParts {
    /// The call that started the run; nothing when none did, or when it is gone.
    pub parent_call: Option<Call>,
    /// Letters that nobody has answered, in the order they were sent. An embedded store has none.
    pub letters: Vec<Letter>,
    /// Events that no call has received, in the order they were sent.
    pub sent_events: Vec<SentEvent>,
    /// The number of the last event sent to it, 0 when there was none.
    pub last_sent_event: u32,
    /// Of a run that has begun, what it has done so far.
    pub begun: Option<BegunParts>,
}

/// What there is of a run that has begun.
#[derive(Debug)]
pub struct BegunParts {
    /// The calls that have not ended, in order of their numbers.
    pub open_calls: Vec<Call>,
    /// The calls whose outcome waits to be handed in, in order of their numbers.
    pub undelivered: Vec<Call>,
    /// The newest checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// The first calls that were handed in since the run's row was written, in that order.
    pub deliveries: Vec<Call>,
    /// The number of the newest entry of its event stream that has a row of its own.
    pub newest_seq: u32,
}

impl Store {
    /// What there is of a run besides its row, with up to `deliveries_max` calls that were handed in since that was
    /// written. On PostgreSQL it is one round trip.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn run_parts(&self, run: &Run, deliveries_max: u32) -> Result<RunParts, ReadError> {
        let is_shared = self.node_id().is_some();
        let (workspace, id) = (&run.birth.workspace, run.birth.id);
        self.read("a run's rows", |db| {
            db.gather(|db| {
                let parent = run.birth.parent;
                let parent_call =
                    parent.map(|parent| calls::get(db, workspace, parent.run, parent.number)).transpose()?;
                let letters = match is_shared {
                    true => letters::list_unanswered(db, workspace, id, LETTERS_MAX)?,
                    false => Vec::new(),
                };
                Ok(RunParts {
                    parent_call: parent_call.flatten(),
                    letters,
                    sent_events: sent_events::list_untaken(db, workspace, id)?,
                    last_sent_event: sent_events::last_number(db, workspace, id)?,
                    begun: match run.state.started_at {
                        Some(_) => Some(begun_parts(db, run, deliveries_max)?),
                        None => None,
                    },
                })
            })
        })
    }

    /// What others have written to a run of this node: outcomes of runs that it waits for, and letters.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn run_post(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
    ) -> Result<(Vec<Call>, Vec<Letter>), ReadError> {
        self.read("a run's rows", |db| {
            db.gather(|db| {
                let ended = calls::list_undelivered(db, workspace, run)?;
                Ok((ended, letters::list_unanswered(db, workspace, run, LETTERS_MAX)?))
            })
        })
    }
}

fn begun_parts(db: &mut dyn Read, run: &Run, deliveries_max: u32) -> Result<BegunParts, DbError> {
    let (workspace, id, deliveries) = (&run.birth.workspace, run.birth.id, run.state.deliveries);
    Ok(BegunParts {
        open_calls: calls::list_open(db, workspace, id)?,
        undelivered: calls::list_undelivered(db, workspace, id)?,
        checkpoint: checkpoints::get(db, workspace, id)?,
        deliveries: calls::list_delivered(db, workspace, id, deliveries, deliveries_max)?,
        newest_seq: stream::newest_seq(db, workspace, id)?,
    })
}
