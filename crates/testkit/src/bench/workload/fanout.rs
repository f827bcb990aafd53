//! A run that starts a thousand runs and waits for all of them.

use anyhow::Result;
use serde_json::json;

use crate::bench::Bench;
use crate::bench::latency::Latency;
use crate::bench::report::{Cost, Row};
use crate::bench::task::PARENT;

const NAME: &str = "fanout";
const CHILDREN: u64 = 1_000;
const TIMES: u64 = 20;
const TIMES_QUICK: u64 = 5;

/// One parent after the other.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let server = bench.server("fanout", &[]).await?;
    let request = server.run_request(&PARENT, &json!({ "children": CHILDREN }));
    let mut connection = server.access.connect().await?;
    connection.send(&request).await?.must_be_completed()?;
    let times = bench.size(TIMES, TIMES_QUICK);
    let before = server.usage()?;
    let took = connection.complete(&request, times).await?;
    let cost = Cost::of(times * CHILDREN, &before, &server.usage()?);
    server.stop_and_remove().await?;
    let case = format!("a parent of {CHILDREN}; rate and costs by child");
    Ok(vec![Row { latency: Latency::of(took), cost: Some(cost), ..Row::new(NAME, case) }])
}
