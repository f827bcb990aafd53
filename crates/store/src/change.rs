//! What can be written: changes, and groups of them that stand or fall together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fermata_model::record::{
    Call, CallState, Checkpoint, KeystoreEntry, LogLine, Run, RunState, SentEvent, StateEntry, TaskVersion,
};
use fermata_model::{CallNumber, Json, Millis, RunId, WorkspaceId};

use crate::error::CommitError;
use crate::spill::Carried;
use crate::tables::letters::Letter;

/// One row to be written.
///
/// Rows that are only ever made ([`Change::PutTask`], the `Insert…`s, [`Change::Log`],
/// [`Change::PutSentEvent`], [`Change::PutIdempotency`]) fail with [`CommitError::Conflict`] when
/// they exist. Updates fail with [`CommitError::Missing`] when they do not. The other `Put…`s
/// replace what is there, and dropping or forgetting what is not there succeeds.
#[derive(Debug, Clone)]
pub enum Change {
    /// A newly published version of a task.
    PutTask(Box<TaskVersion>),
    /// A new run. This node owns it until it ends or is released.
    InsertRun(Box<Run>),
    /// The state of a run that this node owns.
    UpdateRun {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run.
        id: RunId,
        /// Its state from here on.
        state: Box<RunState>,
    },
    /// The run belongs to no node from here on: whoever has something for it to do claims it. Where
    /// there is only one node this changes nothing.
    ReleaseRun {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run.
        id: RunId,
    },
    /// A new call.
    InsertCall(Box<Call>),
    /// The state of a call.
    UpdateCall {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run that made the call.
        run: RunId,
        /// The call's number.
        number: CallNumber,
        /// Its state from here on.
        state: Box<CallState>,
    },
    /// The outcome of a call that waits for a run, written by that run. Nothing changes when the call
    /// has ended without it.
    EndChildCall {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run that made the call.
        run: RunId,
        /// The call's number.
        number: CallNumber,
        /// Its state from here on; it names the run that ended.
        state: Box<CallState>,
    },
    /// The outcome of a call, with what the call did in the same group. Missing when the call has ended
    /// without it: then nothing of the group is written.
    EndCall {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run that made the call.
        run: RunId,
        /// The call's number.
        number: CallNumber,
        /// Its state from here on.
        state: Box<CallState>,
    },
    /// A line a task wrote.
    Log {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run.
        run: RunId,
        /// The line.
        line: LogLine,
    },
    /// The newest checkpoint of a run; replaces the one before.
    PutCheckpoint {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run.
        run: RunId,
        /// The checkpoint.
        checkpoint: Box<Checkpoint>,
        /// When it was taken.
        taken_at: Millis,
    },
    /// The run needs no checkpoint any more.
    DropCheckpoint {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run.
        run: RunId,
    },
    /// An event that was sent to a run.
    PutSentEvent {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run.
        run: RunId,
        /// The event.
        event: Box<SentEvent>,
    },
    /// A call receives a sent event. Missing when the event is not there or was taken before.
    TakeSentEvent {
        /// Tenant.
        workspace: WorkspaceId,
        /// The run.
        run: RunId,
        /// The event's number.
        number: u32,
        /// The call that receives it.
        taken_by: CallNumber,
    },
    /// Something new that a task keeps.
    InsertState {
        /// Tenant.
        workspace: WorkspaceId,
        /// The task.
        task: String,
        /// What it keeps.
        entry: Box<StateEntry>,
    },
    /// The next version of what a task keeps. Missing when the version before it is not there.
    UpdateState {
        /// Tenant.
        workspace: WorkspaceId,
        /// The task.
        task: String,
        /// What it keeps from here on.
        entry: Box<StateEntry>,
    },
    /// A task keeps something no more. Missing when that version is not there.
    DeleteState {
        /// Tenant.
        workspace: WorkspaceId,
        /// The task.
        task: String,
        /// The entry.
        key: String,
        /// Its version.
        version: i64,
    },
    /// A new entry of the keystore.
    InsertKeystore {
        /// Tenant.
        workspace: WorkspaceId,
        /// The entry.
        entry: Box<KeystoreEntry>,
    },
    /// The next version of an entry of the keystore. Missing when the version before it is not there. When
    /// the entry was last used stays as it is.
    UpdateKeystore {
        /// Tenant.
        workspace: WorkspaceId,
        /// The entry from here on.
        entry: Box<KeystoreEntry>,
        /// The version it is written over.
        over: u32,
    },
    /// A version of an entry that is about to be written over stays in its history; replaces what is there
    /// under its number.
    KeepKeystore {
        /// Tenant.
        workspace: WorkspaceId,
        /// The entry as it was.
        entry: Box<KeystoreEntry>,
    },
    /// An entry leaves the keystore. Its history does not, unless it is forgotten in the same group.
    DeleteKeystore {
        /// Tenant.
        workspace: WorkspaceId,
        /// The entry's namespace.
        namespace: String,
        /// The entry's name.
        name: String,
        /// When the entry was made.
        since: Millis,
    },
    /// Earlier versions of an entry are forgotten.
    ForgetKeystore {
        /// Tenant.
        workspace: WorkspaceId,
        /// The entry's namespace.
        namespace: String,
        /// The entry's name.
        name: String,
        /// When the entry was made.
        since: Millis,
        /// The newest version that is forgotten.
        up_to: u32,
    },
    /// An entry of the keystore was used on behalf of a task.
    UseKeystore {
        /// Tenant.
        workspace: WorkspaceId,
        /// The entry's namespace.
        namespace: String,
        /// The entry's name.
        name: String,
        /// When.
        at: Millis,
    },
    /// Something asked of a run that another node owns.
    PutLetter(Box<Letter>),
    /// The answer to a letter. Missing when it was answered before.
    AnswerLetter {
        /// The letter.
        id: [u8; 16],
        /// The answer.
        answer: Json,
        /// When it was given.
        answered_at: Millis,
    },
    /// The answer of a run that has ended. Nothing changes when the letter was answered before.
    RefuseLetter {
        /// The letter.
        id: [u8; 16],
        /// The answer.
        answer: Json,
        /// When it was given.
        answered_at: Millis,
    },
    /// Nobody needs the letter any more.
    DropLetter {
        /// The letter.
        id: [u8; 16],
    },
    /// Something that nobody needs any more leaves the ledger. Made by the store itself.
    Remove(Removal),
    /// The first use of an idempotency key.
    PutIdempotency {
        /// Tenant.
        workspace: WorkspaceId,
        /// The key.
        key: String,
        /// Hash of the request it came with, to tell a repetition from a mistake.
        request_hash: [u8; 32],
        /// The run the request started.
        run: RunId,
        /// When it came.
        created_at: Millis,
    },
    /// An API token, known by its hash only; renames the token when the hash is known.
    PutToken {
        /// Hash of the token.
        hash: [u8; 32],
        /// The workspace it opens.
        workspace: WorkspaceId,
        /// What people call it.
        name: String,
        /// When it was made.
        created_at: Millis,
    },
}

