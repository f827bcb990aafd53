//! Google's descriptions of its APIs, asked for from this process.

use fermata_connect::egress::{Gate, NoSecrets, Policy};
use fermata_model::CallError;
use fermata_services::{Progress, Vault, Way, gapi};
use zeroize::Zeroizing;

use super::google;
use crate::exit::{Exit, Failure};

/// Where descriptions come from.
pub(super) struct Discovery<'a> {
    gate: Gate,
    policy: Policy,
    server: Option<&'a str>,
}

/// There is no keystore here.
struct Nothing;

impl Vault for Nothing {
    fn value(&self, _name: &str) -> Result<Option<String>, CallError> {
        Ok(None)
    }

    fn secret(&self, _name: &str) -> Result<Option<Zeroizing<String>>, CallError> {
        Ok(None)
    }
}

impl Progress for Nothing {
    fn tell(&self, _line: &str) {}
}

impl<'a> Discovery<'a> {
    /// Asks Google, or another server.
    pub(super) fn new(policy: Policy, server: Option<&'a str>) -> Self {
        Self { gate: Gate::new(), policy, server }
    }

    /// The types of an API.
    ///
    /// # Errors
    /// When there is no such API, or no answer that describes one.
    pub(super) async fn types(&self, api: &str) -> Result<String, Failure> {
        let way = Way {
            gate: &self.gate,
            policy: self.policy.clone(),
            vault: &Nothing,
            secrets: &NoSecrets,
            progress: &Nothing,
        };
        let failed = |why: String| Failure::new(Exit::Failed, format!("--google {api}: {why}"));
        let described = gapi::describe(&way, api, self.server).await;
        let text = described.map_err(|error| failed(error.message))?.text;
        let api = google::Api { called: api, document: &text };
        google::file(&api).map_err(|error| failed(format!("the description cannot be read: {error}")))
    }
}
