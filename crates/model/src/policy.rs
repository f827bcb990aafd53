//! What the tasks of a workspace may call, and how much of it: the workspace's policy, and what a task
//! declares of itself. Both must allow a call.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::grants::TaskPattern;

/// Most rules of a policy, and most services with a rate.
pub const RULES_MAX: usize = 200;
/// Services that every task may call: they touch nothing but the run itself.
pub const ALWAYS_ALLOWED: [&str; 2] = ["sleep", "events"];

/// A workspace's policy. The default allows everything, as often as wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkspacePolicy {
    /// Who may call what. A call is allowed when one rule allows it; what no rule allows is refused.
    pub rules: Vec<Rule>,
    /// How often a service may be called by all tasks together, by the service's name.
    pub rates: BTreeMap<String, Rate>,
}

impl Default for WorkspacePolicy {
    fn default() -> Self {
        Self { rules: vec![Rule::default()], rates: BTreeMap::new() }
    }
}

/// A rule: these tasks may call these services, and these hosts by `tools.http`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// The tasks.
    pub tasks: Vec<TaskPattern>,
    /// Names of services, or `*`.
    pub services: Vec<String>,
    /// Hosts that `tools.http` may reach: names, `*.domain` or `*`.
    pub hosts: Vec<String>,
}

impl Default for Rule {
    fn default() -> Self {
        let all = || vec!["*".to_owned()];
        Self { tasks: vec![TaskPattern::all()], services: all(), hosts: all() }
    }
}

/// How often and how much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Attempts in a minute; evenly, beyond the burst.
    #[serde(default)]
    pub per_minute: Option<NonZeroU32>,
    /// Attempts that may be made at once after a pause.
    #[serde(default = "one")]
    pub burst: NonZeroU32,
    /// Attempts on their way at the same time.
    #[serde(default)]
    pub concurrent: Option<NonZeroU32>,
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// What a task declares that it calls, by `allow` in its `config`. What it does not declare it cannot call,
/// whatever the workspace allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allow {
    /// Names of services; without it, every service.
    pub services: Option<Vec<String>>,
    /// Hosts that `tools.http` may reach; without it, every host.
    pub hosts: Option<Vec<String>>,
}

impl Allow {
    /// Whether a service may be called.
    pub fn allows(&self, service: &str) -> bool {
        let is_declared = |services: &Vec<String>| services.iter().any(|declared| declared == service);
        ALWAYS_ALLOWED.contains(&service) || self.services.as_ref().is_none_or(is_declared)
    }
}

impl WorkspacePolicy {
    /// Whether a task may call a service.
    pub fn allows(&self, task: &str, service: &str) -> bool {
        ALWAYS_ALLOWED.contains(&service) || self.rules_of(task).any(|rule| rule.has(service))
    }

    /// The hosts that a task may reach by `tools.http`, as patterns.
    pub fn hosts_of<'a>(&'a self, task: &'a str) -> impl Iterator<Item = &'a str> {
        let rules = self.rules_of(task).filter(|rule| rule.has("http"));
        rules.flat_map(|rule| rule.hosts.iter().map(String::as_str))
    }

    fn rules_of<'a>(&'a self, task: &'a str) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(move |rule| rule.tasks.iter().any(|pattern| pattern.covers(task)))
    }
}

impl Rule {
    fn has(&self, service: &str) -> bool {
        self.services.iter().any(|allowed| allowed == "*" || allowed == service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> WorkspacePolicy {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn everything_is_allowed_unless_said() {
        let default = WorkspacePolicy::default();
        assert!(default.allows("any", "openai"));
        assert_eq!(default.hosts_of("any").collect::<Vec<_>>(), ["*"]);
        assert_eq!(policy("{}"), default);
    }

    #[test]
    fn what_no_rule_allows_is_refused() {
        let policy = policy(
            r#"{"rules": [
                {"tasks": ["mail/*"], "services": ["gapi", "http"], "hosts": ["*.example.com"]},
                {"services": ["keystore"]}
            ]}"#,
        );
        assert!(policy.allows("mail/send", "gapi") && policy.allows("mail/send", "keystore"));
        assert!(!policy.allows("other", "gapi") && !policy.allows("mail/send", "openai"));
        assert!(policy.allows("other", "sleep"));
        assert_eq!(policy.hosts_of("mail/send").collect::<Vec<_>>(), ["*.example.com"]);
        assert_eq!(policy.hosts_of("other").count(), 0);
    }

    #[test]
    fn a_task_keeps_to_what_it_declares() {
        let declared = Allow { services: Some(vec!["http".to_owned()]), hosts: None };
        assert!(declared.allows("http") && declared.allows("events") && !declared.allows("openai"));
        assert!(Allow::default().allows("openai"));
    }

    #[test]
    fn a_misspelt_rule_is_an_error() {
        for wrong in [
            r#"{"rule": []}"#,
            r#"{"rates": {"http": {"per_second": 1}}}"#,
            r#"{"rules": [{"tasks": ["a*b"]}]}"#,
        ] {
            assert!(serde_json::from_str::<WorkspacePolicy>(wrong).is_err(), "{wrong}");
        }
    }
}