/// Something that nobody needs any more. Only the store makes one, as only it knows that.
#[derive(Debug, Clone)]
pub struct Removal(pub(crate) Removed);

/// What leaves the ledger.
#[derive(Debug, Clone)]
pub(crate) enum Removed {
    /// An ended run with all that belongs to it.
    Run { workspace: WorkspaceId, id: RunId },
    /// What is known of an object that nothing refers to.
    Object { workspace: WorkspaceId, id: [u8; 16] },
}

/// Called once with the fate of a group, on the committer's thread.
pub type Done = Box<dyn FnOnce(Result<(), CommitError>) + Send>;

/// Changes that are written together or not at all.
pub struct Group {
    /// The changes, in the order they take effect.
    pub changes: Vec<Change>,
    /// Called when the group is on disk or has failed. It runs on the committer's thread, so it
    /// must be quick; it may submit further groups.
    pub done: Option<Done>,
    /// What it is a link of, if it makes sense only behind those before it.
    chain: Option<Chain>,
    /// Which of the values lie in the object store.
    pub(crate) carried: Carried,
}

/// Groups that make sense only one behind the other: when one of them is not written, none that
/// comes after it is. Clones mean the same chain.
#[derive(Debug, Clone, Default)]
pub struct Chain(Arc<AtomicBool>);

impl Chain {
    /// Nothing of it is written from here on.
    pub fn end(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether one of its groups was not written.
    pub fn has_ended(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Group {
    /// A group whose fate nobody asks for.
    pub fn new(changes: Vec<Change>) -> Self {
        Self { changes, done: None, chain: None, carried: Carried::default() }
    }

    /// A group that reports its fate to `done`.
    pub fn with(changes: Vec<Change>, done: impl FnOnce(Result<(), CommitError>) + Send + 'static) -> Self {
        Self { changes, done: Some(Box::new(done)), chain: None, carried: Carried::default() }
    }

    /// The same as a link of a chain.
    #[must_use]
    pub fn in_chain(self, chain: &Chain) -> Self {
        Self { chain: Some(chain.clone()), ..self }
    }

    /// Whether a group before it in its chain was not written.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.chain.as_ref().is_some_and(Chain::has_ended)
    }

    /// It was not written.
    pub(crate) fn end_chain(&self) {
        if let Some(chain) = &self.chain {
            chain.end();
        }
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").field("changes", &self.changes).finish_non_exhaustive()
    }
}
