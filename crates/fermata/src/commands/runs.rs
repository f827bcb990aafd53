//! `fermata runs`: lists and controls runs.

mod end;
mod list;
mod logs;
mod show;

use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List runs, newest first
    List(list::Args),
    /// Show a run and its calls
    Show(show::Args),
    /// Show what a run has logged
    Logs(logs::Args),
    /// Ask a run to end: its pending calls reject, and it may clean up
    Cancel(end::Args),
    /// End a run at once, without clean-up
    Kill(end::Args),
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    match args.command {
        Command::List(args) => list::run(args, console).await,
        Command::Show(args) => show::run(args, console).await,
        Command::Logs(args) => logs::run(args, console).await,
        Command::Cancel(args) => end::run(args, end::Way::Cancel, console).await,
        Command::Kill(args) => end::run(args, end::Way::Kill, console).await,
    }
}

/// The colour of a run's or call's status.
fn status_colour(status: &str) -> Option<Colour> {
    match status {
        "completed" => Some(Colour::Green),
        "failed" => Some(Colour::Red),
        "cancelled" | "paused" => Some(Colour::Yellow),
        "processing" => Some(Colour::Cyan),
        "suspended" | "suspended_waiting_child" => Some(Colour::Blue),
        _ => None,
    }
}
