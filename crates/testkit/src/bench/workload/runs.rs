//! Runs of a few steps, started by clients that wait for each: how long, how many, at what cost.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::bench::Bench;
use crate::bench::closed_loop::ClosedLoop;
use crate::bench::goal;
use crate::bench::loopback::Loopback;
use crate::bench::report::Row;
use crate::bench::task::{HTTP_STEPS, INSIDE_STEPS, NO_OP, Task};

const NAME: &str = "runs";
const CLIENTS: [usize; 3] = [1, 16, 64];
/// Before anything is measured.
pub(super) const WARM_UP: Duration = Duration::from_millis(700);

/// What the runs of a case do.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) task: Task,
    pub(super) steps: u32,
}

/// What is measured.
pub(super) const KINDS: [Kind; 6] = [
    Kind { name: "no-op", task: NO_OP, steps: 0 },
    Kind { name: "1 step inside", task: INSIDE_STEPS, steps: 1 },
    Kind { name: "3 steps inside", task: INSIDE_STEPS, steps: 3 },
    Kind { name: "10 steps inside", task: INSIDE_STEPS, steps: 10 },
    Kind { name: "1 step http", task: HTTP_STEPS, steps: 1 },
    Kind { name: "3 steps http", task: HTTP_STEPS, steps: 3 },
];

/// Each kind on a server of its own, so that no case pays for the rows of another kind.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let loopback = Loopback::start().await?;
    for kind in &KINDS {
        let cases: Vec<(usize, String)> = cases(bench, kind);
        if cases.is_empty() {
            continue;
        }
        let server = bench.server(&kind.name.replace(' ', "-"), &[]).await?;
        for (clients, case) in cases {
            bench.say(&format!("  {case}"));
            let measured = ClosedLoop {
                requests: vec![
                    server.run_request(&kind.task, &json!({ "steps": kind.steps, "url": loopback.url() })),
                ],
                clients,
                warm_up: WARM_UP,
                measured: Duration::from_secs(bench.options.seconds.unwrap_or(bench.size(4, 1))),
            };
            let (latency, cost) = measured.run(std::slice::from_ref(&server)).await.context(case.clone())?;
            loopback.take_asked();
            rows.push(with_goals(Row { latency, cost: Some(cost), ..Row::new(NAME, case) }));
        }
        server.stop_and_remove().await?;
    }
    Ok(rows)
}

fn cases(bench: &Bench<'_>, kind: &Kind) -> Vec<(usize, String)> {
    let named = CLIENTS.map(|clients| (clients, format!("{}, {clients} at a time", kind.name)));
    named.into_iter().filter(|(_, case)| bench.options.wants(case)).collect()
}

fn with_goals(row: Row) -> Row {
    let p50 = row.latency.map(|latency| latency.p50_ms);
    let rate = row.cost.map(|cost| cost.per_second);
    let goal = match row.case.as_str() {
        "3 steps inside, 1 at a time" => p50.map(goal::three_steps_alone),
        "3 steps inside, 64 at a time" => rate.map(goal::three_steps_together),
        "no-op, 64 at a time" => rate.map(goal::no_ops_together),
        _ => None,
    };
    row.goal(goal)
}
