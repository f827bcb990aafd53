//! The SDK's second argument: how one call is made.

use std::collections::BTreeMap;
use std::time::Duration;

use fermata_connect::retry;
use serde::Deserialize;

use crate::call::Policy;
use crate::fields::Fields;

/// Time of one attempt when the task does not say, as in the official SDK.
const TIMEOUT: Duration = Duration::from_secs(600);
/// The longest time a task may ask for.
const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// Repetitions when the task does not say, as in the official SDK.
const RETRIES: u32 = 2;
/// The most repetitions a task may ask for.
const RETRIES_MAX: u32 = 10;
/// The official SDK's first and longest wait.
const WAIT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));
/// The most headers a task may add.
const HEADERS_MAX: usize = 20;
/// The most members a task may add to the query.
const QUERY_MEMBERS_MAX: usize = 100;
/// Headers that say who calls or how a message is read; the service sets them.
const RESERVED: [&str; 9] = [
    "accept",
    "api-key",
    "authorization",
    "content-type",
    "cookie",
    "host",
    "idempotency-key",
    "openai-organization",
    "openai-project",
];

/// How one call is made.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Options {
    /// Milliseconds for one attempt.
    timeout: Option<u64>,
    /// How often a failed attempt is repeated.
    max_retries: Option<u32>,
    /// More headers.
    pub(super) headers: BTreeMap<String, String>,
    /// More of the query.
    pub(super) query: Fields,
    /// Who is asked, when it is not OpenAI.
    pub(super) provider: Option<String>,
}

impl Options {
    /// Refuses what cannot be done; the error names the member.
    pub(super) fn check(&self) -> Result<(), String> {
        let longest = TIMEOUT_MAX.as_millis();
        if self.timeout.is_some_and(|ms| ms == 0 || u128::from(ms) > longest) {
            return Err(format!("timeout is 1 to {longest} milliseconds"));
        }
        if self.max_retries.is_some_and(|times| times > RETRIES_MAX) {
            return Err(format!("maxRetries is 0 to {RETRIES_MAX}"));
        }
        if self.headers.len() > HEADERS_MAX {
            return Err(format!("headers may have {HEADERS_MAX} names"));
        }
        if self.query.members().nth(QUERY_MEMBERS_MAX).is_some() {
            return Err(format!("query may have {QUERY_MEMBERS_MAX} names"));
        }
        let reserved = |name: &&String| RESERVED.contains(&name.to_ascii_lowercase().as_str());
        match self.headers.keys().find(reserved) {
            Some(name) => Err(format!("headers may not set {name}")),
            None => Ok(()),
        }
    }

    /// How attempts are made and repeated.
    pub(super) fn policy(&self) -> Policy {
        let (base, cap) = WAIT;
        let attempts_max = self.max_retries.unwrap_or(RETRIES) + 1;
        let retry = retry::Policy { attempts_max, base, cap, jitter: retry::Jitter::Equal };
        Policy { timeout: self.timeout.map_or(TIMEOUT, Duration::from_millis), retry }
    }
}
