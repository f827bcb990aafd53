//! What a chain comes to: the requests it asks for, and how their responses are read.

use std::time::Duration;

use fermata_connect::{http, retry};
use fermata_model::{CallError, Json};

use super::ask::Ask;
use super::chain::Chain;
use super::site::Site;
use super::{auth, functions, rest, rows, storage};
use crate::call::Policy;

/// What a chain may begin with.
const BEGINNINGS: [&str; 6] = ["from", "rpc", "schema", "storage", "auth", "functions"];
/// What an attempt may take beyond its requests.
const MARGIN: Duration = Duration::from_secs(5);

/// The requests of a chain, in their order, and the reading of the last response.
pub(super) struct Plan {
    /// None for what is known without asking.
    pub(super) asks: Vec<Ask>,
    pub(super) reading: Reading,
    /// Whether failed attempts are repeated at all.
    pub(super) repeats: bool,
}

/// How a response becomes the result.
pub(super) enum Reading {
    Rows(rows::Rows),
    Storage(storage::Files),
    Auth(auth::Users),
    Function,
}

impl Plan {
    /// Reads a chain to its end.
    pub(super) fn of(chain: &mut Chain<'_>) -> Result<Self, CallError> {
        let begins = chain.peek().map(|step| step.name.to_string());
        let plan = match begins.as_deref() {
            Some("from" | "rpc" | "schema") => rest::plan(chain),
            Some("storage") => storage::plan(chain),
            Some("auth") => auth::plan(chain),
            Some("functions") => functions::plan(chain),
            _ => Err(chain.unexpected(&BEGINNINGS)),
        }?;
        chain.end()?;
        plan.asks.iter().try_for_each(Ask::check)?;
        Ok(plan)
    }

    pub(super) fn one(ask: Ask, reading: Reading) -> Self {
        Self { asks: vec![ask], reading, repeats: true }
    }

    /// How the call is treated.
    pub(super) fn policy(&self) -> Policy {
        let retry = retry::Policy::default();
        let attempts_max = if self.repeats { retry.attempts_max } else { 1 };
        let timeout = self.asks.iter().map(|ask| ask.timeout).sum::<Duration>() + MARGIN;
        Policy { timeout, retry: retry::Policy { attempts_max, ..retry } }
    }
}

impl Reading {
    /// The result, from the last response.
    pub(super) fn result(&self, response: &http::Response, site: &Site) -> Result<Json, CallError> {
        match self {
            Reading::Rows(rows) => rows.result(response),
            Reading::Storage(files) => files.result(response, site),
            Reading::Auth(users) => users.result(response),
            Reading::Function => functions::result(response),
        }
    }

    /// The result where no response came; `None` where that is an error of the call.
    pub(super) fn unreached(&self, message: &str) -> Option<Json> {
        match self {
            Reading::Rows(rows) => rows.unreached(message),
            Reading::Storage(files) => files.unreached(message),
            Reading::Auth(users) => Some(users.unreached(message)),
            Reading::Function => Some(functions::unreached(message)),
        }
    }
}
