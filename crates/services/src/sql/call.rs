//! What a call asks for: one statement, or several that belong together.

use std::time::Duration;

use fermata_model::{CallError, Json};
use serde::Deserialize;
use serde_json::Value;

use super::words::{Beginning, beginning};
use crate::args::Args;
use crate::call::unknown_method;

/// Most statements of a transaction.
const STATEMENTS_MAX: usize = 100;
/// Longest text of a statement in bytes.
const TEXT_BYTES_MAX: usize = 100 << 10;
/// Most parameters of a statement.
pub(super) const PARAMS_MAX: usize = 1_000;
/// Time of a call that names none.
const TIME: Duration = Duration::from_secs(10);
/// The shortest and the longest time that a call may name, in milliseconds.
const TIME_MS: std::ops::RangeInclusive<u64> = 100..=60_000;

/// A call that was read and checked.
#[derive(Debug)]
pub(super) struct Call {
    /// At least one.
    pub(super) statements: Vec<Statement>,
    /// Whether the answer is a list of results, or the one result.
    pub(super) is_list: bool,
    /// Longest time of all statements together.
    pub(super) time: Duration,
}

/// A statement and what goes into its places.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    /// The SQL.
    pub(super) text: String,
    /// The values of `$1`, `$2` and so on.
    #[serde(default, deserialize_with = "none_is_empty")]
    pub(super) params: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Options {
    timeout_ms: Option<u64>,
}

fn none_is_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Value>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Call {
    /// Reads the arguments of a method.
    pub(super) fn read(method: &str, args: &Json) -> Result<Self, CallError> {
        let mut args = Args::of("sql", method, args)?;
        let (statements, is_list) = match method {
            "query" => {
                let text = args.text("text")?;
                let params = args.optional::<Vec<Value>>("params")?.unwrap_or_default();
                (vec![Statement { text, params }], false)
            }
            "transaction" => (args.optional::<Vec<Statement>>("statements")?.unwrap_or_default(), true),
            _ => return Err(unknown_method("sql", method, &["query", "transaction"])),
        };
        if statements.is_empty() || statements.len() > STATEMENTS_MAX {
            return Err(args.bad(format!("argument 1, statements, has 1 to {STATEMENTS_MAX} statements")));
        }
        for (index, statement) in statements.iter().enumerate() {
            let place = if is_list { format!("statement {index}: ") } else { String::new() };
            statement.fault().map_or(Ok(()), |fault| Err(args.bad(format!("{place}{fault}"))))?;
        }
        let options: Options = args.optional_object("options")?.unwrap_or_default();
        let time = match options.timeout_ms {
            Some(ms) if !TIME_MS.contains(&ms) => {
                let (least, most) = (TIME_MS.start(), TIME_MS.end());
                return Err(args.bad(format!("timeoutMs is a number from {least} to {most}")));
            }
            asked => asked.map_or(TIME, Duration::from_millis),
        };
        args.end()?;
        Ok(Self { statements, is_list, time })
    }

    /// Whether all statements look as if they read.
    pub(super) fn looks_like_a_read(&self) -> bool {
        self.statements.iter().all(|statement| beginning(&statement.text) == Beginning::Read)
    }
}

impl Statement {
    /// What is wrong with it, if anything is.
    fn fault(&self) -> Option<String> {
        if self.text.len() > TEXT_BYTES_MAX {
            return Some(format!("a text has {TEXT_BYTES_MAX} bytes at most"));
        }
        if self.params.len() > PARAMS_MAX {
            return Some(format!("there are {PARAMS_MAX} params at most"));
        }
        if self.text.contains('\0') {
            return Some("a text may not hold the character 0".into());
        }
        match beginning(&self.text) {
            Beginning::Nothing => Some("the text holds no statement".into()),
            Beginning::Refused(word) => Some(format!(
                "{} cannot be used: a call is one transaction, which begins and ends with it",
                word.to_ascii_uppercase()
            )),
            Beginning::Read | Beginning::Other => None,
        }
    }
}

/// Bytes, where a param is an object with nothing but `base64`.
pub(super) fn base64_of(param: &Value) -> Option<&str> {
    let object = param.as_object().filter(|object| object.len() == 1)?;
    object.get("base64")?.as_str()
}
