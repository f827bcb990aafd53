//! What must be true once nothing is killed any more and every run has ended.

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use crate::calls;
use crate::client::{Access, Client};
use crate::example::{self, Calls, counted, method_of};
use crate::reference::{DOCUMENTS, Reference, TOKENS};
use crate::visits::Accepted;
use crate::world::{Asked, World};

/// Services whose calls are requests to the world.
const OUTSIDE: [&str; 4] = ["gapi", "openai", "supabase", "websearch"];

/// What was found.
#[derive(Default)]
pub(crate) struct Audit {
    runs: usize,
    calls: u64,
    requests: u64,
    attempts: u64,
    /// Whatever is not as it must be.
    pub(crate) wrong: Vec<String>,
}

/// Calls to the outside and the attempts at them.
#[derive(Default)]
struct Outward {
    calls: Calls,
    attempts: Calls,
    /// Attempts at calls of OpenAI, by their idempotency keys.
    keys: HashMap<String, u64>,
}

/// Looks at everything that servers, `servers` in all, and the world know.
pub(crate) async fn audit(
    access: &Access,
    accepted: &[Accepted],
    reference: &Reference,
    world: &World,
    servers: u64,
) -> Audit {
    let runs = Client::new(access).list("/v1/runs").await;
    let mut audit = Audit { runs: runs.len(), ..Audit::default() };
    let from_outside = runs.iter().filter(|run| run["parent"].is_null()).count();
    let expected = accepted.len() + reference.results.len();
    audit.check(from_outside == expected, || {
        format!("{from_outside} runs from outside, {expected} were accepted")
    });
    let mut client = Client::new(access);
    for Accepted { ended, .. } in accepted {
        let run = client.run(ended["id"].as_str().unwrap()).await;
        audit.check(run == *ended, || format!("it changed after its end: {run} {ended}"));
    }
    let read = calls::read(runs, access).await;
    audit.wrong.extend(calls::faults(&read, &[]));
    audit.check_ends(accepted, reference, &read);
    let outward = Outward::of(&read);
    audit.calls = read.iter().map(|(_, calls)| calls.len() as u64).sum();
    audit.attempts = outward.attempts.values().sum();
    let asked = world.asked();
    audit.requests = asked.requests.values().sum();
    audit.check_requests(&outward, &asked);
    audit.check_sharing(&asked, servers as usize);
    let totals = world.totals();
    audit.check(totals == World::totals_of_one_run(), || format!("other totals: {totals:?}"));
    audit
}

impl Audit {
    fn check(&mut self, is_right: bool, wrong: impl FnOnce() -> String) {
        if !is_right {
            self.wrong.push(wrong());
        }
    }

    /// Each run has the result that it has when nothing is killed, by the same calls, each of them delivered.
    fn check_ends(&mut self, accepted: &[Accepted], reference: &Reference, read: &[(Value, Vec<Value>)]) {
        let examples = example::all();
        let calls_of: HashMap<&str, &Vec<Value>> =
            read.iter().map(|(run, calls)| (run["id"].as_str().unwrap(), calls)).collect();
        for Accepted { example: at, ended } in accepted {
            let example = &examples[*at];
            let result = example.comparable(&ended["result"]);
            self.check(ended["status"] == "completed" && result == reference.results[*at], || {
                format!("another end: {ended}")
            });
            let made = counted(calls_of[ended["id"].as_str().unwrap()]);
            self.check(made == example.calls(), || format!("{} made other calls: {made:?}", example.task));
        }
        for (run, calls) in read {
            self.check(run["deliveries"] == calls.len(), || {
                format!("not as many deliveries as calls: {run}")
            });
        }
    }

    /// Each call was asked for, and again only by further attempts.
    fn check_requests(&mut self, outward: &Outward, asked: &Asked) {
        for (method, calls) in &outward.calls {
            let (requests, attempts) =
                (asked.requests.get(method).copied().unwrap_or(0), outward.attempts[method]);
            self.check((*calls..=attempts).contains(&requests), || {
                format!("{method}: {calls} calls, {attempts} attempts and {requests} requests")
            });
        }
        for method in asked.requests.keys() {
            self.check(outward.calls.contains_key(method), || {
                format!("{method} was asked for and never called")
            });
        }
        for (key, requests) in &asked.keys {
            let attempts = outward.keys.get(key).copied().unwrap_or(0);
            self.check(*requests <= attempts, || {
                format!("{key}: {requests} requests of {attempts} attempts")
            });
        }
        let (keys, called) = (asked.keys.len(), outward.keys.len());
        self.check(keys == called, || format!("{keys} idempotency keys for {called} calls"));
    }

    /// Each server asks for a token, a document and the directory once at most, whoever needs them.
    fn check_sharing(&mut self, asked: &Asked, servers: usize) {
        let Asked { tokens, documents, directories, .. } = *asked;
        let is_shared =
            tokens <= TOKENS * servers && documents <= DOCUMENTS * servers && directories <= servers;
        self.check(is_shared, || {
            format!("{servers} servers, {tokens} tokens, {documents} documents, {directories} directories")
        });
    }
}

impl Outward {
    fn of(read: &[(Value, Vec<Value>)]) -> Self {
        let mut outward = Self::default();
        for (run, call) in read.iter().flat_map(|(run, calls)| calls.iter().map(move |call| (run, call))) {
            let service = call["service"].as_str().unwrap();
            if !OUTSIDE.contains(&service) {
                continue;
            }
            let (method, attempts) = (method_of(call), call["attempts"].as_u64().unwrap());
            *outward.calls.entry(method.clone()).or_default() += 1;
            *outward.attempts.entry(method).or_default() += attempts;
            if service == "openai" {
                outward.keys.insert(format!("{}.{}", run["id"].as_str().unwrap(), call["number"]), attempts);
            }
        }
        outward
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, calls, requests, attempts, .. } = self;
        write!(formatter, "{runs} runs and {calls} calls in all, {requests} requests of {attempts} attempts")
    }
}
