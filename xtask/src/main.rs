//! Everything around the code that is not the code: set-up, demo, checks, measurements.
//! It starts other programs and reads files; it contains nothing of Fermata itself.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks to its terminal")]

mod arguments;
mod bench;
mod demo;
mod interrupt;
mod openapi;
mod process;
mod repository;
mod setup;
mod stamp;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Arguments;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  setup                 Checks the tools, installs npm packages, builds what the VM boots from
  demo [--exit] [--data DIR] [--listen ADDRESS]
                        Starts a server, publishes the examples, runs the lockfile report on this
                        repository's Cargo.lock and keeps serving; --exit stops after the result
  test [--fast]         Every check there is; --fast leaves the slow ones out
  tidy                  Holds the repository to the rules that no compiler knows
  openapi --check|--write
                        Compares docs/openapi.json with what the code says, or writes it
  bench [ARGUMENT…]     Builds for release and measures; arguments go to fermata-bench (try --help)";

fn main() -> ExitCode {
    match dispatch(Arguments::of_process()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(mut arguments: Arguments) -> Result<ExitCode> {
    match arguments.next().as_deref() {
        Some("setup") => arguments.end().and_then(|()| setup::run()).map(|()| ExitCode::SUCCESS),
        Some("demo") => demo::run(arguments),
        Some("test") => test::run(arguments),
        Some("tidy") => arguments.end().and_then(|()| tidy::run()),
        Some("openapi") => openapi::run(arguments),
        Some("bench") => bench::run(arguments),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => {
            eprintln!(
                "{}\n\n{USAGE}",
                other.map_or("no command".into(), |word| format!("no command {word:?}"))
            );
            Ok(ExitCode::from(2))
        }
    }
}
