//! What must be true once nothing is killed any more and everything has ended.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::calls;
use crate::client::{Client, Question};
use crate::counter::{Cause, Counter};
use crate::job::End;
use crate::load::{Accepted, Load};

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
    let read = calls::read(runs, &load.access).await;
    findings.calls = read.iter().map(|(_, calls)| calls.len()).sum();
    findings.wrong.extend(calls::faults(&read, &DROPPING));
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
