//! A turn: an executor thread works on one run until it waits, ends or has had its share.
//!
//! Everything the turn changes is gathered and submitted as one group. What other runs are told is
//! sent after that, so that whatever they do reaches the disk behind it. What leaves the system
//! waits until the group is on disk.

mod deliver;
mod dispatch;
mod end;
mod foreign;
mod mail;
mod park;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fermata_model::record::{CallState, Run};
use fermata_model::{CallNumber, RunId, WorkspaceId};
use fermata_store::{Change, CommitError, Group, Notice, ReadError};

use crate::body::Body;
use crate::cell::{Cell, Mail};
use crate::inner::Inner;
use crate::load::{self, LoadError};
use crate::outward::{self, Attempt};
use crate::timers::Timer;

/// Deliveries of one turn, after which other runs have theirs.
const DELIVERIES_MAX: u32 = 512;
/// Time of one turn, after which other runs have theirs.
const TURN_MAX: Duration = Duration::from_millis(20);
/// Wait before a run that cannot be worked on now is tried again.
const RETRY_MS: i64 = 100;

/// What happens once the turn's group is on disk.
pub(crate) enum After {
    /// A call goes outside.
    Attempt(Attempt),
    /// Somebody is answered.
    Answer(Box<dyn FnOnce(Result<(), CommitError>) + Send>),
    /// Other nodes may take what was written.
    Announce,
    /// Another node is told that its letter has an answer.
    Answered([u8; 16]),
}

/// The work of one turn.
pub(crate) struct Turn<'a> {
    inner: &'a Arc<Inner>,
    cell: &'a Arc<Cell>,
    body: Box<Body>,
    changes: Vec<Change>,
    /// Letters to other runs.
    letters: Vec<(WorkspaceId, RunId, Mail)>,
    timers: Vec<Timer>,
    after: Vec<After>,
    /// The turn ended before everything was done.
    unfinished: bool,
    /// The VM was given up; the cell may leave once the group is on disk.
    parked: bool,
    /// The run had ended before this turn.
    was_ended: bool,
}

/// Works on a run that came out of the queue.
pub(crate) fn take(inner: &Arc<Inner>, cell: &Arc<Cell>) {
    cell.begin();
    if cell.is_abandoned() {
        cell.rest();
        return inner.abandon(cell);
    }
    let mail = cell.take_mail();
    if must_wait(inner, cell) {
        return rest(inner, cell, mail);
    }
    let Some((mut body, mail)) = body_for(inner, cell, mail) else { return };
    body.turn = cell.turn() + 1;
    cell.set_turn(body.turn);
    let mut turn = Turn {
        was_ended: body.is_ended(),
        inner,
        cell,
        body,
        changes: Vec::new(),
        letters: Vec::new(),
        timers: Vec::new(),
        after: Vec::new(),
        unfinished: false,
        parked: false,
    };
    turn.resume_calls();
    turn.look_if_due();
    mail.into_iter().for_each(|letter| turn.open(letter));
    turn.go();
    turn.finish();
}

/// Whether the run was given up and that is not on disk yet: it can only be taken up again behind
/// that. What is in memory of it goes.
fn must_wait(inner: &Inner, cell: &Cell) -> bool {
    if inner.store.node_id().is_none() {
        return false;
    }
    match cell.take_body() {
        Some(body) if body.released => {
            let must_wait = !cell.is_written();
            if must_wait {
                cell.put_body(body);
            }
            must_wait
        }
        Some(body) => {
            cell.put_body(body);
            false
        }
        None => false,
    }
}

/// Puts the letters back until the group before is on disk.
fn rest(inner: &Inner, cell: &Arc<Cell>, mail: VecDeque<Mail>) {
    cell.put_mail_back(mail);
    cell.rest();
    // It may have got there meanwhile, and found nobody to wake.
    if cell.is_written() && cell.revive() {
        inner.ready.push(cell.clone());
    }
}

