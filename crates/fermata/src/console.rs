//! The two streams a person or a program reads, and colour where it is seen.
//!
//! Results go to stdout, everything else to stderr.

use std::io::{self, ErrorKind, IsTerminal, Write};

use crate::exit::{Exit, Failure};

/// A colour by the number of the terminal's own palette, so that it fits the user's theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
    Cyan = 36,
    Grey = 90,
}

/// What is known about one of the streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    /// Whether a person looks at it.
    pub(crate) is_terminal: bool,
    /// Whether colour is shown.
    pub(crate) has_colour: bool,
}

impl Stream {
    /// `text` in a colour, or as it is where colours are off.
    pub(crate) fn paint(self, colour: Colour, text: &str) -> String {
        if self.has_colour { format!("\x1b[{}m{text}\x1b[0m", colour as u8) } else { text.to_owned() }
    }
}

/// Both streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    /// Where results go.
    pub(crate) stdout: Stream,
    /// Where messages, progress and errors go.
    pub(crate) stderr: Stream,
}

impl Console {
    /// The streams of this process. `wants_colour` is the user's general wish.
    pub(crate) fn of_this_process(wants_colour: bool) -> Self {
        let stream = |is_terminal| Stream { is_terminal, has_colour: is_terminal && wants_colour };
        Self { stdout: stream(io::stdout().is_terminal()), stderr: stream(io::stderr().is_terminal()) }
    }

    /// Writes a line to stdout.
    ///
    /// # Errors
    /// When stdout cannot be written. A reader that has gone away (`| head`) ends the command quietly.
    pub(crate) fn say(&self, line: &str) -> Result<(), Failure> {
        self.write(&format!("{line}\n"))
    }

    /// Writes text to stdout as it is.
    ///
    /// # Errors
    /// As [`Console::say`].
    pub(crate) fn write(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::silent(Exit::Ok),
            _ => Failure::io(format!("cannot write to stdout: {error}")),
        })
    }

    /// Writes a line to stderr.
    pub(crate) fn tell(&self, line: &str) {
        // Without stderr there is nowhere left to complain.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

/// Text from outside, safe to show on a terminal: control characters other than line breaks and tabs
/// are replaced, so that a task's output cannot move the cursor or change the title.
pub(crate) fn printable(text: &str) -> String {
    let is_safe = |c: char| !c.is_control() || c == '\n' || c == '\t';
    text.chars().map(|c| if is_safe(c) { c } else { '\u{FFFD}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_only_where_it_is_shown() {
        let on = Stream { is_terminal: true, has_colour: true };
        assert_eq!(on.paint(Colour::Red, "x"), "\x1b[31mx\x1b[0m");
        let off = Stream { has_colour: false, ..on };
        assert_eq!(off.paint(Colour::Red, "x"), "x");
    }

    #[test]
    fn escape_sequences_of_others_are_harmless() {
        assert_eq!(printable("a\x1b[2Jb\n"), "a\u{FFFD}[2Jb\n");
    }
}
