//! One long run: what step n costs, for n from 1 to 10,000, in memory and put down at every step.
//!
//! The clocks in the ledger are milliseconds, so the run's requests to a server of ours tell the
//! time: at every step where the step is a request, else at every hundredth.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::bench::Bench;
use crate::bench::goal;
use crate::bench::latency::Latency;
use crate::bench::loopback::{Asked, Loopback};
use crate::bench::report::{Cost, Row};
use crate::bench::server::{Server, Stats};
use crate::bench::task::{HTTP_STEPS, INSIDE_LONG, SLEEP_LONG, Task};

const NAME: &str = "step-n";
const STEPS: usize = 10_000;
const STEPS_QUICK: usize = 1_000;
/// The cost at n is that of the last steps up to n, this many at most.
const WINDOW: usize = 100;
/// Puts every run down whenever it waits.
const PARKED: &[&str] = &["--resident-for", "0"];

/// A kind of step.
struct Kind {
    name: &'static str,
    task: Task,
    /// How many steps lie between two requests.
    every: usize,
    arguments: &'static [&'static str],
    has_goal: bool,
}

const KINDS: [Kind; 5] = [
    Kind { name: "http, in memory", task: HTTP_STEPS, every: 1, arguments: &[], has_goal: false },
    Kind { name: "http, parked", task: HTTP_STEPS, every: 1, arguments: PARKED, has_goal: true },
    Kind { name: "inside", task: INSIDE_LONG, every: WINDOW, arguments: &[], has_goal: false },
    Kind {
        name: "sleep of 1 ms, in memory",
        task: SLEEP_LONG,
        every: WINDOW,
        arguments: &[],
        has_goal: false,
    },
    Kind {
        name: "sleep of 1 ms, parked",
        task: SLEEP_LONG,
        every: WINDOW,
        arguments: PARKED,
        has_goal: false,
    },
];

/// Each kind on a server of its own.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let loopback = Loopback::start().await?;
    for kind in KINDS.iter().filter(|kind| bench.options.wants(kind.name)) {
        bench.say(&format!("  {}", kind.name));
        let server = bench.server(&kind.name.replace([' ', ','], "-"), kind.arguments).await?;
        let row = measure(kind, bench.size(STEPS, STEPS_QUICK), &server, &loopback).await;
        rows.push(row.context(kind.name)?);
        server.stop_and_remove().await?;
    }
    Ok(rows)
}

async fn measure(kind: &Kind, steps: usize, server: &Server, loopback: &Loopback) -> Result<Row> {
    let input = json!({ "steps": steps, "every": kind.every, "url": loopback.url() });
    let (stats, before) = (server.stats().await?, server.usage()?);
    let began = Instant::now();
    let mut connection = server.access.connect().await?;
    connection.send(&server.run_request(&kind.task, &input)).await?.must_be_completed()?;
    let ended = Instant::now();
    let after = server.usage()?;
    let asked = loopback.take_asked();
    let gaps = gaps(&asked, began, ended, kind.every)?;
    let cost = Cost::of(steps as u64, &before, &after);
    let row = Row { latency: latency(&gaps, kind.every), cost: Some(cost), ..Row::new(NAME, kind.name) };
    let requests = asked.len() as f64 / (gaps.len() + usize::from(kind.every > 1)) as f64;
    let row = row.figure("requests for each that is meant", requests, "");
    let row = with_counters(row, &stats, &server.stats().await?, steps)?;
    Ok(with_points(row, kind, steps, &gaps))
}

/// The times between the first requests of steps: from one step to the next, or from one `every`th to
/// the next.
fn gaps(asked: &[Asked], began: Instant, ended: Instant, every: usize) -> Result<Vec<Duration>> {
    let firsts = firsts(asked, every);
    ensure!(firsts.len() >= 2 && firsts[0] >= began, "the steps were not seen");
    // A run of requests alone has none behind its last step but its answer.
    let last = (every == 1).then_some(ended);
    let moments: Vec<Instant> = firsts.into_iter().chain(last).collect();
    Ok(moments.windows(2).map(|pair| pair[1].saturating_duration_since(pair[0])).collect())
}

