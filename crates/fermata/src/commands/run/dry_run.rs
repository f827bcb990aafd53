//! Dry runs: calls answered from a file, and time that is skipped.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fermata_engine::World;
use fermata_services::Script;

use crate::console::{Colour, Console, printable};
use crate::exit::{Exit, Failure};

/// Largest file of outcomes, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Most calls without an answer, and most entries without a call, that are shown.
const SHOWN_MAX: usize = 10;

#[derive(Debug, clap::Args)]
pub(super) struct DryRunArgs {
    /// Answer the task's calls from a file of outcomes: nothing leaves, and the file runs in this process
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "detach"])]
    mock: Option<PathBuf>,
    /// Skip all waiting: sleeps, delays and time limits are over at once, and the task's clock is moved on
    #[arg(long, conflicts_with_all = ["data", "detach"])]
    skip_sleeps: bool,
}

/// The world of a dry run.
pub(super) struct DryRun {
    script: Option<(PathBuf, Arc<Script>)>,
    skips_waits: bool,
}

impl DryRunArgs {
    /// Whether the run is a dry one.
    pub(super) fn is_wanted(&self) -> bool {
        self.mock.is_some() || self.skip_sleeps
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or is not one; the message has the place.
    pub(super) fn validate(&self) -> Result<DryRun, Failure> {
        let script = match &self.mock {
            Some(path) => Some((path.clone(), Arc::new(read(path)?))),
            None => None,
        };
        Ok(DryRun { script, skips_waits: self.skip_sleeps })
    }
}

fn read(path: &Path) -> Result<Script, Failure> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Failure::usage(format!("there is no file {path:?}")),
        _ => Failure::io(format!("cannot read {path:?}: {error}")),
    };
    let bytes = fs::metadata(path).map_err(unreadable)?.len();
    if bytes > FILE_BYTES_MAX {
        let message =
            format!("{path:?} takes {bytes} bytes; a file of outcomes has at most {FILE_BYTES_MAX}");
        return Err(Failure::usage(message));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    Script::parse(&text).map_err(|error| Failure::usage(format!("{}:{error}", path.display())))
}

impl DryRun {
    /// What surrounds the run.
    pub(super) fn world(&self) -> World {
        let script = self.script.as_ref().map(|(_, script)| script.clone());
        World { script, skips_waits: self.skips_waits }
    }

    /// How the command ends after a run that ended so: a call without an answer fails it, even where the task
    /// dealt with the error. Tells of entries that answered nothing.
    pub(super) fn judge(&self, ended: Result<Exit, Failure>, console: &Console) -> Result<Exit, Failure> {
        let Some((path, script)) = &self.script else { return ended };
        if matches!(ended, Ok(Exit::Interrupted)) {
            return ended;
        }
        tell_unused(path, script, console);
        let unanswered = script.unanswered();
        let count = unanswered.len();
        let told = ended.as_ref().err().map(|failure| failure.message.clone()).unwrap_or_default();
        let new: Vec<_> =
            unanswered.iter().map(|call| printable(call)).filter(|call| !told.contains(call)).collect();
        let failure = match ended {
            Ok(exit) if count == 0 => return Ok(exit),
            Ok(_) => {
                Failure::new(Exit::Failed, format!("{}: calls without an answer: {count}", path.display()))
            }
            Err(failure) => failure,
        };
        Err(new.into_iter().take(SHOWN_MAX).fold(failure, Failure::note))
    }
}

fn tell_unused(path: &Path, script: &Script, console: &Console) {
    let unused = script.unused();
    let label = console.stderr.paint(Colour::Yellow, "warning:");
    for entry in unused.iter().take(SHOWN_MAX) {
        let (path, line, method) = (path.display(), entry.line, printable(&entry.method));
        console.tell(&format!("{label} {path}:{line}: no call used the entry for {method}"));
    }
    if let Some(more) = unused.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
        console.tell(&format!("{label} {more} more entries were not used"));
    }
}
