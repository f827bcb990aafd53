//! What backing up, restoring and copying have in common: how far it is, and why it did not work.

use std::time::Duration;

use fermata_store::ObjectsError;
use fermata_store::archive::{ArchiveError, KeyState, Place, Progress, Restored, Stage, Summary};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure, with_causes};
use crate::node::{blocking, explain};

/// How often the line on the terminal is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Does the work on a thread that may block, and shows on a terminal how far it is.
///
/// # Errors
/// Why it did not work, and what to do about it.
pub(crate) async fn watched<T: Send + 'static>(
    console: &Console,
    work: impl FnOnce(&mut dyn FnMut(Progress)) -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T, Failure> {
    let line = console.stderr.is_terminal.then(|| {
        let line = ProgressBar::new_spinner();
        line.enable_steady_tick(TICK);
        line
    });
    let has_colour = console.stderr.has_colour;
    let done = blocking(move || {
        let mut stage = None;
        let done = work(&mut |progress| {
            let Some(line) = &line else { return };
            if stage.replace(progress.stage) != Some(progress.stage) {
                begin(line, progress, has_colour);
            }
            line.set_position(progress.done);
        });
        line.iter().for_each(ProgressBar::finish_and_clear);
        done
    });
    done.await?.map_err(|error| failure(&error))
}

fn begin(line: &ProgressBar, progress: Progress, has_colour: bool) {
    let what = match progress.stage {
        Stage::Checking => "checking the archive",
        Stage::Rows => "copying rows",
        Stage::Objects => "copying objects",
        Stage::Files => "copying SQLite files",
        Stage::ReadingBack => "reading back",
    };
    let (sign, bar) =
        if has_colour { ("{spinner:.cyan}", "{bar:30.cyan}") } else { ("{spinner}", "{bar:30}") };
    let template = match (progress.stage, progress.of) {
        (Stage::Checking, _) => format!("{sign} {{msg}} {bar} {{bytes}} of {{total_bytes}}"),
        (_, Some(_)) => format!("{sign} {{msg}} {bar} {{human_pos}} of {{human_len}}"),
        (_, None) => format!("{sign} {{msg}} {{human_pos}}"),
    };
    line.set_style(
        ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    line.set_length(progress.of.unwrap_or(0));
    line.set_message(what);
}

/// What was copied, in words.
pub(crate) fn words(summary: &Summary) -> String {
    let of = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let (rows, objects) = (of(summary.rows, "row"), of(summary.objects, "object"));
    let all = match summary.sql_files {
        0 => format!("{rows} and {objects}"),
        count => format!("{rows}, {objects} and {}", of(count, "SQLite file")),
    };
    format!("{all}, as of {}", moment(summary))
}

/// What was copied, as JSON.
pub(crate) fn json_of(summary: &Summary) -> Value {
    json!({
        "made_at": moment(summary),
        "schema": summary.schema,
        "program": summary.program,
        "rows": summary.rows,
        "objects": summary.objects,
        "sql_files": summary.sql_files,
    })
}

fn moment(summary: &Summary) -> String {
    let moment = jiff::Timestamp::from_millisecond(summary.made_at).unwrap_or_default();
    format!("{moment:.0}")
}

/// Says whether the ledger that was written can be opened, and what to do when not.
pub(crate) fn tell_key(restored: &Restored, console: &Console) {
    let path = restored.key_path.display();
    let bring = format!("put the right one there, or give it in FERMATA_MASTER_KEY: {path}");
    let lines = match restored.key {
        KeyState::Opens => vec!["The master key that is here opens it.".to_owned()],
        KeyState::Missing => vec![
            "The master key is not part of it. Before a server starts here, copy master.key to".to_owned(),
            format!("  {path}"),
            "or give the key in FERMATA_MASTER_KEY or FERMATA_MASTER_KEY_FILE.".to_owned(),
        ],
        KeyState::Wrong => vec![
            format!("{} the master key that is here is not the one of this ledger", warning(console)),
            format!("  {bring}"),
        ],
        KeyState::Unreadable => vec![
            format!("{} the master key's file cannot be read, or holds something else", warning(console)),
            format!("  {bring}"),
        ],
    };
    lines.iter().for_each(|line| console.tell(line));
}

/// Says what becomes of the workspaces' SQLite files over PostgreSQL.
pub(crate) fn tell_files(restored: &Restored, place: &Place, console: &Console) {
    if restored.summary.sql_files > 0 && place.options.database.is_some() {
        let folder = place.folder.join("sql");
        console.tell(&format!(
            "Nodes over PostgreSQL do not use the SQLite files of tools.sql: they lie in {}",
            folder.display()
        ));
    }
}

fn warning(console: &Console) -> String {
    console.stderr.paint(Colour::Yellow, "warning:")
}

fn failure(error: &ArchiveError) -> Failure {
    if let ArchiveError::Place(error) = error {
        return explain(error);
    }
    let failure = Failure::new(exit(error), with_causes(error));
    match advice(error) {
        Some(advice) => failure.note(advice),
        None => failure,
    }
}

fn exit(error: &ArchiveError) -> Exit {
    match error {
        ArchiveError::NotAnArchive { .. }
        | ArchiveError::OtherFormat { .. }
        | ArchiveError::NewerArchive { .. }
        | ArchiveError::Cut { .. }
        | ArchiveError::Damaged { .. } => Exit::Failed,
        ArchiveError::NoLedger { .. } => Exit::NotFound,
        ArchiveError::Objects(ObjectsError::BadUrl { .. }) => Exit::BadConfiguration,
        _ => Exit::Io,
    }
}

fn advice(error: &ArchiveError) -> Option<&'static str> {
    match error {
        ArchiveError::NoLedger { .. } => Some(
            "name its folder with --data (FERMATA_DATA), or its database with --database (FERMATA_DATABASE_URL)",
        ),
        ArchiveError::OlderLedger { .. } => {
            Some("use the version that wrote it, or let this version bring the ledger up to date first")
        }
        ArchiveError::AtWork { .. } => Some("stop all nodes first; a backup can be made while they work"),
        ArchiveError::Exists { .. } => Some("choose another name, or say --replace"),
        ArchiveError::Cut { .. } | ArchiveError::Damaged { .. } => {
            Some("nothing was written; take another backup")
        }
        ArchiveError::NotEmpty { .. } => {
            Some("nothing was written; choose a place that is empty, or move away what is there")
        }
        ArchiveError::Objects(ObjectsError::Missing { .. }) => {
            Some("runs were deleted meanwhile, or the objects of this ledger are elsewhere; try again")
        }
        ArchiveError::ReadBack { .. } => {
            Some("the disk or the server is not to be trusted; nothing was put in use")
        }
        _ => None,
    }
}
