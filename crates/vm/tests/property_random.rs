//! What holds for the corpus holds for tasks made at random.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/support.rs"]
mod support;

use fermata_model::Limits;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use support::service::Service;
use support::{drive, grammar};

/// Tasks that are tried.
const CASES: u32 = 150;

#[test]
fn property_a_random_task_is_the_same_however_its_vm_came_about() {
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let tapes = (proptest::collection::vec(any::<u8>(), 20..600), any::<u64>());
    let run = TestRunner::new(config).run(&tapes, |(tape, seed)| {
        let source = grammar::task(&tape);
        let limits = Limits { slice_cpu_ms: 60_000, ..Limits::default() };
        let baseline = support::load("random.js", &source, limits);
        drive::check(&source, &baseline, Service { seed });
        Ok(())
    });
    run.unwrap();
}

/// The grammar has its worth only while its tasks do something.
#[test]
fn random_tasks_wait_and_end() {
    let (mut ended, mut deliveries) = (0, 0);
    for seed in 0..40_u64 {
        let tape: Vec<u8> = (0..300_u32)
            .map(|at| {
                blake3::hash(&[seed.to_le_bytes().as_slice(), &at.to_le_bytes()].concat()).as_bytes()[0]
            })
            .collect();
        let baseline = support::load("random.js", &grammar::task(&tape), Limits::default());
        let recording = drive::record(&baseline, Service { seed });
        deliveries += recording.deliveries();
        ended += u32::from(recording.is_ended());
    }
    assert!(ended > 25 && deliveries > 250, "{ended} of 40 ended, {deliveries} deliveries");
}
