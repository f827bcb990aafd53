//! Reading the file: every entry with its line, and what is wrong with its place.

use fermata_model::limits::OUTCOME_BYTES_MAX;
use serde_json::value::RawValue;

use super::{Entry, INSIDE, Line};
use crate::http;
use crate::registry::Registry;

/// Most entries of a file.
const ENTRIES_MAX: usize = 100_000;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct BadScript {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

/// A place in the file.
#[derive(Clone, Copy)]
struct Place {
    line: usize,
    column: usize,
}

/// The entries of a text.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, BadScript> {
    let known = Registry::new(None);
    let start = Place { line: 1, column: 1 };
    let entries: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| start.of(&error))?;
    if entries.len() > ENTRIES_MAX {
        return Err(start.wrong(format!("it has {} entries; the limit is {ENTRIES_MAX}", entries.len())));
    }
    let mut places = Places { text, offset: 0, place: start };
    entries.into_iter().map(|raw| line(raw, places.of(raw.get()), &known)).collect()
}

fn line(raw: &RawValue, place: Place, known: &Registry) -> Result<Line, BadScript> {
    let entry: Entry = serde_json::from_str(raw.get()).map_err(|error| place.of(&error))?;
    let wrong = |message: String| Err(place.wrong(message));
    if let Some(message) = wrong_service(&entry, known) {
        return wrong(message);
    }
    match (&entry.result, &entry.error) {
        (Some(_), Some(_)) => return wrong("it has both a result and an error".to_owned()),
        (None, None) => return wrong("it has neither a result nor an error".to_owned()),
        (Some(result), None) if result.get().len() > OUTCOME_BYTES_MAX => {
            return wrong(format!("its result is larger than the limit of {OUTCOME_BYTES_MAX} bytes"));
        }
        (Some(result), None) if entry.service == "http" => {
            http::short::check(result).map_err(|error| place.wrong(format!("result: {error}")))?;
        }
        _ => {}
    }
    let args = entry.args.as_ref().map(|args| serde_json::from_str(args.get())).transpose();
    let args = args.map_err(|_| place.wrong("args is not an array of arguments".to_owned()))?;
    Ok(Line { number: place.line, entry, args })
}

/// What is wrong with what an entry says of its service, if anything is.
fn wrong_service(entry: &Entry, known: &Registry) -> Option<String> {
    let service = entry.service.as_str();
    if !INSIDE.contains(&service) {
        let mut names: Vec<&str> = known.names().chain(INSIDE).collect();
        names.sort_unstable();
        let unknown = || {
            format!(
                "there is no service {service:?} whose calls are answered; there are {}",
                names.join(", ")
            )
        };
        return known.get(service).is_none().then(unknown);
    }
    let field = match &entry.error {
        _ if entry.fails > 0 => "fails",
        Some(error) if error.retryable => "retryable",
        _ => return None,
    };
    Some(format!("{field} is for calls that leave a run; those of {service} are not attempted again"))
}

/// Finds the lines and columns of the parts of a text, from its beginning on.
struct Places<'a> {
    text: &'a str,
    offset: usize,
    place: Place,
}

impl Places<'_> {
    /// The place of a part, which lies in the text behind those asked for before.
    fn of(&mut self, part: &str) -> Place {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        for c in self.text.get(self.offset..offset).unwrap_or_default().chars() {
            self.place = match c {
                '\n' => Place { line: self.place.line + 1, column: 1 },
                _ => Place { column: self.place.column + 1, ..self.place },
            };
        }
        self.offset = offset;
        self.place
    }
}

impl Place {
    /// The parser's error about a text that begins here.
    fn of(self, error: &serde_json::Error) -> BadScript {
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let (line, column) = (error.line().max(1), error.column().max(1));
        let column = if line == 1 { self.column + column - 1 } else { column };
        BadScript { line: self.line + line - 1, column, message }
    }

    fn wrong(self, message: String) -> BadScript {
        BadScript { line: self.line, column: self.column, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Vec<usize>, String> {
        let lines = lines(text).map_err(|error| error.to_string())?;
        Ok(lines.iter().map(|line| line.number).collect())
    }

    #[test]
    fn entries_know_their_lines() {
        let entry = |rest: &str| format!(r#"{{"service": "slack", "method": "notify", {rest}}}"#);
        let (one, other) = (entry(r#""result": null"#), entry("\n\"error\": {\"code\": \"é\"}"));
        assert_eq!(check("[]"), Ok(vec![]));
        assert_eq!(check(&format!("[\n  {one},\n\n{other}, {one}]")), Ok(vec![2, 4, 5]));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let entry = r#"{"service": "slack", "method": "notify""#;
        for (text, wanted) in [
            ("", "1:1: EOF while parsing a value"),
            ("{}", "1:1: invalid type: map, expected a sequence"),
            ("[\n 7]", "2:2: invalid type: integer `7`, expected struct Entry"),
            ("[\n {\"service\": \"slack\",\n  \"methd\": 1}]", "3:9: unknown field `methd`"),
            ("[{\"service\": \"slack\"}]", "1:21: missing field `method`"),
            (&format!("[ {entry}}}]"), "1:3: it has neither"),
            (&format!("[{entry}, \"result\": 1, \"error\": {{\"code\": \"x\"}}}}]"), "1:2: it has both"),
            (&format!("[{entry}, \"result\": 1, \"args\": {{}}}}]"), "1:2: args is not an array"),
            (&format!("[{entry}, \"result\": 1, \"times\": 0}}]"), "times is a whole number from 1"),
            (
                "[{\"service\": \"sleep\", \"method\": \"for\", \"result\": 1}]",
                "there is no service \"sleep\"",
            ),
            ("[{\"service\": \"http\", \"method\": \"fetch\", \"result\": 1}]", "1:2: result: "),
            (
                "[{\"service\": \"state\", \"method\": \"get\", \"result\": 1, \"fails\": 1}]",
                "1:2: fails is for calls that leave a run; those of state are not attempted again",
            ),
            (
                "[{\"service\": \"tasks\", \"method\": \"execute\", \"error\": {\"code\": \"x\", \"retryable\": true}}]",
                "1:2: retryable is for calls that leave a run",
            ),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
