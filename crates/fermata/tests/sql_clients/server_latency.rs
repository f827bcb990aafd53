//! How long a run waits for its start. Measured, not asserted: machines differ.

use std::time::{Duration, Instant};

use crate::site::Site;

const RUNS: usize = 50;
/// Between two runs, so that each finds the server at rest.
const REST: Duration = Duration::from_millis(40);

#[test]
fn inserted_runs_start_soon_after_their_commit() {
    let site = Site::new();
    let mut waits: Vec<i64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            let id = site.insert("'hello'", "'{\"n\":1}'");
            let run = site.ended(&id);
            while began.elapsed() < REST {
                std::thread::yield_now();
            }
            // From the insert, so the commit is part of it.
            run.started_at.unwrap() - run.created_at
        })
        .collect();
    waits.sort_unstable();
    println!(
        "insert to start of {RUNS} runs: p50 {} ms, max {} ms, all {waits:?}",
        waits[RUNS / 2],
        waits[RUNS - 1]
    );
}
