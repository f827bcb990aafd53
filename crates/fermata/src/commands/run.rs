//! `fermata run`: runs a task and shows its result.

mod dry_run;
mod follow;
mod record;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::value::RawValue;

use crate::client::{Client, Document, Run, StartRun};
use crate::commands::publish::publish;
use crate::console::{Console, printable};
use crate::exit::{Exit, Failure};
use crate::node::Embedded;
use crate::progress::Progress;
use crate::settings::{ConnectArgs, EgressArgs};
use crate::sources::{self, SourceFile};
use crate::{input, json_text, spans};
use dry_run::DryRunArgs;
use follow::{Ending, follow};
use record::Recording;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of a task, or a task file
    #[arg(value_name = "TASK|FILE")]
    task: String,
    /// The input: JSON, a file (FILE or @FILE), or - for stdin [default: {}]
    #[arg(long, short, value_name = "JSON|FILE|-", allow_hyphen_values = true)]
    input: Option<String>,
    /// Version of the task [default: the latest]
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// Wait at most this long for the end; the run goes on [default: as long as it takes]
    #[arg(long, value_name = "DURATION", value_parser = spans::parse)]
    wait: Option<Duration>,
    /// Print the whole run as compact JSON instead of its result
    #[arg(long)]
    json: bool,
    /// Start the run, print its id and do not wait
    #[arg(long, conflicts_with = "wait")]
    detach: bool,
    /// Show calls, and which files beside the task were published with it
    #[arg(long, short)]
    verbose: bool,
    /// Keep the run in this store (files without --url only) [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    dry_run: DryRunArgs,
    /// Write the outcomes of the task's calls into a file, for --mock
    #[arg(long, value_name = "FILE", conflicts_with = "detach")]
    record: Option<PathBuf>,
    #[command(flatten)]
    egress: EgressArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let path = Path::new(&args.task);
    let is_file = path.is_file() || sources::is_source(path);
    if is_file && args.version.is_some() {
        return Err(Failure::usage(
            "--version is for a published task's name; a file is its own newest version",
        ));
    }
    if args.dry_run.is_wanted() && !is_file {
        return Err(Failure::usage(
            "--mock and --skip-sleeps are for a task's file, which runs in this process",
        ));
    }
    if is_file && (args.connect.url.is_none() || args.dry_run.is_wanted()) {
        return run_embedded(&args, path, console).await;
    }
    if args.data.is_some() {
        return Err(Failure::usage("--data is for a file without --url; a server has its own store"));
    }
    let input = input::read_or(args.input.as_deref(), "{}")?;
    let recording = args.recording()?;
    let client = Client::remote(args.connect.server()?);
    let task =
        if is_file { publish(&client, &SourceFile::at(path)).await?.name.clone() } else { args.task.clone() };
    let session = Session { client: &client, args: &args, console, recording, can_be_left: true };
    session.run(task, input).await
}

/// Runs a file without a server.
async fn run_embedded(args: &Args, path: &Path, console: &Console) -> Result<Exit, Failure> {
    if args.detach && args.data.is_none() {
        return Err(Failure::usage(
            "--detach needs a store that stays: name one with --data, or a server with --url",
        ));
    }
    // Before the engine starts: what is wrong with the command line is told at once.
    let input = input::read_or(args.input.as_deref(), "{}")?;
    let file = SourceFile::at(path);
    file.read()?;
    let dry_run = args.dry_run.validate()?;
    let recording = args.recording()?;
    let opening = Embedded::open(args.data.as_deref(), args.egress.validate()?, dry_run.world());
    let embedded = tokio::select! {
        opened = opening => opened?,
        _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
    };
    let can_be_left = args.data.is_some();
    let session = Session { client: &embedded.client, args, console, recording, can_be_left };
    let published = tokio::select! {
        published = session.publish_with_siblings(&file) => published,
        _ = tokio::signal::ctrl_c() => Err(Failure::silent(Exit::Interrupted)),
    };
    let ended = match published {
        Ok(task) => dry_run.judge(session.run(task, input).await, console),
        Err(failure) => Err(failure),
    };
    embedded.close().await;
    ended
}

impl Args {
    fn recording(&self) -> Result<Option<Recording<'_>>, Failure> {
        self.record.as_deref().map(Recording::at).transpose()
    }
}

