//! One run in memory: a mailbox anybody may write to, and a body that one thread at a time works on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fermata_model::record::{Outcome, Run};
use fermata_model::{CallNumber, Json, RunId, WorkspaceId};
use fermata_services::Attempted;
use fermata_store::Chain;
use tokio::sync::oneshot;

use crate::api::RunActionError;
use crate::body::Body;

/// Where an answer goes.
pub(crate) enum Reply<T> {
    /// To somebody who waits in this process.
    Here(oneshot::Sender<Result<T, RunActionError>>),
    /// To the letter that another node wrote.
    Letter([u8; 16]),
}

/// What can be told to a run.
pub(crate) enum Mail {
    /// It was just accepted. `unwritten` when the ledger does not have it yet.
    Begin { run: Box<Run>, unwritten: bool },
    /// Something about it may have changed in the ledger.
    Wake,
    /// A call's attempt at a service ended.
    Attempted { number: CallNumber, attempt: u32, result: Attempted },
    /// A call's attempt at a service gets on: a line for the log.
    Progress { number: CallNumber, attempt: u32, line: String },
    /// The run that a call waits for ended.
    ChildEnded { number: CallNumber, child: RunId, outcome: Outcome },
    /// A call's time has come.
    Due { number: CallNumber },
    /// The run's own time has come: to start, to fail, or to have cleaned up.
    Alarm,
    /// Somebody sent an event.
    Event { name: String, payload: Json, reply: Reply<u32> },
    /// Somebody wants it cancelled.
    Cancel { reply: Option<Reply<Run>> },
    /// Somebody wants it ended at once.
    Kill { reply: Option<Reply<Run>> },
    /// Its VM's memory is wanted.
    PutDown,
    /// Another node has changed something about it in the ledger.
    Look,
}

/// Where a run stands with the executor threads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not in the queue; no mail.
    Idle,
    /// In the queue.
    Queued,
    /// A thread works on it.
    Running,
}

struct Mailbox {
    phase: Phase,
    mail: VecDeque<Mail>,
    /// Nobody finds this cell any more: mail goes to a new one.
    gone: bool,
}

/// One run in memory.
pub(crate) struct Cell {
    pub(crate) workspace: WorkspaceId,
    pub(crate) run: RunId,
    pub(crate) priority: i16,
    mailbox: Mutex<Mailbox>,
    body: Mutex<Option<Box<Body>>>,
    /// The newest turn, the newest whose changes were submitted, the newest whose are on disk.
    turns: [AtomicU64; 3],
    /// A turn could not be written: what is in memory is worth nothing.
    chain: Chain,
    /// Stops the slice being executed.
    kill: Arc<AtomicBool>,
}

/// What became of a letter.
pub(crate) enum Posted {
    /// It is in the mailbox and the run must be put into the queue.
    Enqueue,
    /// It is in the mailbox of a run that is in the queue or being worked on.
    Kept,
    /// The cell is gone; here is the letter back.
    Gone(Mail),
}

impl Cell {
    pub(crate) fn new(workspace: WorkspaceId, run: RunId, priority: i16) -> Self {
        let mailbox = Mailbox { phase: Phase::Idle, mail: VecDeque::new(), gone: false };
        Self {
            workspace,
            run,
            priority,
            mailbox: Mutex::new(mailbox),
            body: Mutex::default(),
            turns: Default::default(),
            chain: Chain::default(),
            kill: Arc::default(),
        }
    }

    /// Puts a letter into the mailbox.
    pub(crate) fn post(&self, mail: Mail) -> Posted {
        let mut mailbox = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        if mailbox.gone {
            return Posted::Gone(mail);
        }
        mailbox.mail.push_back(mail);
        if mailbox.phase != Phase::Idle {
            return Posted::Kept;
        }
        mailbox.phase = Phase::Queued;
        Posted::Enqueue
    }

