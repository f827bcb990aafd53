//! `tools.state`: what a task keeps between its runs. Each task has its own keys; values are JSON.
//!
//! Reads answer at once. A write is an attempt of its own: what it writes and the call's outcome reach the
//! ledger in one group, so that it happens once, whatever dies in between.

use std::sync::Arc;

use fermata_model::limits::{STATE_KEY_CHARS_MAX, STATE_KEYS_MAX, STATE_VALUE_BYTES_MAX};
use fermata_model::record::{CallState, Outcome, StateEntry};
use fermata_model::{CallError, CallStatus, Json, Millis, WorkspaceId, json};
use fermata_services::{Attempted, Failure};
use fermata_store::{Change, CommitError, ReadError, Store};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Step, arguments, unknown_method};
use crate::inner::Inner;
use crate::outward::Attempt;

/// The service's name.
pub(crate) const NAME: &str = "state";
const METHODS: [&str; 7] = ["get", "entry", "list", "set", "compareAndSet", "increment", "delete"];
/// How often a write is tried anew because another run was faster.
const TRIES_MAX: u32 = 20;

/// What a call of this service leads to; nothing when it writes, which is for [`attempt`].
pub(crate) fn step(
    store: &Store,
    workspace: &WorkspaceId,
    task: &str,
    method: &str,
    args: &Json,
) -> Option<Step> {
    let answer = match method {
        "get" | "entry" | "list" => read(store, workspace, task, method, args),
        _ => match Write::read(method, args) {
            Ok(_) => return None,
            Err(error) => Err(error),
        },
    };
    Some(answer.map_or_else(Step::error, Step::ok))
}

/// Refuses a call that could not be performed, whatever is kept.
///
/// # Errors
/// As performing it.
pub(crate) fn check(method: &str, args: &Json) -> Result<(), CallError> {
    match method {
        "get" | "entry" | "list" => wanted(method, args).map(drop),
        _ => Write::read(method, args).map(drop),
    }
}

fn read(
    store: &Store,
    workspace: &WorkspaceId,
    task: &str,
    method: &str,
    args: &Json,
) -> Result<Json, CallError> {
    let key = wanted(method, args)?;
    if method == "list" {
        return keys(store, workspace, task, &key);
    }
    let found = store.state_entry(workspace, task, &key).map_err(|error| store_failed(&error))?;
    Ok(match found {
        None => json::null(),
        Some(entry) if method == "get" => entry.value,
        Some(entry) => to_json(&Shown { value: &entry.value, version: entry.version }),
    })
}

/// The key of a read, or the beginning of those of a list.
fn wanted(method: &str, args: &Json) -> Result<String, CallError> {
    let (first,): (Option<String>,) = first_of::<1, _>(&format!("tools.state.{method}"), args)?;
    let first = first.unwrap_or_default();
    if method == "list" { Ok(first) } else { checked_key(first) }
}

fn keys(store: &Store, workspace: &WorkspaceId, task: &str, prefix: &str) -> Result<Json, CallError> {
    let keys = store.state_keys(workspace, task, prefix, STATE_KEYS_MAX);
    let keys = keys.map_err(|error| store_failed(&error))?;
    let keys: Vec<String> = keys.into_iter().take_while(|key| key.starts_with(prefix)).collect();
    Ok(to_json(&keys))
}

/// An entry as the guest sees it.
#[derive(Serialize)]
struct Shown<'a> {
    value: &'a Json,
    version: i64,
}

/// How a comparison ended.
#[derive(Serialize)]
struct Compared<'a> {
    done: bool,
    /// What is there from now on.
    value: Option<&'a Json>,
    version: Option<i64>,
}

/// A call that writes.
#[derive(Debug)]
struct Write {
    key: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Set(Json),
    /// Only over this version; over nothing without one.
    CompareAndSet(Option<i64>, Json),
    Increment(f64),
    Delete,
}

/// What a write comes to, given what is there.
enum Plan {
    /// Nothing is to be written.
    Answer(Json),
    Write(Change, Json),
}

