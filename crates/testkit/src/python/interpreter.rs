//! Where Python is, and how to get it on Debian when it is missing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::debian;
use crate::postgres::environment;

/// Lowest version that will do, as Python compares it.
const VERSION_LEAST: &str = "(3, 9)";
const REMEDY: &str = "`apt-get install python3-pip`, or put Python 3.9 or later with pip into PATH";

/// A Python with pip that is new enough.
#[derive(Clone, Debug)]
pub(super) struct Interpreter {
    program: PathBuf,
}

impl Interpreter {
    /// The first one in PATH that will do. Installs Debian's when there is none and we are root.
    pub(super) fn find_or_install() -> Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        ensure!(debian::can_install(), "Python 3.9 or later with pip is needed and not there: {REMEDY}");
        debian::install("python3-pip")
            .with_context(|| format!("Python cannot be installed; try {REMEDY}"))?;
        Self::find().with_context(|| format!("Debian's Python is older than 3.9: {REMEDY}"))
    }

    /// A command that runs it.
    pub(super) fn command(&self) -> Command {
        Command::new(&self.program)
    }

    fn find() -> Option<Self> {
        environment::program_folders().iter().find_map(|folder| Self::of(folder.join("python3")))
    }

    fn of(program: PathBuf) -> Option<Self> {
        if !program.is_file() {
            return None;
        }
        let question = format!("import sys, pip; assert sys.version_info >= {VERSION_LEAST}");
        let answer = Command::new(&program).args(["-c", &question]).stdin(Stdio::null()).output().ok()?;
        answer.status.success().then_some(Self { program })
    }
}
