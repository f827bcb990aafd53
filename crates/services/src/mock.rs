//! A service whose calls are answered from a script. Nothing leaves.

use std::sync::Arc;

use fermata_connect::egress;
use fermata_model::{CallError, Json};

use crate::call::{Answer, Attempt, Failure, Policy, Request, Service};
use crate::http::short;
use crate::script::{Asked, Script};
use crate::way::{Way, refused};

/// A service in a dry run: it refuses what the real one refuses, and is attempted again as often.
pub(crate) struct Mock {
    name: &'static str,
    real: Box<dyn Service>,
    script: Arc<Script>,
}

impl Mock {
    pub(crate) fn new(name: &'static str, real: Box<dyn Service>, script: &Arc<Script>) -> Self {
        Self { name, real, script: script.clone() }
    }

    fn answer(&self, request: &Request, policy: &egress::Policy) -> Result<Answer, CallError> {
        let Request { method, args, idempotency_key: key, .. } = request;
        let asked = Asked { service: self.name, method, args, key };
        let found = self.script.attempt(&asked);
        let is_http = self.name == "http";
        if is_http {
            check_host(args, policy)?;
        }
        let mut answer = found.unwrap_or_else(|| Err(self.script.note_unanswered(&asked)))?;
        if is_http {
            answer.value = short::filled_in(&answer.value, args)?;
        }
        Ok(answer)
    }
}

impl Service for Mock {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        self.real.check(method, args)
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        Box::pin(async move { self.answer(&request, &way.policy).map_err(Failure::plain) })
    }
}

/// Refuses a host that the task may not reach. Its address is nobody's concern: nothing connects to it.
fn check_host(args: &Json, policy: &egress::Policy) -> Result<(), CallError> {
    let Some(url) = short::url(args) else { return Ok(()) };
    policy.check_host(&url).map_err(|error| refused(&error).error)
}
