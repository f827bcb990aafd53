//! What must be true once nothing is killed any more and everything has ended.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Access, Client, Question};
use crate::counter::{Cause, Counter};
use crate::job::End;
use crate::load::{Accepted, Load, is_ended};

/// Clients that ask for the runs' calls at the same time.
const CLIENTS: usize = 4;
/// Stuck runs that are shown.
const SHOWN_MAX: usize = 10;
/// Tasks that clear timers, or that end or are cancelled while calls are under way.
const DROPPING: [&str; 3] = ["shape_module", "failing", "cancelled"];

/// What was found.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) runs: usize,
    pub(crate) calls: usize,
    pub(crate) effects: usize,
    pub(crate) requests: u64,
    /// Whatever is not as it must be.
    pub(crate) wrong: Vec<String>,
}

impl Findings {
    fn check(&mut self, is_right: bool, wrong: impl FnOnce() -> String) {
        if !is_right {
            self.wrong.push(wrong());
        }
    }
}

/// Waits until every run has ended; gives those that have not, with their calls.
pub(crate) async fn stuck(access: &Access, patience: Duration) -> Vec<Value> {
    let mut client = Client::new(access);
    let began = Instant::now();
    loop {
        let left = client.list("/v1/runs?status=queued,processing,suspended,paused").await;
        if left.is_empty() || began.elapsed() > patience {
            let mut shown = Vec::new();
            for run in left.into_iter().take(SHOWN_MAX) {
                let calls = client.list(&calls_of(&run)).await;
                let open = calls.into_iter().filter(|call| call["delivery"].is_null()).collect::<Vec<_>>();
                shown.push(json!({ "run": run, "open_calls": open }));
            }
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Looks at everything the server and the counter know.
pub(crate) async fn audit(load: &Load, counter: &Counter) -> Findings {
    let mut findings = Findings::default();
    let mut client = Client::new(&load.access);
    let runs = client.list("/v1/runs").await;
    findings.runs = runs.len();
    let accepted = std::mem::take(&mut *load.accepted.lock().unwrap());
    check_ledger(&mut findings, &runs, &accepted, load.unknown.load(Ordering::SeqCst) as usize);
    for accepted in &accepted {
        let run = client.run(&accepted.id).await;
        check_end(&mut findings, accepted, &run);
    }
    check_effects(&mut findings, &accepted, counter);
    check_keystore(&mut findings, &accepted, &mut client).await;
    check_calls(&mut findings, runs, &load.access).await;
    findings
}

/// One run for each acceptance, and none besides those that other runs started.
fn check_ledger(findings: &mut Findings, runs: &[Value], accepted: &[Accepted], unknown: usize) {
    let listed: HashSet<&str> = runs.iter().map(|run| run["id"].as_str().unwrap()).collect();
    findings.check(listed.len() == runs.len(), || "a run is listed twice".into());
    let known: HashSet<&str> = accepted.iter().map(|accepted| accepted.id.as_str()).collect();
    findings.check(known.len() == accepted.len(), || "two starts with different keys got one run".into());
    for id in known.difference(&listed) {
        findings.wrong.push(format!("{id} was accepted and is not listed"));
    }
    let from_outside = runs.iter().filter(|run| run["parent"].is_null()).count();
    findings.check((known.len()..=known.len() + unknown).contains(&from_outside), || {
        format!("{from_outside} runs from outside; {} were accepted, {unknown} unknown", known.len())
    });
    let mut parents = HashSet::new();
    for run in runs.iter().filter(|run| !run["parent"].is_null()) {
        findings.check(parents.insert(run["parent"].to_string()), || format!("two runs of one call: {run}"));
    }
}

/// The run is as it must be, and as it was when its end was first seen.
fn check_end(findings: &mut Findings, accepted: &Accepted, run: &Value) {
    findings.check(*run == accepted.ended, || format!("it changed after its end: {run} {}", accepted.ended));
    let is_as_it_must_be = match accepted.job.end() {
        End::Completed(result) => run["status"] == "completed" && run["result"] == result,
        End::CompletedSomehow => run["status"] == "completed",
        End::Failed(message) => run["status"] == "failed" && run["error"]["message"] == message,
        End::Cancelled => run["status"] == "cancelled",
    };
    findings.check(is_as_it_must_be, || format!("{:?} expected: {run}", accepted.job.end()));
}

/// Each step had its effect once, under one key, and the run was told its answer.
fn check_effects(findings: &mut Findings, accepted: &[Accepted], counter: &Counter) {
    findings.wrong.extend(counter.mistakes());
    let mut values: HashMap<Cause, Vec<u64>> = HashMap::new();
    for effect in counter.effects().into_values() {
        findings.effects += 1;
        findings.requests += u64::from(effect.requests);
        values.entry(effect.cause).or_default().push(effect.value);
    }
    for (cause, values) in &values {
        findings.check(values.len() == 1, || format!("{cause:?} has {} keys", values.len()));
    }
    let value_of =
        |run: &str, step: String| values.get(&Cause { run: run.into(), step }).map(|values| values[0]);
    let mut expected = 0;
    for Accepted { id, job, ended } in accepted {
        let steps: Vec<String> = match job.task {
            "counter" => (0..job.input["steps"].as_u64().unwrap()).map(|step| step.to_string()).collect(),
            "cancelled" if !ended["started_at"].is_null() => vec!["clean up".into(), "clean up more".into()],
            _ => continue,
        };
        expected += steps.len();
        let counted: Vec<Option<u64>> = steps.into_iter().map(|step| value_of(id, step)).collect();
        findings
            .check(counted.iter().all(Option::is_some), || format!("{ended} lacks an effect: {counted:?}"));
        let is_told = job.task != "counter" || ended["result"] == json!(counted);
        findings.check(is_told, || format!("{id} was told {} of {counted:?}", ended["result"]));
    }
    let effects = findings.effects;
    findings.check(effects == expected, || format!("{effects} effects, {expected} expected"));
}

/// What a run saw of time and chance is what it kept, and what others find.
async fn check_keystore(findings: &mut Findings, accepted: &[Accepted], client: &mut Client) {
    // One that did not complete has been told of.
    let is_ambient = |run: &&Accepted| run.job.task == "ambient" && run.ended["status"] == "completed";
    let ambient: Vec<&Accepted> = accepted.iter().filter(is_ambient).collect();
    for Accepted { id, ended, .. } in &ambient {
        let result = &ended["result"];
        findings.check(result["own"] == result["kept"], || format!("{id} kept something else: {result}"));
    }
    for some in ambient.chunks(50) {
        let values = some.iter().flat_map(|run| run.ended["result"]["own"].as_array().unwrap());
        let values: Vec<&Value> = values.collect();
        let names = |run: &&Accepted| {
            let rounds = run.job.input["rounds"].as_u64().unwrap();
            (0..rounds).map(|round| format!("ambient/{}/{round}", run.id)).collect::<Vec<_>>()
        };
        let names: Vec<String> = some.iter().flat_map(names).collect();
        let look = json!({ "task": "look", "input": names, "wait": "30s" });
        let found = client.ask(&Question::post("/v1/runs", look)).await.body;
        findings.check(found["result"] == json!(values), || format!("others find something else: {found}"));
    }
}

/// Every call ended, and was delivered once, in order, without a gap.
async fn check_calls(findings: &mut Findings, runs: Vec<Value>, access: &Access) {
    let parents: HashMap<String, String> =
        runs.iter().map(|run| (text(&run["id"]), run["parent"].to_string())).collect();
    let mut readers = tokio::task::JoinSet::new();
    let share = runs.len().div_ceil(CLIENTS).max(1);
    for some in runs.chunks(share) {
        let (some, mut client) = (some.to_vec(), Client::new(access));
        readers.spawn(async move {
            let mut read = Vec::with_capacity(some.len());
            for run in some {
                let calls = client.list(&calls_of(&run)).await;
                read.push((run, calls));
            }
            read
        });
    }
    for (run, calls) in readers.join_all().await.into_iter().flatten() {
        findings.calls += calls.len();
        findings.check(is_ended(&run), || format!("it has not ended: {run}"));
        check_calls_of(findings, &run, &calls);
        check_children(findings, &run, &calls, &parents);
    }
}

fn check_calls_of(findings: &mut Findings, run: &Value, calls: &[Value]) {
    let task = run["task"].as_str().unwrap();
    for (at, call) in calls.iter().enumerate() {
        let is_numbered = call["number"] == json!(at + 1);
        findings.check(is_numbered, || format!("call {at} of {task} has another number: {call}"));
        let may_be_dropped = DROPPING.contains(&task) || run["status"] == "cancelled";
        let is_over = match call["status"].as_str().unwrap() {
            "completed" => true,
            "failed" => true,
            "cancelled" => may_be_dropped && call["delivery"].is_null(),
            _ => false,
        };
        let is_delivered = may_be_dropped || call["delivery"].is_u64();
        findings.check(is_over && is_delivered, || format!("{run} left a call: {call}"));
    }
    let mut deliveries: Vec<u64> = calls.iter().filter_map(|call| call["delivery"].as_u64()).collect();
    deliveries.sort_unstable();
    let expected: Vec<u64> = (1..=run["deliveries"].as_u64().unwrap()).collect();
    findings.check(deliveries == expected, || format!("{run} has the deliveries {deliveries:?}"));
}

/// The run that a call started knows the call.
fn check_children(findings: &mut Findings, run: &Value, calls: &[Value], parents: &HashMap<String, String>) {
    for call in calls.iter().filter(|call| !call["child"].is_null()) {
        let expected = json!({ "run": run["id"], "call": call["number"] }).to_string();
        let is_known = parents.get(call["child"].as_str().unwrap()).is_some_and(|parent| *parent == expected);
        findings.check(is_known, || format!("the run that it started does not know {expected}"));
    }
}

fn calls_of(run: &Value) -> String {
    format!("/v1/runs/{}/calls", run["id"].as_str().unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
