//! What the tasks of a workspace may call, and how much of it: the workspace's policy, and what a task
//! declares of itself. Both must allow a call.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::grants::TaskPattern;
use crate::usage::Budget;

/// Most rules of a policy, and most services with a rate.
pub const RULES_MAX: usize = 200;

/// Whether calls to a service touch nothing but the run itself, so that they need no leave and count for
/// nothing.
pub fn stays_in_the_run(service: &str) -> bool {
    matches!(service, "sleep" | "events")
}

/// A workspace's policy. The default allows everything, as often as wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkspacePolicy {
    /// Who may call what. A call is allowed when one rule allows it; what no rule allows is refused.
    pub rules: Vec<Rule>,
    /// How often a service may be called by all tasks together, by the service's name.
    pub rates: BTreeMap<String, Rate>,
    /// The most that one run may use, whatever its task asks for.
    pub budget: Budget,
}

impl Default for WorkspacePolicy {
    fn default() -> Self {
        Self { rules: vec![Rule::default()], rates: BTreeMap::new(), budget: Budget::default() }
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
        self.services.as_ref().is_none_or(is_declared)
    }
}

impl WorkspacePolicy {
    /// Whether a task may call a service.
    pub fn allows(&self, task: &str, service: &str) -> bool {
        self.rules.iter().any(|rule| rule.allows(task, service))
    }
}

impl Rule {
    /// Whether it lets a task call a service.
    pub fn allows(&self, task: &str, service: &str) -> bool {
        self.tasks.iter().any(|pattern| pattern.covers(task))
            && self.services.iter().any(|allowed| allowed == "*" || allowed == service)
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
        assert_eq!(default.rules[0].hosts, ["*"]);
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
        assert!(policy.rules[0].allows("mail/send", "http") && !policy.rules[1].allows("mail/send", "http"));
    }

    #[test]
    fn a_task_keeps_to_what_it_declares() {
        let declared = Allow { services: Some(vec!["http".to_owned()]), hosts: None };
        assert!(declared.allows("http") && !declared.allows("openai"));
        assert!(Allow::default().allows("openai"));
    }

    #[test]
    fn a_misspelt_rule_is_an_error() {
        for wrong in [
            r#"{"rule": []}"#,
            r#"{"rates": {"http": {"per_second": 1}}}"#,
            r#"{"budget": {"call": 1}}"#,
            r#"{"rules": [{"tasks": ["a*b"]}]}"#,
        ] {
            assert!(serde_json::from_str::<WorkspacePolicy>(wrong).is_err(), "{wrong}");
        }
    }
}
