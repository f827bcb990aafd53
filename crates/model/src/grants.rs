//! What a keystore entry may be used for: which tasks may, and to which hosts a secret may go.

use serde::{Deserialize, Serialize};

use crate::task::{self, BadName};

/// Most patterns in a list of grants.
pub const PATTERNS_MAX: usize = 100;

/// The uses that are allowed. Whoever may write to a workspace's keystore decides on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// Tasks that may use the entry; one match is enough.
    pub tasks: Vec<TaskPattern>,
    /// Hosts that a secret may be sent to: names, `*.domain` or `*`, and `http://` before a name where it may
    /// go unencrypted. Without any it never leaves the server.
    pub hosts: Vec<String>,
}

impl Default for Grants {
    /// Every task of the workspace, no host.
    fn default() -> Self {
        Self { tasks: vec![TaskPattern::all()], hosts: Vec::new() }
    }
}

impl Grants {
    /// Whether a task may use the entry.
    pub fn allow_task(&self, task: &str) -> bool {
        self.tasks.iter().any(|pattern| pattern.covers(task))
    }
}

/// A task's name, the beginning of names followed by `*`, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskPattern(String);

impl TaskPattern {
    /// The pattern of all tasks.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Whether it covers a task.
    pub fn covers(&self, task: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => task.starts_with(beginning),
            None => task == self.0,
        }
    }
}

impl TryFrom<String> for TaskPattern {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        if text != "*" {
            task::check_name(text.strip_suffix('*').unwrap_or(&text))?;
        }
        Ok(Self(text))
    }
}

impl From<TaskPattern> for String {
    fn from(pattern: TaskPattern) -> Self {
        pattern.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> TaskPattern {
        TaskPattern::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn patterns_cover_names() {
        assert!(pattern("*").covers("anything"));
        assert!(pattern("mail").covers("mail") && !pattern("mail").covers("mailer"));
        assert!(pattern("mail*").covers("mailer") && pattern("mail/*").covers("mail/send"));
        assert!(!pattern("mail/*").covers("mail"));
        for bad in ["", "**", "a*b", "-x"] {
            assert!(TaskPattern::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nobody_and_nowhere_can_be_granted() {
        let grants: Grants = serde_json::from_str(r#"{"tasks":[],"hosts":[]}"#).unwrap();
        assert!(!grants.allow_task("any") && Grants::default().allow_task("any"));
    }
}
