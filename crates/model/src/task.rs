//! Tasks: names and the settings an author may export as `config`.

use serde::{Deserialize, Serialize};

use crate::duration;
use crate::limits::TASK_NAME_CHARS_MAX;
use crate::policy::Allow;
use crate::usage::Budget;

/// A name that no task can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a task name: {0:?}; use 1 to 100 letters, digits, '.', '_', '-' or '/', beginning with a letter or digit"
)]
pub struct BadName(pub String);

/// Checks a task name: letters, digits, `.`, `_`, `-` and `/`, beginning with a letter or digit.
///
/// # Errors
/// [`BadName`] that says what is allowed.
pub fn check_name(name: &str) -> Result<(), BadName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_well && name.len() <= TASK_NAME_CHARS_MAX && name.chars().all(allowed) {
        return Ok(());
    }
    Err(BadName(name.chars().take(TASK_NAME_CHARS_MAX).collect()))
}

/// A length of time in a task's `config`: milliseconds, or text such as `"5m"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Span {
    /// Milliseconds.
    Ms(u32),
    /// Text for [`duration::parse_ms`].
    Text(String),
}

impl Span {
    /// The length in milliseconds.
    ///
    /// # Errors
    /// [`duration::BadDuration`] when the text is not a length of time.
    pub fn ms(&self) -> Result<i64, duration::BadDuration> {
        match self {
            Self::Ms(ms) => Ok(i64::from(*ms)),
            Self::Text(text) => duration::parse_ms(text),
        }
    }
}

/// What a task may set about itself by exporting `config`. Unknown fields are errors, so that a
/// misspelt setting is not silently without effect.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TaskConfig {
    /// Task name, when it should differ from the file's.
    pub name: Option<String>,
    /// What the task does, in place of the first doc comment.
    pub description: Option<String>,
    /// JSON Schema (draft 2020-12) of the input, in place of the one made from JSDoc.
    pub input: Option<serde_json::Value>,
    /// Longest time from start to end of a run; after it the run fails with `timeout`.
    pub timeout: Option<Span>,
    /// How the task's calls to services are retried.
    pub retries: Option<Retries>,
    /// What the task calls; anything else is refused.
    pub allow: Option<Allow>,
    /// The most that one run may use; what is used up refuses every further call.
    pub budget: Option<Budget>,
}

/// How often and how patiently a failed call is tried again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Retries {
    /// Attempts in all, the first included.
    pub attempts: Option<u32>,
    /// Wait before the second attempt; doubles from there, with jitter.
    pub backoff: Option<Span>,
    /// Longest wait between two attempts.
    pub backoff_max: Option<Span>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["hello", "lockfile-report", "team/mail.send_2", "7up"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", "-x", "../etc", "a b", "ü", "a\n", long.as_str()] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_misspelt_setting_is_an_error() {
        let error = serde_json::from_str::<TaskConfig>(r#"{"timout": "5m"}"#).unwrap_err().to_string();
        assert!(error.contains("timout") && error.contains("timeout"), "{error}");
    }
}
