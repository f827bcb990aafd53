//! Holds the committed API description to what the code says.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::{process, repository, setup};

/// `--check` or `--write`.
pub(crate) fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let wish = arguments.next();
    arguments.end()?;
    setup::run()?;
    match wish.as_deref() {
        Some("--check") => check()?,
        Some("--write") => write()?,
        _ => bail!("say --check or --write"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails when the committed description is not the code's.
pub(crate) fn check() -> Result<()> {
    let committed = fs::read_to_string(file())
        .context("docs/openapi.json cannot be read; run `cargo xtask openapi --write`")?;
    let current = of_code()?;
    if committed == current {
        return Ok(());
    }
    let line = committed.lines().zip(current.lines()).take_while(|(a, b)| a == b).count() + 1;
    bail!("docs/openapi.json:{line}: differs from what the code says; run `cargo xtask openapi --write`")
}

fn write() -> Result<()> {
    fs::write(file(), of_code()?).context("docs/openapi.json cannot be written")
}

fn of_code() -> Result<String> {
    process::run(repository::cargo().args(["build", "--workspace"]))?;
    let program = repository::target_folder()?.join("debug/fermata");
    let text = process::output(Command::new(program).arg("openapi"))?;
    Ok(format!("{}\n", text.trim_end()))
}

fn file() -> PathBuf {
    repository::root().join("docs/openapi.json")
}
