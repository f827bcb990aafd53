//! The calls of runs, as the server tells of them: which are open, and whether each was delivered once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Access, Client, is_ended};

/// Clients that ask for the runs' calls at the same time.
const CLIENTS: usize = 4;
/// Stuck runs that are shown.
const SHOWN_MAX: usize = 10;

/// Waits until every run has ended; gives those that have not, with their calls.
pub(crate) async fn stuck(access: &Access, patience: Duration) -> Vec<Value> {
    let mut client = Client::new(access);
    let began = Instant::now();
    loop {
        let left = client.list("/v1/runs?status=queued,processing,suspended,paused").await;
        if left.is_empty() || began.elapsed() > patience {
            let mut shown = Vec::new();
            for run in left.into_iter().take(SHOWN_MAX) {
                let calls = client.calls(&run).await;
                let open = calls.into_iter().filter(|call| call["delivery"].is_null()).collect::<Vec<_>>();
                shown.push(json!({ "run": run, "open_calls": open }));
            }
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Runs from a list, each with all its calls.
pub(crate) async fn read(runs: Vec<Value>, access: &Access) -> Vec<(Value, Vec<Value>)> {
    let mut readers = tokio::task::JoinSet::new();
    let share = runs.len().div_ceil(CLIENTS).max(1);
    for some in runs.chunks(share) {
        let (some, mut client) = (some.to_vec(), Client::new(access));
        readers.spawn(async move {
            let mut read = Vec::with_capacity(some.len());
            for run in some {
                let calls = client.calls(&run).await;
                read.push((run, calls));
            }
            read
        });
    }
    readers.join_all().await.into_iter().flatten().collect()
}

/// What is not as it must be: every call ended, and was delivered once, in order, without a gap. Calls of the tasks
/// `dropping`, and of runs that were cancelled, may be given up.
pub(crate) fn faults(read: &[(Value, Vec<Value>)], dropping: &[&str]) -> Vec<String> {
    let parents: HashMap<&str, String> =
        read.iter().map(|(run, _)| (run["id"].as_str().unwrap(), run["parent"].to_string())).collect();
    let mut faults = Vec::new();
    for (run, calls) in read {
        if !is_ended(run) {
            faults.push(format!("it has not ended: {run}"));
        }
        check_calls(&mut faults, run, calls, dropping);
        check_children(&mut faults, run, calls, &parents);
    }
    faults
}

fn check_calls(faults: &mut Vec<String>, run: &Value, calls: &[Value], dropping: &[&str]) {
    let task = run["task"].as_str().unwrap();
    let may_be_dropped = dropping.contains(&task) || run["status"] == "cancelled";
    for (at, call) in calls.iter().enumerate() {
        if call["number"] != json!(at + 1) {
            faults.push(format!("call {at} of {task} has another number: {call}"));
        }
        let is_over = match call["status"].as_str().unwrap() {
            "completed" => true,
            "failed" => true,
            "cancelled" => may_be_dropped && call["delivery"].is_null(),
            _ => false,
        };
        let is_delivered = may_be_dropped || call["delivery"].is_u64();
        if !is_over || !is_delivered {
            faults.push(format!("{run} left a call: {call}"));
        }
    }
    let mut deliveries: Vec<u64> = calls.iter().filter_map(|call| call["delivery"].as_u64()).collect();
    deliveries.sort_unstable();
    let expected: Vec<u64> = (1..=run["deliveries"].as_u64().unwrap()).collect();
    if deliveries != expected {
        faults.push(format!("{run} has the deliveries {deliveries:?}"));
    }
}

/// The run that a call started knows the call.
fn check_children(faults: &mut Vec<String>, run: &Value, calls: &[Value], parents: &HashMap<&str, String>) {
    for call in calls.iter().filter(|call| !call["child"].is_null()) {
        let expected = json!({ "run": run["id"], "call": call["number"] }).to_string();
        let is_known = parents.get(call["child"].as_str().unwrap()).is_some_and(|parent| *parent == expected);
        if !is_known {
            faults.push(format!("the run that it started does not know {expected}"));
        }
    }
}