impl Write {
    fn read(method: &str, args: &Json) -> Result<Self, CallError> {
        let what = format!("tools.state.{method}");
        let (key, what) = match method {
            "set" => {
                let (key, value): (String, Json) = arguments(&what, args)?;
                (key, What::Set(checked_value(value)?))
            }
            "compareAndSet" => {
                let (key, version, value): (String, Option<i64>, Json) = arguments(&what, args)?;
                (key, What::CompareAndSet(version, checked_value(value)?))
            }
            "increment" => {
                let (key, by): (String, Option<f64>) = first_of::<2, _>(&what, args)?;
                (key, What::Increment(by.unwrap_or(1.0)))
            }
            "delete" => {
                let (key,): (String,) = arguments(&what, args)?;
                (key, What::Delete)
            }
            _ => return Err(unknown_method(NAME, method, &METHODS)),
        };
        Ok(Self { key: checked_key(key)?, what })
    }

    fn plan(self, found: Option<StateEntry>, place: &Place<'_>) -> Result<Plan, CallError> {
        match self.what {
            What::Set(value) => {
                let (change, version) = place.put(self.key, value, found.as_ref());
                Ok(Plan::Write(change, to_json(&serde_json::json!({ "version": version }))))
            }
            What::CompareAndSet(expected, value) => {
                let there = found.as_ref().map(|entry| entry.version);
                if there != expected {
                    let value = found.as_ref().map(|entry| &entry.value);
                    return Ok(Plan::Answer(to_json(&Compared { done: false, value, version: there })));
                }
                let (change, version) = place.put(self.key, value.clone(), found.as_ref());
                let compared = Compared { done: true, value: Some(&value), version: Some(version) };
                Ok(Plan::Write(change, to_json(&compared)))
            }
            What::Increment(by) => {
                let value = sum(&self.key, found.as_ref(), by)?;
                let (change, _) = place.put(self.key, value.clone(), found.as_ref());
                Ok(Plan::Write(change, value))
            }
            What::Delete => Ok(match found {
                None => Plan::Answer(to_json(&false)),
                Some(entry) => Plan::Write(place.delete(entry), to_json(&true)),
            }),
        }
    }
}

/// Whose entries they are.
struct Place<'a> {
    workspace: &'a WorkspaceId,
    task: &'a str,
    now: Millis,
}

impl Place<'_> {
    /// The change that puts a value over what is there, and the entry's version after it.
    fn put(&self, key: String, value: Json, found: Option<&StateEntry>) -> (Change, i64) {
        let (workspace, task) = (self.workspace.clone(), self.task.to_owned());
        // A new entry begins at the time, so that no version of an entry that was deleted comes again.
        let version = found.map_or(self.now, |entry| entry.version + 1);
        let entry = Box::new(StateEntry { key, value, version, updated_at: self.now });
        let change = match found {
            None => Change::InsertState { workspace, task, entry },
            Some(_) => Change::UpdateState { workspace, task, entry },
        };
        (change, version)
    }

    fn delete(&self, entry: StateEntry) -> Change {
        let (workspace, task) = (self.workspace.clone(), self.task.to_owned());
        Change::DeleteState { workspace, task, key: entry.key, version: entry.version }
    }
}

/// Makes an attempt at a write. Nothing when it is not known whether it was written: the run is then begun
/// again from the ledger, which knows.
pub(crate) async fn attempt(inner: &Arc<Inner>, attempt: &Attempt) -> Option<Attempted> {
    for _ in 0..TRIES_MAX {
        let (changes, answer) = match plan(inner, attempt).await {
            Ok(Plan::Answer(answer)) => return Some(Ok(answer.into())),
            Ok(Plan::Write(change, answer)) => {
                (vec![change, ended(attempt, &answer, inner.clock.now())], answer)
            }
            Err(error) => return Some(Err(Failure::plain(error))),
        };
        match inner.store.commit_async(changes).await {
            Ok(()) => return Some(Ok(answer.into())),
            // Another run was faster, or the call ended meanwhile.
            Err(CommitError::Conflict { .. } | CommitError::Missing { .. }) => {}
            Err(CommitError::Refused { .. }) => {
                let error = CallError::fatal("value_refused", "The database cannot hold this value");
                return Some(Err(Failure::plain(error)));
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(run.id = %attempt.run, error, "Write of a task's state was not acknowledged");
                inner.begin_again(attempt.run);
                return None;
            }
        }
    }
    let message = format!("Other runs of the task were faster {TRIES_MAX} times");
    Some(Err(Failure::plain(CallError::passing("contended", message))))
}

