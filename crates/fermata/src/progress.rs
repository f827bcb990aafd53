//! What is shown on stderr while a run is followed: its log lines, and on a terminal where it stands.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::client::{LogLine, RunEvent};
use crate::console::{Colour, Console, Stream, printable};

/// How often the line on the terminal is drawn.
const TICK: Duration = Duration::from_millis(100);
/// The service whose calls are other runs.
const TASKS_SERVICE: &str = "tasks";

/// Shows one run.
pub(crate) struct Progress {
    console: Console,
    line: Option<ProgressBar>,
    task: String,
    is_verbose: bool,
    status: &'static str,
    calls_begun: u64,
    calls_ended: u64,
    runs_below: u64,
}

impl Progress {
    /// Nothing has happened yet.
    pub(crate) fn new(console: &Console, task: String, is_verbose: bool) -> Self {
        let line = console.stderr.is_terminal.then(|| {
            let line = ProgressBar::new_spinner();
            let template =
                if console.stderr.has_colour { "{spinner:.cyan} {msg}" } else { "{spinner} {msg}" };
            line.set_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            line.enable_steady_tick(TICK);
            line
        });
        let progress = Self {
            console: *console,
            line,
            task,
            is_verbose,
            status: "queued",
            calls_begun: 0,
            calls_ended: 0,
            runs_below: 0,
        };
        progress.draw();
        progress
    }

    /// Shows what happened.
    pub(crate) fn event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started => self.status = "running",
            RunEvent::CallBegan(call) => {
                self.calls_begun += 1;
                self.runs_below += u64::from(call.service == TASKS_SERVICE);
                if self.is_verbose {
                    self.above(&self.dim(&format!("call {} {}.{}", call.number, call.service, call.method)));
                }
            }
            RunEvent::CallEnded(call) => {
                self.calls_ended += 1;
                if self.is_verbose {
                    let why =
                        call.error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
                    self.above(&self.dim(&format!("call {} {}{why}", call.number, call.status)));
                }
            }
            RunEvent::Log(line) => self.above(&log_line(line, Clock::TimeOfDay, self.console.stderr)),
            RunEvent::Ended(_) => return self.finish(),
        }
        self.draw();
    }

    /// Takes the line off the terminal.
    pub(crate) fn finish(&self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }

    /// Writes a line above the moving one.
    pub(crate) fn above(&self, text: &str) {
        match &self.line {
            Some(line) => line.println(text),
            None => self.console.tell(text),
        }
    }

    fn dim(&self, text: &str) -> String {
        self.console.stderr.paint(Colour::Grey, &printable(text))
    }

    fn draw(&self) {
        if let Some(line) = &self.line {
            line.set_message(self.message());
        }
    }

    fn message(&self) -> String {
        let mut parts = vec![format!("{} {}", self.task, self.status)];
        if self.calls_begun > 0 {
            parts.push(format!("{} of {} calls done", self.calls_ended, self.calls_begun));
        }
        if self.runs_below > 0 {
            parts.push(format!("{} runs below", self.runs_below));
        }
        parts.join(" · ")
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// How much of a moment a log line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The time of day, for what happens while one looks.
    TimeOfDay,
    /// Date and time.
    Full,
}

/// A log line as text: time, level, message, data.
pub(crate) fn log_line(line: &LogLine, clock: Clock, stream: Stream) -> String {
    let at = line.at.map(|at| moment(at, clock)).unwrap_or_default();
    let level = format!("{:<5}", printable(&line.level).to_uppercase());
    let level = match level_colour(&line.level) {
        Some(colour) => stream.paint(colour, &level),
        None => level,
    };
    let data = line.data.as_ref().map(|data| stream.paint(Colour::Grey, &printable(data.get())));
    let data = data.map(|data| format!(" {data}")).unwrap_or_default();
    format!("{} {level} {}{data}", stream.paint(Colour::Grey, &at), printable(&line.message))
}

fn moment(at: Timestamp, clock: Clock) -> String {
    let full = format!("{at:.3}");
    match clock {
        Clock::Full => full,
        Clock::TimeOfDay => {
            full.split_once('T').map_or(full.clone(), |(_, time)| time.trim_end_matches('Z').to_owned())
        }
    }
}

fn level_colour(level: &str) -> Option<Colour> {
    match level {
        "error" => Some(Colour::Red),
        "warn" => Some(Colour::Yellow),
        "info" => Some(Colour::Blue),
        "debug" => Some(Colour::Grey),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_in_plain_text() {
        let json = r#"{"seq":3,"at":"2026-01-02T03:04:05.6Z","level":"info","message":"hi\u001b[2J","data":{"b":1}}"#;
        let line: LogLine = serde_json::from_str(json).unwrap();
        let plain = Stream { is_terminal: false, has_colour: false };
        assert_eq!(log_line(&line, Clock::TimeOfDay, plain), "03:04:05.600 INFO  hi\u{FFFD}[2J {\"b\":1}");
        assert!(log_line(&line, Clock::Full, plain).starts_with("2026-01-02T03:04:05.600Z INFO"));
    }
}
