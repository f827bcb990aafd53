//! One, two and three servers over one PostgreSQL, which is started for this alone: how many runs, and
//! what of the database each takes. All of them share the machine, so more servers mean more safety, not
//! more processors.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::runs;
use crate::bench::Bench;
use crate::bench::closed_loop::ClosedLoop;
use crate::bench::loopback::Loopback;
use crate::bench::report::Row;
use crate::bench::server::{Server, Start, Stats};
use crate::postgres::Database;

const NAME: &str = "nodes";
const NODES: [usize; 3] = [1, 2, 3];
const CLIENTS: usize = 64;
/// Which of the kinds of runs are measured.
const KINDS: [&str; 3] = ["no-op", "3 steps inside", "3 steps http"];

/// Each case on a database of its own.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let postgres = crate::postgres::Server::start().context("start PostgreSQL")?;
    for kind in runs::KINDS.iter().filter(|kind| KINDS.contains(&kind.name)) {
        for nodes in NODES {
            let case = format!("{}, {CLIENTS} at a time, {nodes} nodes", kind.name);
            if bench.options.wants(&case) {
                bench.say(&format!("  {case}"));
                let database = Database::create_on(&postgres.url())?;
                let measured = measure(bench, kind, nodes, &database).await;
                rows.push(measured.with_context(|| case.clone())?.named(case));
            }
        }
    }
    Ok(rows)
}

/// Servers that share a database, with the tasks published.
pub(super) async fn servers(bench: &Bench<'_>, nodes: usize, database: &Database) -> Result<Vec<Server>> {
    let address = format!("--database={}?sslmode=disable", database.url());
    let name = database.url().rsplit('/').next().unwrap_or_default();
    let mut servers = Vec::new();
    for node in 0..nodes {
        let folder = format!("{name}-{node}");
        servers.push(bench.start(&Start { folder: &folder, is_warm: true, arguments: &[&address] }).await?);
    }
    servers.first().context("there is no server")?.publish().await?;
    Ok(servers)
}

async fn measure(bench: &Bench<'_>, kind: &runs::Kind, nodes: usize, database: &Database) -> Result<Row> {
    let loopback = Loopback::start().await?;
    let servers = servers(bench, nodes, database).await?;
    let input = json!({ "steps": kind.steps, "url": loopback.url() });
    let before = stats_of(&servers).await?;
    let closed_loop = ClosedLoop {
        requests: servers.iter().map(|server| server.run_request(&kind.task, &input)).collect(),
        clients: CLIENTS,
        warm_up: runs::WARM_UP,
        measured: Duration::from_secs(bench.options.seconds.unwrap_or(bench.size(6, 1))),
    };
    let (latency, cost) = closed_loop.run(&servers).await?;
    let after = stats_of(&servers).await?;
    loopback.take_asked();
    for server in servers {
        server.stop_and_remove().await?;
    }
    let grown = |path| -> Result<f64> {
        let all: Result<u64> =
            after.iter().zip(&before).map(|(after, before)| after.since(before, path)).sum();
        Ok(all? as f64)
    };
    let runs = grown("/engine/runs_ended")?.max(1.0);
    let row = Row { latency, cost: Some(cost), ..Row::new(NAME, "") };
    Ok(row
        .figure("statements", grown("/store/statements")? / runs, "a run")
        .figure("round trips", grown("/store/round_trips")? / runs, "a run")
        .figure("commits", grown("/store/commits")? / runs, "a run"))
}

async fn stats_of(servers: &[Server]) -> Result<Vec<Stats>> {
    let mut stats = Vec::with_capacity(servers.len());
    for server in servers {
        stats.push(server.stats().await?);
    }
    Ok(stats)
}
