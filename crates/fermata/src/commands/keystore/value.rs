//! A secret from a file, a pipe or the keyboard, where it is not shown.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::value::{RawValue, to_raw_value};

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::node;

/// The value, without the line end that editors and `echo` add.
///
/// # Errors
/// When it cannot be read, is empty or is not text.
pub(super) async fn read(file: Option<&Path>, name: &str, console: &Console) -> Result<String, Failure> {
    let (mut value, whence) = match file {
        Some(path) => (read_file(path)?, format!("the file {path:?}")),
        None if io::stdin().is_terminal() => (read_hidden(name, console).await?, "what was typed".to_owned()),
        None => (read_stdin()?, "stdin".to_owned()),
    };
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    if value.is_empty() {
        return Err(Failure::usage(format!(
            "{whence} is empty; delete an entry with: fermata keystore delete {name}"
        )));
    }
    Ok(value)
}

/// The value for the request. One that tasks may read is taken as JSON when it is some.
pub(super) fn as_json(value: String, may_be_json: bool) -> Box<RawValue> {
    let as_text = |value: &str| to_raw_value(value).expect("text has a JSON form");
    if may_be_json {
        RawValue::from_string(value.clone()).unwrap_or_else(|_| as_text(&value))
    } else {
        as_text(&value)
    }
}

fn read_file(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io(format!("cannot read {path:?}: {error}")))
}

fn read_stdin() -> Result<String, Failure> {
    let mut value = String::new();
    io::stdin()
        .read_to_string(&mut value)
        .map_err(|error| Failure::io(format!("cannot read stdin: {error}")))?;
    Ok(value)
}

async fn read_hidden(name: &str, console: &Console) -> Result<String, Failure> {
    console.tell(&format!("type the value of {name} (it is not shown), then Enter:"));
    let _silence = Silence::begin();
    let typed = node::blocking(|| {
        let mut value = String::new();
        io::stdin().read_line(&mut value).map(|_| value)
    });
    // Ctrl-C must not leave the terminal silent: the signal is taken, and the guard dropped.
    let value = tokio::select! {
        typed = typed => typed?,
        _ = tokio::signal::ctrl_c() => return Err(Failure::silent(Exit::Interrupted)),
    };
    value.map_err(|error| Failure::io(format!("cannot read the terminal: {error}")))
}

/// Keeps the terminal from showing what is typed until the value is dropped.
struct Silence(Option<Termios>);

impl Silence {
    fn begin() -> Self {
        let before = tcgetattr(rustix::stdio::stdin()).ok();
        if let Some(mut silent) = before.clone() {
            silent.local_modes.remove(LocalModes::ECHO);
            // A terminal that cannot be silenced shows the value; the user sees that.
            let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &silent);
        }
        Self(before)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::as_json;

    #[test]
    fn only_what_may_be_read_is_taken_as_json() {
        assert_eq!(as_json("{\"a\":1}".into(), true).get(), "{\"a\":1}");
        assert_eq!(as_json("{\"a\":1}".into(), false).get(), r#""{\"a\":1}""#);
        assert_eq!(as_json("plain".into(), true).get(), "\"plain\"");
    }
}
