//! From the start of the process to its first answers, with and without compiled code.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::bench::Bench;
use crate::bench::latency::Latency;
use crate::bench::report::Row;
use crate::bench::server::{Server, Start};
use crate::bench::task::NO_OP;

const NAME: &str = "cold";
const TIMES: usize = 10;
const TIMES_QUICK: usize = 3;

/// Once on an empty folder, then again and again on the same one.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let first = Start { folder: "cold", is_warm: false, arguments: &[] };
    let server = bench.start(&first).await?;
    let cold = server.ready_after;
    server.publish().await?;
    let of_new = first_run(&server).await?;
    server.stop().await?;

    let (mut ready, mut first_runs) = (Vec::new(), Vec::new());
    for _ in 0..bench.size(TIMES, TIMES_QUICK) {
        let server = bench.start(&first).await?;
        ready.push(server.ready_after);
        first_runs.push(first_run(&server).await?);
        server.stop().await?;
    }
    let row = |case, took| Row { latency: Latency::of(took), ..Row::new(NAME, case) };
    Ok(vec![
        row("start on an empty folder", vec![cold]),
        row("first run there", vec![of_new]),
        row("start with compiled code", ready),
        row("first run there, task published before", first_runs),
    ])
}

async fn first_run(server: &Server) -> Result<Duration> {
    let request = server.run_request(&NO_OP, &json!({}));
    let began = Instant::now();
    server.access.connect().await?.send(&request).await?.must_be_completed()?;
    Ok(began.elapsed())
}
