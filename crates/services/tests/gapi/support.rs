//! A Google to call, and the way to it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fermata_connect::egress::{self, Gate, HostPattern, SecretError, Secrets};
use fermata_model::{CallError, Json, WorkspaceId, json};
use fermata_services::gapi::Gapi;
use fermata_services::{Failure, Progress, Request, Service, Vault, Way};
use fermata_testkit::google::{Google, World};
use fermata_testkit::python;
use serde_json::Value;
use zeroize::Zeroizing;

/// A keystore of values and secrets.
#[derive(Default)]
pub(crate) struct Keystore(pub(crate) Mutex<BTreeMap<String, String>>);

impl Vault for Keystore {
    fn value(&self, name: &str) -> Result<Option<String>, CallError> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }

    fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, CallError> {
        Ok(self.value(name)?.map(Zeroizing::new))
    }
}

/// The gate puts the keystore's values in.
impl Secrets for Keystore {
    fn reveal(&self, name: &str, _host: &str) -> Result<Zeroizing<String>, SecretError> {
        let found = self.0.lock().unwrap().get(name).cloned();
        found.map(Zeroizing::new).ok_or_else(|| SecretError::Unknown { name: name.to_owned() })
    }
}

/// Keeps what it is told.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) Mutex<Vec<String>>);

impl Progress for Lines {
    fn tell(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// The service, a Google, and a keystore that knows its test account.
pub(crate) struct Setting {
    pub(crate) google: Google,
    pub(crate) gapi: Gapi,
    pub(crate) keystore: Keystore,
    pub(crate) lines: Lines,
    gate: Gate,
}

impl Setting {
    /// A world of two domains with three users each, and thirty messages each.
    pub(crate) fn new() -> Self {
        Self::with(World::new(2, 3, 30))
    }

    pub(crate) fn with(world: World) -> Self {
        let documents =
            python::google_documents().expect("the documents that Google's client ships are needed");
        let google = Google::start(&documents, world).unwrap();
        let keystore = Keystore::default();
        let setting =
            Self { google, gapi: Gapi::default(), keystore, lines: Lines::default(), gate: Gate::new() };
        setting.put("GAPI_BASE_URL", &setting.google.url());
        setting.put("GAPI_KEY", setting.google.key());
        setting.put("GAPI_ADMIN_EMAIL", ADMIN);
        setting
    }

    pub(crate) fn put(&self, name: &str, value: &str) {
        self.keystore.0.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn remove(&self, name: &str) {
        self.keystore.0.lock().unwrap().remove(name);
    }

    /// Makes one attempt, as the engine does: the arguments are checked first.
    pub(crate) async fn attempt(&self, method: &str, args: Value) -> Result<Value, Failure> {
        let args: Json = json::of_value(&args);
        self.gapi.check(method, &args)?;
        let policy = egress::Policy {
            hosts: vec![HostPattern::Any],
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            ..egress::Policy::default()
        };
        let way = Way {
            gate: &self.gate,
            policy,
            vault: &self.keystore,
            secrets: &self.keystore,
            progress: &self.lines,
        };
        let request = Request {
            workspace: WorkspaceId::default_workspace(),
            method: method.to_owned(),
            args,
            idempotency_key: "run-1".to_owned(),
        };
        let answer = self.gapi.attempt(request, &way).await?;
        Ok(serde_json::from_str(answer.value.get()).unwrap())
    }

    /// A call that goes well.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, args: Value) -> impl Future<Output = Value> {
        let at = std::panic::Location::caller();
        let attempt = self.attempt(method, args);
        async move { attempt.await.unwrap_or_else(|failure| panic!("{at}: {:?}", failure.error)) }
    }

    /// A call that fails.
    pub(crate) async fn failure(&self, method: &str, args: Value) -> Failure {
        match self.attempt(method, args).await {
            Ok(value) => panic!("{method} brought {value}"),
            Err(failure) => failure,
        }
    }
}

/// The first user of the first domain.
pub(crate) const ADMIN: &str = "ada0@one.example";
/// The second.
pub(crate) const BEN: &str = "ben1@one.example";
