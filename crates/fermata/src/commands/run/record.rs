//! Writes the outcomes of a run's calls, and of those of the runs below it, into a file that answers them in a dry
//! run. Left out is what a dry run does again by itself: it waits, and it executes the tasks below.

use std::io::Write;
use std::path::{Path, PathBuf};

use fermata_model::json;
use fermata_services::{Entry, EntryError, INSIDE, Registry, Times};
use tempfile::NamedTempFile;

use crate::client::{Call, Client, ClientError, Document};
use crate::console::Console;
use crate::exit::Failure;
use crate::json_text;

/// Most calls that are written.
const CALLS_MAX: usize = 100_000;
/// Errors that tell of the run that got them, not of a service.
const ERRORS_LEFT_OUT: [&str; 2] = ["cancelled", "not_mocked"];
/// Errors of calls that stay inside and were refused before anything was looked up.
const REFUSALS: [&str; 4] = ["bad_arguments", "budget_used_up", "not_allowed", "unknown_method"];

/// A file to be written.
#[derive(Debug)]
pub(super) struct Recording<'a> {
    path: &'a Path,
    /// Where it lies: what is written is put there first.
    folder: PathBuf,
}

impl<'a> Recording<'a> {
    /// A file that can be written.
    ///
    /// # Errors
    /// When its folder is none.
    pub(super) fn at(path: &'a Path) -> Result<Self, Failure> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() || path.is_dir() {
            return Err(Failure::usage(format!("{path:?} cannot be written: it is not a file in a folder")));
        }
        Ok(Self { path, folder: folder.to_owned() })
    }

    /// Writes what the run has got so far. The file is whole or as it was.
    ///
    /// # Errors
    /// When the calls cannot be read or the file not be written.
    pub(super) async fn write(&self, client: &Client, run: &str, console: &Console) -> Result<(), Failure> {
        let entries = entries(client, run).await?;
        if entries.len() >= CALLS_MAX {
            console.tell(&format!("only the first {CALLS_MAX} calls are recorded"));
        }
        let failed = |error: &dyn std::fmt::Display| {
            Failure::io(format!("cannot write {}: {error}", self.path.display()))
        };
        let text = serde_json::to_string(&entries).map_err(|error| failed(&error))?;
        let mut file = NamedTempFile::new_in(&self.folder).map_err(|error| failed(&error))?;
        let written = writeln!(file, "{}", json_text::pretty(&text)).and_then(|()| file.as_file().sync_all());
        written.map_err(|error| failed(&error))?;
        file.persist(self.path).map_err(|error| failed(&error.error))?;
        Ok(())
    }
}

/// The calls of a run and, in the place of each that started a run, that run's calls: in the order in which a
/// task that does one thing after the other made them.
async fn entries(client: &Client, run: &str) -> Result<Vec<Entry>, ClientError> {
    let services = Registry::new(None);
    let mut entries = Vec::new();
    let mut open = vec![client.calls(run).await?.into_iter()];
    while let Some(calls) = open.last_mut() {
        let Some(call) = calls.next() else {
            open.pop();
            continue;
        };
        if let Some(child) = &call.child {
            open.push(client.calls(child).await?.into_iter());
        } else if services.get(&call.service).is_some() {
            let is_answered = call.attempts.is_some_and(|attempts| attempts > 0);
            entries.extend(is_answered.then(|| entry(call)).flatten());
        } else if is_recorded_inside(&call) {
            entries.extend(entry(call));
        }
        if entries.len() >= CALLS_MAX {
            break;
        }
    }
    Ok(entries)
}

/// Whether the outcome of a call that stays inside comes from what a dry run does not have: the keystore, the state
/// and the events of the place where it was recorded. A task that was answered without a run has no run to be
/// executed again; the time is that of the dry run.
fn is_recorded_inside(call: &Call) -> bool {
    let is_refused = call.error.as_ref().is_some_and(|error| REFUSALS.contains(&error.code.as_str()));
    INSIDE.contains(&call.service.as_str()) && call.method != "getServerTime" && !is_refused
}

/// What answers a call as it was answered. Calls that were refused before any attempt, and those without an
/// outcome of their own, are none: a dry run refuses them too.
fn entry(call: Document<Call>) -> Option<Entry> {
    let call = call.into_value();
    let is_inside = INSIDE.contains(&call.service.as_str());
    let (result, error) = match (call.status.as_str(), call.error) {
        ("completed", _) => (Some(call.result.map_or_else(json::null, Into::into)), None),
        ("failed", Some(error)) if !ERRORS_LEFT_OUT.contains(&error.code.as_str()) => {
            let (code, name, message) = (error.code, error.name, error.message);
            let details = error.details.map(Into::into);
            let retryable = error.retryable && !is_inside;
            (None, Some(EntryError { code, message, name, retryable, details }))
        }
        _ => return None,
    };
    Some(Entry {
        service: call.service,
        method: call.method,
        args: call.args.map(Into::into),
        result,
        error,
        times: Times::default(),
        fails: 0,
    })
}
