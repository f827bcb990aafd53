//! Many runs asleep at the same time until the same moment: what each takes of disk and memory, and
//! how late they wake.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::queue::until_ended;
use crate::bench::Bench;
use crate::bench::closed_loop::send_all;
use crate::bench::connection::Answer;
use crate::bench::goal;
use crate::bench::latency::Latency;
use crate::bench::report::{Cost, Row};
use crate::bench::server::Server;
use crate::bench::task::SLEEPER;
use crate::bench::usage::Memory;

const NAME: &str = "parked";
const RUNS: usize = 100_000;
const RUNS_QUICK: usize = 5_000;
const CLIENTS: usize = 32;
/// Runs that are put down each second at the least; the moment of waking leaves room for that.
const PARKED_PER_SECOND_MIN: u64 = 1_000;
/// Time to look at the sleeping server, after the last run has come.
const MARGIN: Duration = Duration::from_secs(20);
/// How long the sleeping server is looked at.
const QUIET: Duration = Duration::from_secs(5);
/// Most runs whose results are read; more would tell the same.
const RESULTS_MAX: usize = 20_000;
/// Runs before those that count.
const EARLY: usize = 200;
const POLL: Duration = Duration::from_millis(50);

/// What the server holds at some moment.
struct Holding {
    memory: Memory,
    database_bytes: u64,
    log_bytes: u64,
}

impl Holding {
    fn of(server: &Server) -> Result<Self> {
        let log_bytes = server.disk_bytes("fermata.db-wal")?;
        let database_bytes = server.disk_bytes("")? - log_bytes;
        Ok(Self { memory: server.memory()?, database_bytes, log_bytes })
    }
}

/// On a server of its own.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let runs = bench.size(RUNS, RUNS_QUICK);
    let server = bench.server("parked", &[]).await?;
    // Once through everything, so that what is only ever taken once is not counted.
    let early = starter(&server, now_ms()? + 6_000);
    send_all(&server, CLIENTS, EARLY, early, |answer| answer.must_be_good()).await?;
    until_ended(&server, EARLY as u64).await?;
    let ended_before = server.stats().await?.get("/engine/runs_ended")?;

    let start = Holding::of(&server)?;
    let patience = Duration::from_secs(runs as u64 / PARKED_PER_SECOND_MIN) + MARGIN;
    let due = now_ms()? + i64::try_from(patience.as_millis())?;
    // The first half fills what is filled once (caches, free lists); the second shows what a run takes.
    let (mut ids, _) = park(&server, runs / 2, due).await?;
    let half = Holding::of(&server)?;
    let (more, parking) = park(&server, runs - runs / 2, due).await?;
    ids.extend(more);
    bench.say("  all asleep");
    let all = Holding::of(&server)?;
    let quiet = look_at_quiet(&server).await?;
    ensure!(now_ms()? < due, "the runs were not all asleep before they had to wake");
    tokio::time::sleep(Duration::from_millis(u64::try_from(due - now_ms()?).unwrap_or(0))).await;
    let at_due = server.usage()?;
    until_ended(&server, ended_before + runs as u64).await?;
    let waking = Cost::of(runs as u64, &at_due, &server.usage()?);
    let late = lateness(&server, ids).await?;
    server.stop_and_remove().await?;
    Ok(vec![asleep_row(runs, parking, quiet, [&start, &half, &all]), awake_row(runs, waking, late)])
}

fn starter(server: &Server, due: i64) -> impl Fn(usize) -> Vec<u8> + Send + Sync + 'static {
    let request = server.start_request(&SLEEPER, &json!({ "due": due }));
    move |_| request.clone()
}

/// Starts the runs and waits until none of them is in memory.
async fn park(server: &Server, runs: usize, due: i64) -> Result<(Vec<String>, Cost)> {
    let before = server.usage()?;
    let read = |answer: &Answer<'_>| answer.must_be_good().and_then(|()| answer.run_id().map(str::to_owned));
    let ids = send_all(server, CLIENTS, runs, starter(server, due), read).await?;
    loop {
        let stats = server.stats().await?;
        if stats.get("/engine/active")? == 0 && stats.get("/engine/queued")? == 0 {
            return Ok((ids, Cost::of(runs as u64, &before, &server.usage()?)));
        }
        ensure!(now_ms()? < due, "the runs were not all asleep before they had to wake");
        tokio::time::sleep(POLL).await;
    }
}

/// What the server does while all runs sleep.
async fn look_at_quiet(server: &Server) -> Result<Cost> {
    let before = server.usage()?;
    tokio::time::sleep(QUIET).await;
    Ok(Cost::of(1, &before, &server.usage()?))
}

/// How late the runs woke, of so many of them that it tells the whole.
async fn lateness(server: &Server, ids: Vec<String>) -> Result<Vec<Duration>> {
    let every = ids.len().div_ceil(RESULTS_MAX);
    let chosen: Vec<String> = ids.into_iter().step_by(every).collect();
    let access = server.access.clone();
    let count = chosen.len();
    let request = move |number: usize| access.request("GET", &format!("/v1/runs/{}", chosen[number]), "");
    send_all(server, CLIENTS, count, request, |answer| {
        answer.must_be_completed()?;
        let run: Value = serde_json::from_slice(answer.body)?;
        let late = run["result"].as_u64().context("a run woke before its time")?;
        Ok(Duration::from_millis(late))
    })
    .await
}

fn asleep_row(runs: usize, parking: Cost, quiet: Cost, [start, half, all]: [&Holding; 3]) -> Row {
    let each = |after: u64, before: u64, runs: usize| after.saturating_sub(before) as f64 / runs as f64;
    let database = each(all.database_bytes, start.database_bytes, runs);
    let memory = each(all.memory.own_bytes, half.memory.own_bytes, runs - runs / 2);
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let row = Row {
        cost: Some(parking),
        ..Row::new(NAME, format!("{runs} put down; rate and costs of the last half"))
    };
    row.figure("database", database, "bytes a run")
        .figure("write-ahead log", mebibytes(all.log_bytes), "MiB in all")
        .figure("memory, last half", memory, "bytes a run")
        .figure("memory before any", mebibytes(start.memory.own_bytes), "MiB")
        .figure("memory with half", mebibytes(half.memory.own_bytes), "MiB")
        .figure("memory with all", mebibytes(all.memory.own_bytes), "MiB")
        .figure("mapped files", mebibytes(all.memory.file_bytes), "MiB")
        .figure("CPU while all sleep", quiet.server_cpu_us / quiet.seconds / 1e6 * 100.0, "% of one")
        .goal(Some(goal::parked_disk(database)))
        .goal(Some(goal::parked_memory(memory)))
}

fn awake_row(runs: usize, waking: Cost, late: Vec<Duration>) -> Row {
    let row = Row {
        latency: Latency::of(late),
        cost: Some(waking),
        ..Row::new(NAME, format!("{runs} wake at once"))
    };
    row.figure("from the moment to the end of the last", waking.seconds, "s")
}

fn now_ms() -> Result<i64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("read the clock")?;
    Ok(i64::try_from(since.as_millis())?)
}
