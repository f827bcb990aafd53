//! Many runs accepted without waiting for any, until all have ended; and single ones on an idle server.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::bench::Bench;
use crate::bench::closed_loop::send_all;
use crate::bench::goal;
use crate::bench::latency::Latency;
use crate::bench::report::{Cost, Row};
use crate::bench::server::Server;
use crate::bench::task::NO_OP;

const NAME: &str = "queue";
const JOBS: usize = 200_000;
const JOBS_QUICK: usize = 20_000;
const CLIENTS: usize = 64;
const SINGLES: u64 = 1_000;
/// Singles that do not count.
const FIRST_SINGLES: u64 = 50;
/// How often the server is asked whether all have ended.
const POLL: Duration = Duration::from_millis(20);

/// Singles first, while the server is idle.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let server = bench.server("queue", &[]).await?;
    let mut rows = Vec::new();
    if bench.options.wants("singles") {
        bench.say("  singles");
        rows.push(singles(&server).await?);
    }
    if bench.options.wants("crowd") {
        bench.say("  crowd");
        rows.push(crowd(&server, bench.size(JOBS, JOBS_QUICK)).await?);
    }
    server.stop_and_remove().await?;
    Ok(rows)
}

async fn singles(server: &Server) -> Result<Row> {
    let request = server.run_request(&NO_OP, &json!({}));
    let mut connection = server.access.connect().await?;
    connection.complete(&request, FIRST_SINGLES).await?;
    let before = server.usage()?;
    let took = connection.complete(&request, SINGLES).await?;
    let cost = Cost::of(SINGLES, &before, &server.usage()?);
    let latency = Latency::of(took);
    let row = Row { latency, cost: Some(cost), ..Row::new(NAME, "singles, one after the other") };
    Ok(row.goal(latency.map(|latency| goal::pick_up(latency.p50_ms))))
}

async fn crowd(server: &Server, jobs: usize) -> Result<Row> {
    let ended_before = server.stats().await?.get("/engine/runs_ended")?;
    let before = server.usage()?;
    let request = server.start_request(&NO_OP, &json!({}));
    let accepted = send_all(server, CLIENTS, jobs, move |_| request.clone(), |answer| answer.must_be_good());
    accepted.await?;
    let enqueued = server.usage()?;
    until_ended(server, ended_before + jobs as u64).await?;
    let after = server.usage()?;
    let cost = Cost::of(jobs as u64, &before, &after);
    let accepting = Cost::of(jobs as u64, &before, &enqueued);
    let row = Row { cost: Some(cost), ..Row::new(NAME, format!("crowd of {jobs}, queued to finished")) };
    Ok(row
        .figure("accepted", accepting.per_second, "runs/s")
        .figure("left when all were accepted", (after.at - enqueued.at).as_secs_f64(), "s")
        .goal(Some(goal::jobs(cost.per_second))))
}

/// Waits until the server has ended that many runs since its start.
pub(super) async fn until_ended(server: &Server, runs: u64) -> Result<()> {
    let mut connection = server.access.connect().await?;
    let request = server.access.request("GET", "/v1/stats", "");
    loop {
        let stats = connection.ask(&request).await?;
        if stats["engine"]["runs_ended"].as_u64().is_some_and(|ended| ended >= runs) {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
}