/// One run over a client.
struct Session<'a> {
    client: &'a Client,
    args: &'a Args,
    console: &'a Console,
    recording: Option<Recording<'a>>,
    /// Whether the run goes on when this process ends.
    can_be_left: bool,
}

impl Session<'_> {
    /// Publishes a file and what lies beside it, which it may call. Gives the task's name.
    async fn publish_with_siblings(&self, file: &SourceFile) -> Result<String, Failure> {
        let task = publish(self.client, file).await?;
        for sibling in sources::siblings(&file.path) {
            let published = publish(self.client, &sibling).await;
            match published {
                Ok(task) if self.args.verbose => {
                    self.console.tell(&format!("published {} v{}", task.name, task.version))
                }
                Err(failure) if self.args.verbose => {
                    self.console.tell(&format!("left out {}: {}", sibling.path.display(), failure.message));
                }
                Ok(_) | Err(_) => {}
            }
        }
        Ok(task.name.clone())
    }

    async fn run(&self, task: String, input: Box<RawValue>) -> Result<Exit, Failure> {
        let started = self.client.start_run(&StartRun { task, version: self.args.version, input }).await?;
        if self.args.detach {
            self.console.say(if self.args.json { started.text.get() } else { &started.id })?;
            return Ok(Exit::Ok);
        }
        let ended = self.follow(&started).await;
        let recorded = match &self.recording {
            Some(recording) => recording.write(self.client, &started.id, self.console).await,
            None => Ok(()),
        };
        match (ended, recorded) {
            (ended, Ok(())) => ended,
            (Ok(_), Err(failure)) => Err(failure),
            (Err(ended), Err(failure)) => Err(ended.note(failure.message)),
        }
    }

    /// Shows what the run does, and how it ends.
    async fn follow(&self, started: &Document<Run>) -> Result<Exit, Failure> {
        let name = format!("{} v{}", started.task, started.version);
        let mut progress = Progress::new(self.console, name, self.args.verbose);
        let ending = follow(self.client, &started.id, self.args.wait, &mut progress).await;
        progress.finish();
        match ending? {
            Ending::Ended(run) => show(&run, self.args.json, self.console),
            Ending::OutOfTime => self.leave(&started.id, Exit::Ok).await,
            Ending::Interrupted => self.leave(&started.id, Exit::Interrupted).await,
        }
    }

    /// Ends the command while the run has not ended.
    async fn leave(&self, id: &str, exit: Exit) -> Result<Exit, Failure> {
        if !self.can_be_left {
            self.client.cancel_run(id).await?;
            self.console
                .tell(&format!("cancelled {id}: it cannot outlive this command without --data or --url"));
            return Ok(if exit == Exit::Ok { Exit::Cancelled } else { exit });
        }
        if self.args.json {
            self.console.say(self.client.run(id).await?.text.get())?;
        }
        self.console.tell(&format!("{id} goes on"));
        if self.args.data.is_some() {
            self.console.tell("  as soon as a server has this store: fermata serve --data DIR");
        } else {
            self.console.tell(&format!("  follow it: fermata runs logs {id} --follow"));
            self.console.tell(&format!("  end it:    fermata runs cancel {id}"));
        }
        Ok(exit)
    }
}

/// Shows how a run ended.
fn show(run: &Document<Run>, is_json: bool, console: &Console) -> Result<Exit, Failure> {
    if is_json {
        console.say(run.text.get())?;
    } else if run.status == "completed" {
        let result = run.result.as_ref().map_or("null", |result| result.get());
        console.say(&json_text::pretty(result))?;
    }
    match run.status.as_str() {
        "completed" => Ok(Exit::Ok),
        "cancelled" => Err(Failure::new(Exit::Cancelled, format!("{} was cancelled", run.id))),
        _ => Err(failure_of(run)),
    }
}

/// A failed run: name, message and the author's stack.
pub(super) fn failure_of(run: &Run) -> Failure {
    let Some(error) = &run.error else {
        return Failure::new(Exit::Failed, format!("{} is {}", run.id, run.status));
    };
    let code = if matches!(error.code.as_str(), "" | "task_error") {
        String::new()
    } else {
        format!(" ({})", error.code)
    };
    let failure = Failure::new(Exit::Failed, printable(&format!("{}: {}{code}", error.name, error.message)));
    match &error.stack {
        Some(stack) => failure.note(printable(stack.trim_end())),
        None => failure,
    }
}