    /// A thread begins to work on the run.
    pub(crate) fn begin(&self) {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner).phase = Phase::Running;
    }

    /// Takes all letters.
    pub(crate) fn take_mail(&self) -> VecDeque<Mail> {
        std::mem::take(&mut self.mailbox.lock().unwrap_or_else(PoisonError::into_inner).mail)
    }

    /// Puts letters back that could not be opened now, before those that came meanwhile.
    pub(crate) fn put_mail_back(&self, letters: VecDeque<Mail>) {
        let mut mailbox = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        for letter in letters.into_iter().rev() {
            mailbox.mail.push_front(letter);
        }
    }

    /// A thread could do nothing with the letters: they wait until the next one comes.
    pub(crate) fn rest(&self) {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner).phase = Phase::Idle;
    }

    /// Puts an idle cell with mail into the queue again. True when the caller must push it there.
    pub(crate) fn revive(&self) -> bool {
        let mut mailbox = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stuck = mailbox.phase == Phase::Idle && !mailbox.mail.is_empty() && !mailbox.gone;
        if is_stuck {
            mailbox.phase = Phase::Queued;
        }
        is_stuck
    }

    /// A thread has worked on the run. True when it must go into the queue again.
    pub(crate) fn end(&self, more_to_do: bool) -> bool {
        let mut mailbox = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        let again = more_to_do || !mailbox.mail.is_empty();
        mailbox.phase = if again { Phase::Queued } else { Phase::Idle };
        again
    }

    /// Marks an idle cell without mail as gone, if all of it is on disk and `allowed` agrees. Says
    /// whether it did.
    pub(crate) fn leave(&self, allowed: impl FnOnce(Option<&Body>) -> bool) -> bool {
        let mut mailbox = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = mailbox.phase == Phase::Idle && mailbox.mail.is_empty() && !mailbox.gone;
        if !idle || !self.is_written() {
            return false;
        }
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        if !allowed(body.as_deref()) {
            return false;
        }
        *body = None;
        mailbox.gone = true;
        true
    }

    /// A turn could not be written. If nobody works on the run it is gone at once, else the thread
    /// that does will see. Says whether it is gone.
    pub(crate) fn abandon(&self) -> bool {
        self.chain.end();
        let mut mailbox = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        if mailbox.phase == Phase::Running {
            return false;
        }
        mailbox.gone = true;
        mailbox.mail.clear();
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = None;
        true
    }

    /// What ties the turns together: none is written behind one that was not.
    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Whether a turn could not be written.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.chain.has_ended()
    }

    /// A turn begins; its number.
    pub(crate) fn set_turn(&self, turn: u64) {
        self.turns[0].store(turn, Ordering::SeqCst);
    }

    /// The newest turn.
    pub(crate) fn turn(&self) -> u64 {
        self.turns[0].load(Ordering::SeqCst)
    }

    /// A turn's changes are about to be submitted.
    pub(crate) fn submitting(&self, turn: u64) {
        self.turns[1].fetch_max(turn, Ordering::SeqCst);
    }

    /// A turn's changes are on disk, and all before.
    pub(crate) fn written(&self, turn: u64) {
        self.turns[2].fetch_max(turn, Ordering::SeqCst);
    }

    /// Whether everything that was submitted is on disk.
    pub(crate) fn is_written(&self) -> bool {
        self.submitted_turn() <= self.written_turn()
    }

    fn submitted_turn(&self) -> u64 {
        self.turns[1].load(Ordering::SeqCst)
    }

    fn written_turn(&self) -> u64 {
        self.turns[2].load(Ordering::SeqCst)
    }

    /// Whether there is nothing to do for the run now: it is not in the queue, nobody works on it, and what
    /// was submitted is on disk.
    pub(crate) fn rests(&self) -> bool {
        let mailbox = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        mailbox.gone || mailbox.phase == Phase::Idle && self.is_written()
    }

    /// Takes the body to work on it.
    pub(crate) fn take_body(&self) -> Option<Box<Body>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Puts the body back.
    pub(crate) fn put_body(&self, body: Box<Body>) {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }

    /// The switch that stops the slice being executed.
    pub(crate) fn kill_switch(&self) -> Arc<AtomicBool> {
        self.kill.clone()
    }
}
