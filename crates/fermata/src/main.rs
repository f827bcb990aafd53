//! The `fermata` program: reads the command line, runs the command, ends with its exit code.
#![forbid(unsafe_code)]

mod archive;
mod cli;
mod client;
mod commands;
mod console;
mod exit;
mod input;
mod interrupt;
mod json_text;
mod logging;
mod node;
mod progress;
mod serve;
mod settings;
mod sources;
mod spans;
mod switch;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use console::Console;
use exit::{Exit, Failure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long blocking work may hold up the end of the program.
const SHUTDOWN: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let console = Console::of_this_process(settings::colour_is_wanted());
    let ended = catch_unwind(AssertUnwindSafe(|| run(cli, &console)));
    let exit = match ended {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => failure.report(&console),
        // The panic's message is on stderr already.
        Err(_) => Failure::new(Exit::Internal, "this is a bug in Fermata; please report it").report(&console),
    };
    ExitCode::from(exit.code())
}

fn run(cli: cli::Cli, console: &Console) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Internal, format!("cannot start threads: {error}")))?;
    let ended = runtime.block_on(commands::run(cli, console));
    runtime.shutdown_timeout(SHUTDOWN);
    ended
}
