//! A way out for a service under test: a real gate that may reach loopback, settings, and a log.

use std::collections::HashMap;
use std::sync::Mutex;

use fermata_connect::egress::{Gate, HostPattern, Policy, SecretError, Secrets};
use fermata_model::{CallError, WorkspaceId, json};
use fermata_services::{Attempted, Progress, Request, Service, Vault, Way};
use zeroize::Zeroizing;

/// The key of every attempt.
pub(crate) const KEY: &str = "run-7-call-3";

/// What surrounds a service.
pub(crate) struct Outside {
    gate: Gate,
    pub(crate) policy: Policy,
    settings: Settings,
    log: Log,
    workspace: WorkspaceId,
}

struct Settings {
    values: HashMap<String, String>,
    secrets: HashMap<String, String>,
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Outside {
    /// With these values in the keystore.
    pub(crate) fn with(values: &[(&str, &str)]) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let policy = Policy {
            hosts: vec![HostPattern::Any],
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            ..Policy::default()
        };
        let settings = Settings { values, secrets: HashMap::new() };
        let workspace = WorkspaceId::default_workspace();
        Self { gate: Gate::new(), policy, settings, log: Log::default(), workspace }
    }

    /// The same for another workspace.
    #[allow(dead_code, reason = "not every test has two")]
    pub(crate) fn of(self, workspace: &str) -> Self {
        Self { workspace: workspace.parse().unwrap(), ..self }
    }

    /// The same with a secret that the host itself may read.
    #[allow(dead_code, reason = "not every test has one")]
    pub(crate) fn with_secret(mut self, name: &str, value: &str) -> Self {
        self.settings.secrets.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Checks a call, whose arguments are JSON text, and makes one attempt.
    pub(crate) async fn attempt(&self, service: &dyn Service, method: &str, args: &str) -> Attempted {
        self.attempt_as(KEY, service, method, args).await
    }

    /// The same for a call of this key.
    pub(crate) async fn attempt_as(
        &self,
        key: &str,
        service: &dyn Service,
        method: &str,
        args: &str,
    ) -> Attempted {
        let args = json::parse(args.to_owned()).unwrap();
        service.check(method, &args)?;
        let (vault, secrets) = (&self.settings, &self.settings);
        let way = Way { gate: &self.gate, policy: self.policy.clone(), vault, secrets, progress: &self.log };
        let request = Request {
            workspace: self.workspace.clone(),
            method: method.to_owned(),
            args,
            idempotency_key: key.to_owned(),
        };
        service.attempt(request, &way).await
    }

    /// The lines of the run's log.
    #[allow(dead_code, reason = "not every service tells")]
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.0.lock().unwrap().clone()
    }
}

impl Vault for Settings {
    fn value(&self, name: &str) -> Result<Option<String>, CallError> {
        Ok(self.values.get(name).cloned())
    }

    fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, CallError> {
        Ok(self.secrets.get(name).cloned().map(Zeroizing::new))
    }
}

/// The gate puts the reference itself in, so that what is compared says which secret stood where.
impl Secrets for Settings {
    fn reveal(&self, name: &str, _host: &str) -> Result<Zeroizing<String>, SecretError> {
        Ok(Zeroizing::new(format!("{{{{secret:{name}}}}}")))
    }
}

impl Progress for Log {
    fn tell(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// What the guest would get.
#[allow(dead_code, reason = "not every test looks at answers")]
pub(crate) fn value(attempted: Attempted) -> serde_json::Value {
    serde_json::from_str(attempted.unwrap().value.get()).unwrap()
}
