//! What the calls of a dry run are answered with: outcomes that were written by hand, or recorded.
//!
//! An entry answers calls of one method, with certain arguments or with any. Of those that answer a call, one
//! with exactly its arguments goes first, then one with some of them, then one with none; among equals the
//! first that is left. So calls at the same time get each their own, in whatever order they come.

mod entry;
mod likeness;
mod reading;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fermata_model::{CallError, Json};
use serde_json::Value;

use crate::call::Answer;
use likeness::{Likeness, differences};

pub use entry::{Entry, EntryError, Times};
pub use reading::BadScript;

/// The services whose calls stay inside a run and can be answered all the same. Without an answer they are performed.
pub const INSIDE: [&str; 4] = ["events", "keystore", "state", "tasks"];

/// Longest arguments that a message shows, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// The entries of a file, and how far they are used.
#[derive(Debug)]
pub struct Script {
    lines: Vec<Line>,
    state: Mutex<State>,
}

/// An entry and where it is.
#[derive(Debug)]
struct Line {
    /// Where it begins, from 1.
    number: usize,
    entry: Entry,
    args: Option<Vec<Value>>,
}

#[derive(Debug, Default)]
struct State {
    /// For each method the entries that are left, in the order of the file, as places in `lines`.
    open: HashMap<String, Vec<usize>>,
    /// How many calls each entry has answered.
    uses: Vec<u32>,
    /// The calls that were answered, by their keys.
    taken: HashMap<String, Taken>,
    /// The calls that nothing answered, in words.
    unanswered: Vec<String>,
}

/// An entry that answers a call: the same one at each of its attempts.
#[derive(Debug, Clone, Copy)]
struct Taken {
    line: usize,
    attempts: u32,
}

/// A call that asks for its outcome.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The service, such as `keystore`.
    pub service: &'a str,
    /// The path after it, such as `getKey`.
    pub method: &'a str,
    /// The call's arguments, a JSON array.
    pub args: &'a Json,
    /// The same at each attempt of the call, different for every other call.
    pub key: &'a str,
}

/// An entry that answered no call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it answers: service and method.
    pub method: String,
}

impl Script {
    /// Reads a file's text: a JSON array of [`Entry`].
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(text: &str) -> Result<Self, BadScript> {
        let lines = reading::lines(text)?;
        let mut state = State { uses: vec![0; lines.len()], ..State::default() };
        for (at, line) in lines.iter().enumerate() {
            state.open.entry(line.entry.path()).or_default().push(at);
        }
        Ok(Self { lines, state: Mutex::new(state) })
    }

    /// The calls that nothing answered, each in words, in the order in which they were made.
    pub fn unanswered(&self) -> Vec<String> {
        self.lock().unanswered.clone()
    }

    /// The entries that answered nothing.
    pub fn unused(&self) -> Vec<Unused> {
        let state = self.lock();
        let unused = self.lines.iter().zip(&state.uses).filter(|(_, uses)| **uses == 0);
        unused.map(|(line, _)| Unused { line: line.number, method: line.entry.path() }).collect()
    }

    /// The outcome of a call that stays inside, the same each time it is asked for; `None` when nothing answers it,
    /// and it is to be performed.
    pub fn outcome(&self, asked: &Asked<'_>) -> Option<Result<Json, CallError>> {
        Some(self.attempt(asked)?.map(|answer| answer.value))
    }

    /// The outcome of an attempt; `None` when nothing answers its call.
    pub(crate) fn attempt(&self, asked: &Asked<'_>) -> Option<Result<Answer, CallError>> {
        let args: Vec<Value> = serde_json::from_str(asked.args.get()).ok()?;
        let mut state = self.lock();
        let taken = match state.taken.get(asked.key) {
            Some(taken) => Taken { attempts: taken.attempts + 1, ..*taken },
            None => Taken { line: self.take(&mut state, asked, &args)?, attempts: 1 },
        };
        state.taken.insert(asked.key.to_owned(), taken);
        Some(self.lines[taken.line].entry.outcome(taken.attempts))
    }

    /// Notes that nothing answers a call. Gives the error that its guest gets.
    pub(crate) fn note_unanswered(&self, asked: &Asked<'_>) -> CallError {
        let Asked { service, method, args, .. } = asked;
        let mut shown: String = args.get().chars().take(SHOWN_CHARS_MAX).collect();
        if shown.len() < args.get().len() {
            shown.push('…');
        }
        let call = format!("nothing in the mock file answers tools.{service}.{method} with {shown}");
        let message = format!("{call}; {}", self.nearest(asked));
        self.lock().unanswered.push(message.clone());
        CallError::fatal("not_mocked", message)
    }

    /// Takes the entry that answers a call best.
    fn take(&self, state: &mut State, asked: &Asked<'_>, args: &[Value]) -> Option<usize> {
        let open = state.open.get_mut(&path(asked.service, asked.method))?;
        let place = self.best(open, args)?;
        let line = open[place];
        state.uses[line] += 1;
        if self.lines[line].entry.times.is_reached(state.uses[line]) {
            open.remove(place);
        }
        Some(line)
    }

    /// The place of the entry that is most like the arguments.
    fn best(&self, open: &[usize], args: &[Value]) -> Option<usize> {
        let mut best: Option<(Likeness, usize)> = None;
        for (place, line) in open.iter().enumerate() {
            match Likeness::of(self.lines[*line].args.as_deref(), args) {
                Some(Likeness::Exact) => return Some(place),
                Some(found) if best.is_none_or(|(likeness, _)| found < likeness) => {
                    best = Some((found, place));
                }
                _ => {}
            }
        }
        best.map(|(_, place)| place)
    }

    /// What comes nearest to answering a call, and why it does not.
    fn nearest(&self, asked: &Asked<'_>) -> String {
        let wanted = path(asked.service, asked.method);
        let args: Vec<Value> = serde_json::from_str(asked.args.get()).unwrap_or_default();
        let same = self.lines.iter().filter(|line| line.entry.path() == wanted);
        let compared = same.map(|line| (differences(line.args.as_deref().unwrap_or_default(), &args), line));
        if let Some((why, line)) = compared.min_by_key(|(why, _)| why.len()) {
            return match why.first() {
                Some(why) => format!("the nearest entry, on line {}, {why}", line.number),
                None => format!("the entry on line {} would, but is used up", line.number),
            };
        }
        let likeness = |line: &Line| strsim::jaro_winkler(&line.entry.path(), &wanted);
        match self.lines.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other))) {
            Some(line) => {
                format!("the nearest entry, on line {}, answers {}", line.number, line.entry.path())
            }
            None => "it has no entries".to_owned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A method with its service.
fn path(service: &str, method: &str) -> String {
    format!("{service}.{method}")
}
