//! How a command ends: its exit code, and what is said when it fails.

use crate::console::{Colour, Console};

/// The exit codes. They are part of the interface: scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Ok = 0,
    /// The run, a publish or a check failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// What was asked for does not exist.
    NotFound = 3,
    /// The server cannot be reached.
    Unreachable = 4,
    /// The server refuses the token.
    Unauthorized = 5,
    /// The run was cancelled.
    Cancelled = 6,
    /// A setting is wrong.
    BadConfiguration = 64,
    /// A bug.
    Internal = 70,
    /// The store, a file or a socket failed.
    Io = 74,
    /// The user interrupted the command.
    Interrupted = 130,
}

/// The table of exit codes, as `--help` shows it.
pub(crate) const HELP: &str = "\
Exit codes:
    0  done
    1  the run, a publish or a check failed
    2  the command line is wrong
    3  what was asked for does not exist
    4  the server cannot be reached
    5  the server refuses the token
    6  the run was cancelled
   64  a setting is wrong
   70  internal error: a bug
   74  the store, a file or a socket failed
  130  interrupted";

impl Exit {
    /// The number the process ends with.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command could not do what it was asked to do.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What went wrong, in one sentence. Empty when everything was said already.
    pub(crate) message: String,
    /// Further lines: details, and what to do about it.
    pub(crate) notes: Vec<String>,
}

impl Failure {
    /// A failure with a message.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), notes: Vec::new() }
    }

    /// A failure that was told to the user in another way.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// A wrong setting.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(Exit::BadConfiguration, message)
    }

    /// A wrong command line that only this program can see, not the parser.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A file or device that failed.
    pub(crate) fn io(message: impl Into<String>) -> Self {
        Self::new(Exit::Io, message)
    }

    /// The same failure with one more line below it.
    #[must_use]
    pub(crate) fn note(mut self, line: impl Into<String>) -> Self {
        self.notes.push(line.into());
        self
    }

    /// Says it on stderr and gives the exit code.
    pub(crate) fn report(&self, console: &Console) -> Exit {
        if !self.message.is_empty() {
            let label = console.stderr.paint(Colour::Red, "error:");
            console.tell(&format!("{label} {}", self.message.replace('\n', "\n  ")));
        }
        for line in self.notes.iter().flat_map(|note| note.lines()) {
            console.tell(&format!("  {line}"));
        }
        self.exit
    }
}

/// An error and its causes in one line: `cannot open "x": permission denied`.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        if !text.ends_with(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        cause = error.source();
    }
    text
}
