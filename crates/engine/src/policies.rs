//! The workspaces' policies, as the keystore has them. A change counts everywhere within a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fermata_connect::egress::HostPattern;
use fermata_model::WorkspaceId;
use fermata_model::policy::{RULES_MAX, Rate, WorkspacePolicy};
use fermata_model::record::KeystoreKind;
use fermata_model::usage::Budget;
use fermata_store::{CommitError, ReadError};

use crate::keystore::{Keystore, KeystoreError, KeystorePut, Place, RESERVED, User};
use crate::outage::Outage;

const NAME: &str = "policy";
/// How long a policy is remembered.
const REMEMBERED: Duration = Duration::from_secs(1);
/// Most workspaces whose policies are remembered; beyond, all are forgotten.
const WORKSPACES_MAX: usize = 10_000;

/// The policies of all workspaces.
pub(crate) struct Policies {
    keystore: Arc<Keystore>,
    outage: Arc<Outage>,
    known: Arc<Mutex<Known>>,
}

type Known = HashMap<WorkspaceId, (Instant, Arc<Rules>)>;

/// A policy, read so that calls can be held against it.
pub(crate) struct Rules {
    policy: WorkspacePolicy,
    /// The host patterns of each rule.
    hosts: Vec<Vec<HostPattern>>,
}

impl Policies {
    pub(crate) fn new(keystore: Arc<Keystore>, outage: Arc<Outage>) -> Self {
        Self { keystore, outage, known: Arc::default() }
    }

    /// The policy of a workspace. While the ledger is away it is the one that was last seen: nobody can change
    /// it then, and no call leaves before the ledger has it.
    pub(crate) fn of(&self, workspace: &WorkspaceId) -> Result<Arc<Rules>, KeystoreError> {
        let known = lock(&self.known).get(workspace).cloned();
        match known {
            Some((at, rules)) if at.elapsed() < REMEMBERED || self.outage.is_on() => Ok(rules),
            Some((_, rules)) => match self.read(workspace) {
                Err(KeystoreError::Store(ReadError::Unavailable { .. })) => Ok(rules),
                policy => policy.map(|policy| self.remember(workspace, policy)),
            },
            None => self.read(workspace).map(|policy| self.remember(workspace, policy)),
        }
    }

    fn remember(&self, workspace: &WorkspaceId, policy: WorkspacePolicy) -> Arc<Rules> {
        let rules = Arc::new(Rules::of(policy));
        let mut known = lock(&self.known);
        if known.len() >= WORKSPACES_MAX {
            known.clear();
        }
        known.insert(workspace.clone(), (Instant::now(), rules.clone()));
        rules
    }

    /// Replaces the policy of a workspace.
    pub(crate) fn put(
        &self,
        workspace: &WorkspaceId,
        policy: &WorkspacePolicy,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<(), KeystoreError> {
        check(policy)?;
        let value = serde_json::to_string(policy).unwrap_or_default();
        let (kind, tasks) = (KeystoreKind::Value, Some(Vec::new()));
        let put = KeystorePut { kind, value: &value, tasks, hosts: None, over: None };
        let (known, changed) = (self.known.clone(), workspace.clone());
        self.keystore.put(&place(workspace)?, User::Owner, put, move |fate| {
            lock(&known).remove(&changed);
            done(fate);
        })?;
        Ok(())
    }

    /// From the ledger; without one, everything is allowed.
    pub(crate) fn read(&self, workspace: &WorkspaceId) -> Result<WorkspacePolicy, KeystoreError> {
        let Some(text) = self.keystore.get(&place(workspace)?, User::Owner)? else {
            return Ok(WorkspacePolicy::default());
        };
        serde_json::from_str(&text).map_err(|error| KeystoreError::BadPolicy(error.to_string()))
    }
}

impl Rules {
    fn of(policy: WorkspacePolicy) -> Self {
        let hosts = policy.rules.iter().map(|rule| patterns(&rule.hosts)).collect();
        Self { policy, hosts }
    }

    /// Whether a task may call a service.
    pub(crate) fn allow(&self, task: &str, service: &str) -> bool {
        self.policy.allows(task, service)
    }

    /// The hosts that a task may reach by `tools.http`.
    pub(crate) fn hosts_of(&self, task: &str) -> Vec<HostPattern> {
        let rules = self.policy.rules.iter().zip(&self.hosts);
        let allowing = rules.filter(|(rule, _)| rule.allows(task, "http"));
        allowing.flat_map(|(_, hosts)| hosts).cloned().collect()
    }

    /// How often a service may be called.
    pub(crate) fn rate(&self, service: &str) -> Option<Rate> {
        self.policy.rates.get(service).copied()
    }

    /// The most that a run may use.
    pub(crate) fn budget(&self) -> &Budget {
        &self.policy.budget
    }
}

/// Host patterns from their texts, which were checked when they came in.
pub(crate) fn patterns(texts: &[String]) -> Vec<HostPattern> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

fn place(workspace: &WorkspaceId) -> Result<Place, KeystoreError> {
    Place::new(workspace, RESERVED, NAME)
}

fn check(policy: &WorkspacePolicy) -> Result<(), KeystoreError> {
    let bad = |message: String| Err(KeystoreError::BadPolicy(message));
    if policy.rules.len() > RULES_MAX || policy.rates.len() > RULES_MAX {
        return bad(format!("a policy has at most {RULES_MAX} rules and {RULES_MAX} rates"));
    }
    let hosts = policy.rules.iter().flat_map(|rule| &rule.hosts);
    match hosts.clone().find_map(|text| text.parse::<HostPattern>().err()) {
        Some(error) => bad(error.to_string()),
        None => Ok(()),
    }
}
