//! `tools.supabase`: query chains as supabase-js has them, answered by PostgREST and the servers beside it.
//!
//! A chain comes as one call: its path, such as `from.select.eq`, and beside it one list of arguments for each step.
//! The requests are those that supabase-js 2.119 would send, and the results what it would give its caller.

use std::time::SystemTime;

use fermata_connect::{http, retry};
use fermata_model::limits::OUTCOME_BYTES_MAX;
use fermata_model::{CallError, Json, json};
use serde::Serialize;

use self::ask::Ask;
use self::chain::Chain;
use self::plan::{Plan, Reading};
pub use self::site::Site;
use crate::call::{Attempt, Attempted, Failure, Policy, Request, Service};
use crate::way::Way;

mod ask;
mod auth;
mod buckets;
mod chain;
mod errors;
mod files;
mod filters;
mod functions;
mod headers;
mod js;
mod modifiers;
mod plan;
mod query;
mod rest;
mod rows;
mod site;
mod storage;

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Supabase;

impl Service for Supabase {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        Ok(Plan::of(&mut Chain::read(method, args)?)?.policy())
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        Box::pin(make(request, way))
    }
}

/// The requests that a chain comes to at a site, in their order.
///
/// # Errors
/// When it is no chain of supabase-js, or an argument of it is wrong.
pub fn requests(method: &str, args: &Json, site: &Site) -> Result<Vec<http::Request>, CallError> {
    let plan = Plan::of(&mut Chain::read(method, args)?)?;
    plan.asks.iter().map(|ask| ask.request(site, "")).collect()
}

/// What a chain gives its caller when `response` answers the last of its requests.
///
/// # Errors
/// As [`requests`], and the error of a chain with `throwOnError()`.
pub fn result(method: &str, args: &Json, site: &Site, response: &http::Response) -> Result<Json, CallError> {
    Plan::of(&mut Chain::read(method, args)?)?.reading.result(response, site)
}

async fn make(request: Request, way: &Way<'_>) -> Attempted {
    let plan = Plan::of(&mut Chain::read(&request.method, &request.args)?)?;
    let site = Site::of(way.vault)?;
    let mut first = None;
    for ask in &plan.asks {
        let response = match way.send(ask.request(&site, &request.idempotency_key)?).await {
            Ok(response) => response,
            Err(failure) => return Err(unreached(failure, ask, &plan.reading)),
        };
        let result = plan.reading.result(&response, &site);
        if is_worth_repeating(ask, response.status) {
            return Err(not_now(&response, result));
        }
        let result = result?;
        if response.status >= 300 || has_error(&result) {
            return Ok(result.into());
        }
        first.get_or_insert(result);
    }
    match (first, &plan.reading) {
        (Some(result), _) => Ok(result.into()),
        (None, Reading::Storage(files)) => Ok(files.known(&site)?.into()),
        (None, _) => Ok(json::null().into()),
    }
}

fn has_error(result: &Json) -> bool {
    #[derive(serde::Deserialize)]
    struct Outcome {
        error: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_str(result.get()).is_ok_and(|Outcome { error }| error.is_some())
}

/// Where what a write did is not known it is not made again, nor where it was refused for good.
fn is_worth_repeating(ask: &Ask, status: u16) -> bool {
    let passing = retry::is_retryable_status(status) || matches!(status, 520..=524);
    matches!(status, 429 | 503) || ask.is_read && passing
}

/// A failed attempt whose last repetition is still a result.
fn not_now(response: &http::Response, result: Result<Json, CallError>) -> Failure {
    let retry_after = retry::after(&response.headers, SystemTime::now());
    match result {
        Ok(result) => {
            let error =
                CallError::passing("http_status", format!("tools.supabase: status {}", response.status));
            Failure { error, retry_after, last_answer: Some(result) }
        }
        Err(error) => {
            Failure { error: CallError { retryable: true, ..error }, retry_after, last_answer: None }
        }
    }
}

/// No response came. Errors that only a person can mend stay errors; the others are what the client calls data.
fn unreached(failure: Failure, ask: &Ask, reading: &Reading) -> Failure {
    let Failure { mut error, retry_after, .. } = failure;
    if !error.retryable {
        return Failure { error, retry_after, last_answer: None };
    }
    let was_sent = !matches!(error.code.as_str(), "connect" | "dns");
    error.retryable = ask.is_read || !was_sent;
    let last_answer = reading.unreached(&error.message);
    Failure { error, retry_after, last_answer }
}

/// A result as JSON, unless it is too large.
fn outcome<T: Serialize + ?Sized>(result: &T) -> Result<Json, CallError> {
    let written = json::of(result).map_err(|error| CallError::fatal("bad_answer", error.to_string()))?;
    if written.get().len() > OUTCOME_BYTES_MAX {
        let bytes = written.get().len();
        let message = format!(
            "tools.supabase: the answer takes {bytes} bytes; the limit is {OUTCOME_BYTES_MAX}. \
             Select fewer columns, or page with range() or limit()"
        );
        return Err(CallError::fatal("response_too_large", message));
    }
    Ok(written)
}
