//! What a transaction that stays open does to a queue on PostgreSQL: while it lasts the database may not
//! clear away what it could still see, so a queue that leaves dead rows behind gets slower and slower.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use super::nodes::servers;
use crate::bench::Bench;
use crate::bench::closed_loop::send_all;
use crate::bench::goal;
use crate::bench::report::{Cost, Row};
use crate::bench::server::Server;
use crate::bench::task::NO_OP;
use crate::postgres::{Database, OpenTransaction};

const NAME: &str = "vacuum";
const JOBS: usize = 200_000;
const JOBS_QUICK: usize = 20_000;
const CLIENTS: usize = 64;
/// How often the server is asked how many have ended.
const LOOK: Duration = Duration::from_millis(20);

/// The same crowd twice, each on a database of its own.
pub(super) async fn run(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let jobs = bench.size(JOBS, JOBS_QUICK);
    let postgres = crate::postgres::Server::start().context("start PostgreSQL")?;
    let mut rows = Vec::new();
    for (case, is_held) in [("nobody else", false), ("a transaction open meanwhile", true)] {
        if !bench.options.wants(case) {
            continue;
        }
        bench.say(&format!("  {case}"));
        let database = Database::create_on(&postgres.url())?;
        let servers = servers(bench, 1, &database).await?;
        let held = is_held.then(|| database.hold_transaction()).transpose()?;
        let row = crowd(&servers[0], jobs).await.with_context(|| case.to_owned())?;
        held.map(OpenTransaction::end).transpose()?;
        rows.push(row.named(format!("{jobs} jobs, {case}")));
        for server in servers {
            server.stop_and_remove().await?;
        }
    }
    Ok(rows)
}

async fn crowd(server: &Server, jobs: usize) -> Result<Row> {
    let ended_before = server.stats().await?.get("/engine/runs_ended")?;
    let before = server.usage()?;
    let request = server.start_request(&NO_OP, &json!({}));
    let sending = send_all(server, CLIENTS, jobs, move |_| request.clone(), |answer| answer.must_be_good());
    let (sent, course) = tokio::join!(sending, course(server, ended_before, jobs as u64));
    sent?;
    let (course, after) = (course?, server.usage()?);
    let tenth = jobs as f64 / 10.0;
    let rate = |from: f64, to: f64| (to - from) / (moment(&course, to) - moment(&course, from));
    let (first, last) = (rate(0.0, tenth), rate(9.0 * tenth, jobs as f64));
    let row = Row { cost: Some(Cost::of(jobs as u64, &before, &after)), ..Row::new(NAME, "") };
    Ok(row
        .figure("first tenth", first, "runs/s")
        .figure("last tenth", last, "runs/s")
        .goal(Some(goal::last_tenth(last / first))))
}

/// How many runs had ended after how many seconds, until all have.
async fn course(server: &Server, before: u64, jobs: u64) -> Result<Vec<(f64, f64)>> {
    let mut connection = server.access.connect().await?;
    let request = server.access.request("GET", "/v1/stats", "");
    let began = Instant::now();
    let mut course = vec![(0.0, 0.0)];
    loop {
        let stats = connection.ask(&request).await?;
        let ended = stats["engine"]["runs_ended"].as_u64().unwrap_or(0).saturating_sub(before);
        course.push((began.elapsed().as_secs_f64(), ended as f64));
        if ended >= jobs {
            return Ok(course);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// After how many seconds that many had ended. Between two looks they end evenly.
fn moment(course: &[(f64, f64)], ended: f64) -> f64 {
    let at = course.iter().skip(1).position(|(_, count)| *count >= ended).unwrap_or(0);
    let ((from, less), (to, more)) = (course[at], course[at + 1]);
    if more > less { from + (to - from) * (ended - less) / (more - less) } else { from }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_lies_between_two_looks() {
        let course = [(0.0, 0.0), (1.0, 0.0), (3.0, 100.0), (4.0, 200.0)];
        assert_eq!(
            [0.0, 50.0, 100.0, 150.0, 200.0].map(|count| moment(&course, count)),
            [0.0, 2.0, 3.0, 3.5, 4.0]
        );
    }
}
