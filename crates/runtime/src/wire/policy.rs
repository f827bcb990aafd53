//! A workspace's policy over the wire. The types describe it; `model` reads it.

use std::collections::BTreeMap;

use fermata_model::policy::WorkspacePolicy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the tasks of a workspace may call, and how often.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Policy(pub(crate) WorkspacePolicy);

/// What a policy looks like.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is written by another type")]
pub(crate) struct PolicyShape {
    /// Who may call what; a call is allowed when one rule allows it.
    #[schema(example = json!([{ "tasks": ["mail/*"], "services": ["gapi", "http"], "hosts": ["*.example.com"] }]))]
    rules: Vec<RuleShape>,
    /// How often a service may be called by all tasks together, by its name.
    #[schema(example = json!({ "openai": { "per_minute": 600, "burst": 20, "concurrent": 8 } }))]
    rates: BTreeMap<String, RateShape>,
    /// The most that one run may use, whatever its task asks for.
    #[schema(example = json!({ "calls": 1000, "tokens": 200000 }))]
    budget: BudgetShape,
}

/// A budget. What is left out has no limit of its own.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is written by another type")]
pub(crate) struct BudgetShape {
    /// Calls, but for those that touch nothing but the run itself.
    calls: Option<u64>,
    /// Bytes of the arguments and results of these calls, as JSON.
    bytes: Option<u64>,
    /// Tokens read and written, where providers count them.
    tokens: Option<u64>,
}

/// A rule.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is written by another type")]
pub(crate) struct RuleShape {
    /// Task names, the beginning of names with `*`, or `*`.
    tasks: Vec<String>,
    /// Names of services, or `*`.
    services: Vec<String>,
    /// Hosts that `tools.http` may reach: names, `*.domain` or `*`.
    hosts: Vec<String>,
}

/// A rate.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is written by another type")]
pub(crate) struct RateShape {
    /// Attempts in a minute, by all tasks together.
    per_minute: Option<u32>,
    /// Attempts that may be made at once after a pause; 1 when nothing is said.
    burst: Option<u32>,
    /// Attempts on their way at the same time.
    concurrent: Option<u32>,
}
