//! Builds for release and starts the measurements. Standard output belongs to them alone.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::arguments::Arguments;
use crate::{process, repository, setup};

/// Runs `fermata-bench` with the arguments as they are.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    setup::run()?;
    process::run(repository::cargo().args(["build", "--release", "--workspace"]))?;
    let program = repository::target_folder()?.join("release/fermata-bench");
    let succeeded = process::succeeds(Command::new(program).args(arguments.rest()))?;
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