/// The body to work on: in memory, just accepted, or from the ledger.
fn body_for(
    inner: &Arc<Inner>,
    cell: &Arc<Cell>,
    mut mail: VecDeque<Mail>,
) -> Option<(Box<Body>, VecDeque<Mail>)> {
    if let Some(body) = cell.take_body() {
        return Some((body, mail));
    }
    let begun = mail.iter().position(|letter| matches!(letter, Mail::Begin { .. }));
    if let Some(Mail::Begin { run, unwritten }) = begun.and_then(|at| mail.remove(at)) {
        let birth = &run.birth;
        let program = inner.programs.by_id(&inner.store, &birth.workspace, birth.task_version_id);
        if let Ok(Some(program)) = program {
            let body = Body { is_new: true, ..Body::new(*run, program, unwritten) };
            return Some((Box::new(body), mail));
        }
        mail.push_front(Mail::Begin { run, unwritten });
        postpone(inner, cell, mail);
        return None;
    }
    if inner.outage.is_on() {
        postpone(inner, cell, mail);
        return None;
    }
    match load::body(inner, &cell.workspace, cell.run) {
        Ok(body) => {
            inner.outage.end();
            if body.is_orphan && !body.is_ended() {
                mail.push_front(Mail::Cancel { reply: None });
            }
            Some((body, mail))
        }
        // Its acceptance never reached the disk, or somebody asked for a run that is none.
        Err(LoadError::Unknown) => {
            turn_away(inner, cell, mail, |letter| mail::refuse_unknown(cell.run, letter));
            None
        }
        Err(LoadError::Elsewhere(node)) => {
            turn_away(inner, cell, mail, |letter| foreign::send_on(inner, cell, node, letter));
            None
        }
        Err(LoadError::Store(error @ ReadError::Unavailable { .. })) => {
            if inner.outage.note(RETRY_MS) {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "Ledger cannot be reached: runs wait for it");
            }
            postpone(inner, cell, mail);
            None
        }
        Err(error) => {
            tracing::error!(run.id = %cell.run, error = &error as &dyn std::error::Error, "Run cannot be loaded");
            postpone(inner, cell, mail);
            None
        }
    }
}

/// The run is not this node's to work on: its letters are dealt with, and it leaves memory.
fn turn_away(inner: &Inner, cell: &Arc<Cell>, mail: VecDeque<Mail>, each: impl Fn(Mail)) {
    mail.into_iter().for_each(&each);
    if cell.end(false) {
        cell.take_mail().into_iter().for_each(each);
        cell.rest();
    }
    if cell.leave(|_| true) {
        inner.forget(cell);
    }
}

/// Puts the letters back and tries again in a moment.
fn postpone(inner: &Inner, cell: &Arc<Cell>, mail: VecDeque<Mail>) {
    inner.counters.faults.fetch_add(1, Ordering::Relaxed);
    let (workspace, run) = (cell.workspace.clone(), cell.run);
    cell.put_mail_back(without_echoes(mail));
    cell.rest();
    inner.timers.set(Timer { due: inner.clock.now() + RETRY_MS, run, call: None, workspace });
}

/// Letters that only say that there is something to do say so once, however often the run was woken.
fn without_echoes(mut mail: VecDeque<Mail>) -> VecDeque<Mail> {
    let mut heard = HashSet::new();
    mail.retain(|letter| {
        let is_signal = matches!(letter, Mail::Wake | Mail::Alarm | Mail::PutDown | Mail::Look);
        !is_signal || heard.insert(std::mem::discriminant(letter))
    });
    mail
}

