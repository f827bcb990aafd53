//! JSON from the command line: written out, in a file, or on stdin.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use serde_json::value::RawValue;

use crate::exit::Failure;

/// The JSON that an argument means, or `default` when there is no argument.
///
/// # Errors
/// When it is not JSON; the message says what it was taken for.
pub(crate) fn read_or(argument: Option<&str>, default: &str) -> Result<Box<RawValue>, Failure> {
    read(argument.unwrap_or(default))
}

fn read(argument: &str) -> Result<Box<RawValue>, Failure> {
    if argument == "-" {
        return parse(&read_stdin()?, "what came on stdin");
    }
    if let Some(path) = argument.strip_prefix('@') {
        return parse(&read_file(path)?, &format!("the file {path:?}"));
    }
    match RawValue::from_string(argument.trim().to_owned()) {
        Ok(json) => Ok(json),
        Err(_) if Path::new(argument).is_file() => {
            parse(&read_file(argument)?, &format!("the file {argument:?}"))
        }
        Err(error) if looks_like_json(argument) => Err(not_json("the argument", &error)),
        Err(_) => Err(Failure::usage(format!("{argument:?} is neither JSON nor a file")).note(
            "write JSON such as '{\"name\": \"Ada\"}' or '\"text\"', a file's name, @FILE, or - for stdin",
        )),
    }
}

/// Whether a text was meant as JSON, so that its mistake is told and no file is looked for.
fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(|c: char| matches!(c, '{' | '[' | '"' | '-') || c.is_ascii_digit())
}

fn read_stdin() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::usage("stdin is a terminal; pipe JSON into it, or name a file with @FILE"));
    }
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::io(format!("cannot read stdin: {error}")))?;
    Ok(text)
}

fn read_file(path: &str) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io(format!("cannot read {path:?}: {error}")))
}

fn parse(text: &str, whence: &str) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(text.trim().to_owned()).map_err(|error| not_json(whence, &error))
}

fn not_json(whence: &str, error: &serde_json::Error) -> Failure {
    Failure::usage(format!("{whence} is not JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_taken_as_it_is() {
        for json in ["{\"b\": 1, \"a\": 1.50}", " 7 ", "\"x\"", "null", "true"] {
            assert_eq!(read(json).unwrap().get(), json.trim());
        }
    }

    #[test]
    fn the_message_says_what_was_tried() {
        let message = |argument: &str| read(argument).unwrap_err().message;
        assert!(message("{\"a\": }").starts_with("the argument is not JSON: expected value at line 1"));
        assert_eq!(message("nowhere.json"), "\"nowhere.json\" is neither JSON nor a file");
        assert!(message("@nowhere.json").starts_with("cannot read \"nowhere.json\""));
    }

    #[test]
    fn a_file_is_read_with_or_without_its_sign() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input.json");
        fs::write(&path, "{\"a\": 1}\n").unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(read(path).unwrap().get(), "{\"a\": 1}");
        assert_eq!(read(&format!("@{path}")).unwrap().get(), "{\"a\": 1}");
        fs::write(path, "{").unwrap();
        assert!(read(path).unwrap_err().message.contains("input.json"), "names the file");
    }
}
