//! The workspaces' policies, as the keystore has them. A change counts everywhere within a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fermata_connect::egress::HostPattern;
use fermata_model::WorkspaceId;
use fermata_model::policy::{RULES_MAX, WorkspacePolicy};
use fermata_model::record::KeystoreKind;
use fermata_model::task::TaskConfig;
use fermata_store::CommitError;

use crate::keystore::{Keystore, KeystoreError, KeystorePut, Place, RESERVED, User};

const NAME: &str = "policy";
/// How long a policy is remembered.
const REMEMBERED: Duration = Duration::from_secs(1);
/// Most workspaces whose policies are remembered; beyond, all are forgotten.
const WORKSPACES_MAX: usize = 10_000;

/// The policies of all workspaces.
pub(crate) struct Policies {
    keystore: Arc<Keystore>,
    known: Mutex<HashMap<WorkspaceId, (Instant, Arc<WorkspacePolicy>)>>,
}

impl Policies {
    pub(crate) fn new(keystore: Arc<Keystore>) -> Self {
        Self { keystore, known: Mutex::default() }
    }

    /// The policy of a workspace.
    pub(crate) fn of(&self, workspace: &WorkspaceId) -> Result<Arc<WorkspacePolicy>, KeystoreError> {
        let known = |known: &HashMap<_, (Instant, Arc<WorkspacePolicy>)>| {
            known.get(workspace).filter(|(at, _)| at.elapsed() < REMEMBERED).map(|(_, policy)| policy.clone())
        };
        if let Some(policy) = known(&self.lock()) {
            return Ok(policy);
        }
        let policy = Arc::new(self.read(workspace)?);
        let mut known = self.lock();
        if known.len() >= WORKSPACES_MAX {
            known.clear();
        }
        known.insert(workspace.clone(), (Instant::now(), policy.clone()));
        Ok(policy)
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
        let put =
            KeystorePut { kind: KeystoreKind::Value, value: &value, tasks: Some(Vec::new()), hosts: None };
        self.keystore.put(&place(workspace)?, User::Owner, put, done)?;
        self.lock().remove(workspace);
        Ok(())
    }

    /// From the ledger; without one, everything is allowed.
    pub(crate) fn read(&self, workspace: &WorkspaceId) -> Result<WorkspacePolicy, KeystoreError> {
        let Some(text) = self.keystore.get(&place(workspace)?, User::Owner)? else {
            return Ok(WorkspacePolicy::default());
        };
        serde_json::from_str(&text).map_err(|error| KeystoreError::BadPolicy(error.to_string()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, (Instant, Arc<WorkspacePolicy>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host patterns that a task's requests must match, one of each list.
pub(crate) fn host_lists(policy: &WorkspacePolicy, config: &TaskConfig, task: &str) -> [Vec<HostPattern>; 2] {
    let parsed = |text: &str| text.parse().ok();
    let declared = config.allow.as_ref().and_then(|allow| allow.hosts.as_ref());
    let declared = declared.map_or_else(
        || vec![HostPattern::Any],
        |hosts| hosts.iter().filter_map(|text| parsed(text)).collect(),
    );
    [policy.hosts_of(task).filter_map(parsed).collect(), declared]
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
