//! A run that makes a thousand requests in waves: what one call costs when many are on their way.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::bench::Bench;
use crate::bench::latency::Latency;
use crate::bench::loopback::Loopback;
use crate::bench::report::{Cost, Row};
use crate::bench::task::WAVES;

const NAME: &str = "calls";
const CALLS: u64 = 1_000;
const WIDTH: u64 = 50;
const TIMES: u64 = 20;
const TIMES_QUICK: u64 = 5;

/// One run after the other.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let (server, loopback) = (bench.server("calls", &[]).await?, Loopback::start().await?);
    let request =
        server.run_request(&WAVES, &json!({ "calls": CALLS, "width": WIDTH, "url": loopback.url() }));
    let mut connection = server.access.connect().await?;
    connection.send(&request).await?.must_be_completed()?;
    loopback.take_asked();
    let times = bench.size(TIMES, TIMES_QUICK);
    let before = server.usage()?;
    let took = connection.complete(&request, times).await?;
    let cost = Cost::of(times * CALLS, &before, &server.usage()?);
    let asked = u64::try_from(loopback.take_asked().len())?;
    ensure!(asked == times * CALLS, "the peer saw {asked} requests of {} calls", times * CALLS);
    server.stop_and_remove().await?;
    let case = format!("{CALLS} requests in waves of {WIDTH}; rate and costs by call");
    Ok(vec![Row { latency: Latency::of(took), cost: Some(cost), ..Row::new(NAME, case) }])
}