async fn plan(inner: &Arc<Inner>, attempt: &Attempt) -> Result<Plan, CallError> {
    let write = Write::read(&attempt.method, &attempt.args)?;
    let (store, now) = (inner.store.clone(), inner.clock.now());
    let (workspace, task) = (attempt.workspace.clone(), attempt.program.version.name.clone());
    let planned = tokio::task::spawn_blocking(move || {
        let found = store.state_entry(&workspace, &task, &write.key).map_err(|error| store_failed(&error))?;
        if found.is_none() {
            check_room(&store, &workspace, &task)?;
        }
        write.plan(found, &Place { workspace: &workspace, task: &task, now })
    });
    planned.await.unwrap_or_else(|_| Err(CallError::passing("store_failed", "The ledger was not read")))
}

fn check_room(store: &Store, workspace: &WorkspaceId, task: &str) -> Result<(), CallError> {
    let count = store.state_count(workspace, task, STATE_KEYS_MAX).map_err(|error| store_failed(&error))?;
    if count < STATE_KEYS_MAX {
        return Ok(());
    }
    Err(CallError::fatal("too_many_keys", format!("A task keeps at most {STATE_KEYS_MAX} keys")))
}

/// The end of the call, which goes with what it writes.
fn ended(attempt: &Attempt, answer: &Json, now: Millis) -> Change {
    let state = CallState {
        status: CallStatus::Completed,
        attempts: attempt.attempt,
        outcome: Some(Outcome::Ok(answer.clone())),
        ended_at: Some(now),
        ..CallState::pending()
    };
    Change::EndCall {
        workspace: attempt.workspace.clone(),
        run: attempt.run,
        number: attempt.number,
        state: Box::new(state),
    }
}

fn sum(key: &str, found: Option<&StateEntry>, by: f64) -> Result<Json, CallError> {
    let there = found.map_or(Ok(0.0), |entry| serde_json::from_str::<f64>(entry.value.get()));
    let there =
        there.map_err(|_| CallError::fatal("not_a_number", format!("{key} does not hold a number")))?;
    let sum = there + by;
    let whole = sum as i64;
    if whole as f64 == sum && sum.abs() <= MOST_WHOLE {
        return Ok(to_json(&whole));
    }
    match serde_json::Number::from_f64(sum) {
        Some(number) => Ok(to_json(&number)),
        None => Err(CallError::fatal("not_a_number", format!("{key} would be too large for a number"))),
    }
}

/// Largest whole number that JavaScript knows from its neighbours.
const MOST_WHOLE: f64 = 9_007_199_254_740_991.0;

fn checked_key(key: String) -> Result<String, CallError> {
    if key.is_empty() || key.chars().count() > STATE_KEY_CHARS_MAX || key.contains('\0') {
        let message = format!("A key has 1 to {STATE_KEY_CHARS_MAX} characters, none of them U+0000");
        return Err(CallError::fatal("bad_key", message));
    }
    Ok(key)
}

fn checked_value(value: Json) -> Result<Json, CallError> {
    let bytes = value.get().len();
    if bytes > STATE_VALUE_BYTES_MAX {
        let message = format!("The value takes {bytes} bytes; the limit is {STATE_VALUE_BYTES_MAX}");
        return Err(CallError::fatal("value_too_large", message));
    }
    Ok(value)
}

/// The first `N` arguments, as a tuple; `null` where there are none.
fn first_of<const N: usize, T: DeserializeOwned>(what: &str, args: &Json) -> Result<T, CallError> {
    let mut given: Vec<Json> = arguments(what, args)?;
    given.resize_with(N, json::null);
    arguments(what, &to_json(&given))
}

/// What is plain data is always JSON.
fn to_json(value: &impl Serialize) -> Json {
    json::of(value).unwrap_or_else(|_| json::null())
}

fn store_failed(error: &ReadError) -> CallError {
    let made =
        if matches!(error, ReadError::Unavailable { .. }) { CallError::passing } else { CallError::fatal };
    made("store_failed", error.to_string())
}