impl Turn<'_> {
    /// Starts the run, hands outcomes in, until nothing is left or the share is used up.
    fn go(&mut self) {
        let began = Instant::now();
        let mut deliveries = 0;
        if self.body.is_ended() {
            return;
        }
        if self.may_start() {
            self.start();
        }
        while let Some((number, outcome)) = self.body.outcomes.pop_front() {
            if self.body.is_ended() {
                return;
            }
            if deliveries >= DELIVERIES_MAX || began.elapsed() >= TURN_MAX {
                self.body.outcomes.push_front((number, outcome));
                self.unfinished = true;
                return;
            }
            if !self.deliver(number, outcome) {
                return;
            }
            deliveries += 1;
        }
    }

    /// Submits what the turn changed, then tells others, and decides what becomes of the run.
    fn finish(mut self) {
        if self.body.is_ended() {
            self.give_up_vm();
        } else if !self.unfinished {
            self.park_or_wait();
            self.release_if_parked();
        }
        // An empty group is on disk when the row is that was submitted before it.
        let must_follow = std::mem::take(&mut self.body.is_new) && self.parked;
        let Self { inner, cell, body, changes, letters, timers, after, unfinished, parked, was_ended } = self;
        let (turn, ended, waits_in_memory) = (body.turn, body.is_ended(), body.vm.is_some());
        let ended_now = (ended && !was_ended).then(|| Arc::new(body.run.clone()));
        cell.put_body(body);
        if !changes.is_empty() || !after.is_empty() || must_follow {
            cell.submitting(turn);
            let done = {
                let (inner, cell) = (inner.clone(), cell.clone());
                move |fate| settled(&inner, &cell, fate, after, ended_now, turn)
            };
            inner.store.submit(Group::with(changes, done).in_chain(cell.chain()));
        }
        for (workspace, run, mail) in letters {
            inner.post(&workspace, run, mail);
        }
        timers.into_iter().for_each(|timer| inner.timers.set(timer));
        let is_wanted = cell.end(unfinished);
        if cell.is_abandoned() {
            return inner.abandon(cell);
        }
        if is_wanted {
            inner.ready.push(cell.clone());
        } else if ended || parked {
            leave(inner, cell);
        } else if waits_in_memory {
            inner.residents.waits(cell, turn);
        }
    }

    /// Records a call's new state.
    fn update_call(&mut self, number: CallNumber, state: CallState) {
        self.changes.push(Change::UpdateCall {
            workspace: self.cell.workspace.clone(),
            run: self.cell.run,
            number,
            state: Box::new(state),
        });
    }

    /// Records the run's state.
    fn update_run(&mut self) {
        if std::mem::take(&mut self.body.unwritten) {
            self.changes.insert(0, Change::InsertRun(Box::new(self.body.run.clone())));
            return;
        }
        self.changes.push(Change::UpdateRun {
            workspace: self.cell.workspace.clone(),
            id: self.cell.run,
            state: Box::new(self.body.run.state.clone()),
        });
    }

    /// Has the run told when the moment comes.
    fn set_timer(&mut self, due: fermata_model::Millis, call: Option<CallNumber>) {
        self.timers.push(Timer { due, run: self.cell.run, call, workspace: self.cell.workspace.clone() });
    }
}

/// The fate of a turn's group is known. Runs on the committer's thread.
fn settled(
    inner: &Arc<Inner>,
    cell: &Arc<Cell>,
    fate: Result<(), CommitError>,
    after: Vec<After>,
    ended: Option<Arc<Run>>,
    turn: u64,
) {
    let is_written = fate.is_ok();
    for action in after {
        match action {
            After::Attempt(attempt) if is_written => outward::begin(inner, attempt),
            After::Attempt(_) => {}
            After::Announce if is_written => inner.announce(),
            After::Answered(id) if is_written => inner.tell(Notice::Answer(id)),
            After::Announce | After::Answered(_) => {}
            After::Answer(answer) => answer(fate.clone()),
        }
    }
    if let Err(error) = &fate {
        // What is in memory is ahead of a disk that will not follow: begin again from the disk.
        match error {
            // Told of already, with the turn before.
            CommitError::CutOff => {}
            error => {
                let error = error as &dyn std::error::Error;
                tracing::error!(run.id = %cell.run, error, "Turn was not written");
            }
        }
        inner.watchers.failed(cell.run);
        return inner.abandon(cell);
    }
    cell.written(turn);
    match ended {
        Some(run) => {
            inner.counters.runs_ended.fetch_add(1, Ordering::Relaxed);
            inner.watchers.ended(&run);
        }
        None => inner.watchers.changed(cell.run),
    }
    leave(inner, cell);
    if inner.store.node_id().is_some() && cell.is_written() && cell.revive() {
        inner.ready.push(cell.clone());
    }
}

/// Takes the run out of memory if it waits there for nothing and all of it is on disk.
fn leave(inner: &Inner, cell: &Arc<Cell>) {
    let may_leave = |body: Option<&Body>| body.is_some_and(|body| body.vm.is_none() && !body.unwritten);
    if cell.leave(may_leave) {
        inner.forget(cell);
    }
}