/// When each step asked first, as far as every one did. A step may ask again.
fn firsts(asked: &[Asked], every: usize) -> Vec<Instant> {
    let mut firsts = Vec::new();
    for request in asked {
        if request.step == firsts.len() * every {
            firsts.push(request.at);
        }
    }
    firsts
}

/// Of single steps; those measured by the hundred have none.
fn latency(gaps: &[Duration], every: usize) -> Option<Latency> {
    if every == 1 { Latency::of(gaps.to_vec()) } else { None }
}

fn with_counters(row: Row, before: &Stats, after: &Stats, steps: usize) -> Result<Row> {
    let each = |path| Ok::<_, anyhow::Error>(after.since(before, path)? as f64 / steps as f64);
    Ok(row
        .figure("checkpoints", each("/engine/checkpoints")?, "a step")
        .figure("checkpoint bytes", each("/engine/checkpoint_bytes")?, "bytes a step")
        .figure("restores", each("/engine/restores")?, "a step")
        .figure("rebuilds", each("/engine/rebuilds")?, "a step")
        .figure("commits", each("/store/commits")?, "a step")
        .figure("rows", each("/store/rows_written")?, "a step"))
}

fn with_points(mut row: Row, kind: &Kind, steps: usize, gaps: &[Duration]) -> Row {
    const POINTS: [(usize, &str); 5] = [
        (1, "step 1"),
        (10, "steps to 10"),
        (100, "steps to 100"),
        (1_000, "steps to 1,000"),
        (10_000, "steps to 10,000"),
    ];
    let mut costs = Vec::new();
    for (n, name) in POINTS.into_iter().filter(|(n, _)| *n >= kind.every && *n <= steps) {
        if let Some(cost) = cost_at(n, kind.every, gaps) {
            row = row.figure(name, cost, "ms each");
            costs.push((n, cost));
        }
    }
    if let (true, Some((_, last))) = (kind.has_goal, costs.last().copied()) {
        row = row.goal(Some(goal::parked_step(last)));
        let early = costs.iter().find(|(n, _)| *n == 100);
        row = row.goal(early.map(|(_, early)| goal::flatness(last / early)));
    }
    row
}

/// The median of the steps up to `n`, in milliseconds.
fn cost_at(n: usize, every: usize, gaps: &[Duration]) -> Option<f64> {
    let last = n / every;
    let window = gaps.get(last.saturating_sub(WINDOW / every).min(last - 1)..last)?;
    let median = Latency::of(window.to_vec())?.p50_ms;
    Some(median / every as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_at_n_is_that_of_the_steps_up_to_n() {
        let gaps: Vec<Duration> = (1..=1_000).map(Duration::from_millis).collect();
        assert_eq!(cost_at(1, 1, &gaps), Some(1.0));
        assert_eq!(cost_at(10, 1, &gaps), Some(5.0));
        assert_eq!(cost_at(1_000, 1, &gaps), Some(950.0));
        assert_eq!(cost_at(100, 100, &gaps[..3]), Some(0.01));
        assert_eq!(cost_at(300, 100, &gaps[..3]), Some(0.03));
        assert_eq!(cost_at(400, 100, &gaps[..3]), None);
    }

    #[test]
    fn a_step_counts_from_its_first_request() {
        let began = Instant::now();
        let asked = |step, ms| Asked { step, at: began + Duration::from_millis(ms) };
        let took = |asked: &[Asked], every| {
            gaps(asked, began, began + Duration::from_millis(9), every)
                .map(|gaps| gaps.iter().map(Duration::as_millis).collect::<Vec<_>>())
        };
        assert_eq!(took(&[asked(0, 1), asked(0, 2), asked(1, 4), asked(0, 5)], 1).unwrap(), [3, 5]);
        assert_eq!(took(&[asked(0, 1), asked(100, 7)], 100).unwrap(), [6]);
        assert!(took(&[], 1).is_err());
    }
}
