//! Letters to a run that another node owns, and what other nodes ask of a run of this node.

use std::sync::Arc;

use fermata_model::{Json, json};
use fermata_store::{Change, Group, Letter, Notice};

use super::{After, Turn};
use crate::api::RunActionError;
use crate::cell::{Cell, Mail, Reply};
use crate::clock;
use crate::inner::Inner;
use crate::letter::{self, Wish};

/// Deals with a letter to a run of another node.
pub(super) fn send_on(inner: &Arc<Inner>, cell: &Cell, node: i64, letter: Mail) {
    match letter {
        // Who asked writes to that node. Who gave up waiting is not told.
        Mail::Event { reply: Reply::Here(reply), .. } => drop(reply.send(Err(RunActionError::Elsewhere))),
        Mail::Cancel { reply: Some(Reply::Here(reply)) } | Mail::Kill { reply: Some(Reply::Here(reply)) } => {
            drop(reply.send(Err(RunActionError::Elsewhere)));
        }
        // The call that started it does not want it any more.
        Mail::Cancel { reply: None } => {
            let letter = letter::write(&cell.workspace, cell.run, &Wish::Cancel);
            let (inner, notice) = (inner.clone(), notice(cell, node));
            let told = inner.clone();
            inner.store.submit(Group::with(vec![Change::PutLetter(Box::new(letter))], move |fate| {
                if fate.is_ok() {
                    told.tell(notice);
                }
            }));
        }
        // The ledger has it already; that node only has to look.
        Mail::ChildEnded { .. } | Mail::Look => inner.tell(notice(cell, node)),
        // That node has its own clock and its own calls on the way.
        _ => {}
    }
}

fn notice(cell: &Cell, node: i64) -> Notice {
    Notice::Run { node, workspace: cell.workspace.clone(), run: cell.run }
}

impl Turn<'_> {
    /// Looks for what other nodes have written about the run.
    pub(super) fn look(&mut self) {
        let (workspace, run) = (self.cell.workspace.clone(), self.cell.run);
        match self.inner.store.run_post(&workspace, run) {
            Ok((ended, letters)) => {
                for call in ended {
                    if let (Some(child), Some(outcome)) = (call.state.child, call.state.outcome) {
                        self.child_ended(call.number, child, outcome);
                    }
                }
                self.open_letters(letters);
            }
            Err(error) => {
                tracing::error!(run.id = %run, error = &error as &dyn std::error::Error, "Ledger cannot be read");
                self.body.must_look = true;
                self.set_timer(self.inner.clock.now() + super::RETRY_MS, None);
            }
        }
    }

    /// Opens what came with the run, and looks again where that failed before.
    pub(super) fn look_if_due(&mut self) {
        let letters = std::mem::take(&mut self.body.letters);
        self.open_letters(letters);
        if std::mem::take(&mut self.body.must_look) {
            self.look();
        }
    }

    fn open_letters(&mut self, letters: Vec<Letter>) {
        letters.into_iter().for_each(|letter| self.open_letter(letter));
    }

    fn open_letter(&mut self, letter: Letter) {
        if !self.body.letters_done.insert(letter.id) {
            return;
        }
        let id = letter.id;
        match letter.kind.as_str() {
            "event" => match json::parse(letter.payload) {
                Ok(payload) => self.event(letter.name, payload, Reply::Letter(id)),
                Err(_) => self.answer_letter(id, &letter::refusal(&RunActionError::NoAnswer)),
            },
            "cancel" => self.cancel(Some(Reply::Letter(id))),
            _ => self.kill(Some(Reply::Letter(id))),
        }
    }

    /// Answers a letter with the group of this turn.
    pub(super) fn answer_letter(&mut self, id: [u8; 16], answer: &Json) {
        let (answer, answered_at) = (answer.clone(), clock::now());
        // An ended run belongs to nobody: two nodes may tell the letter so, which does no harm.
        self.changes.push(if self.was_ended {
            Change::RefuseLetter { id, answer, answered_at }
        } else {
            Change::AnswerLetter { id, answer, answered_at }
        });
        self.after.push(After::Answered(id));
    }
}
