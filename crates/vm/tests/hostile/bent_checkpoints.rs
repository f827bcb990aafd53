//! Checkpoints that were changed, moved or made up.

use std::sync::Arc;

use fermata_model::record::Outcome;
use fermata_model::seal::Key;
use fermata_model::{Limits, json};
use fermata_vm::{BadCheckpoint, Baseline, Clock, EngineHash, Snapshot, Vm};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{START, assert_engine_is_well, engine, identity, load, returned, start, task};
use crate::tight;

const PLACE: &[u8] = b"run 1, delivery 3";
/// Made-up states that are tried.
const CASES: u32 = 160;

fn key() -> Key {
    Key::new([5; 32])
}

/// A run that waits, and what its state is bound to.
struct Parked {
    baseline: Arc<Baseline>,
    snapshot: Snapshot,
    sealed: Vec<u8>,
}

impl Parked {
    fn new() -> Self {
        let body = "const seen = new Map(); for (let i = 0; i < 4; i++) seen.set(i, await tools.echo.x(i)); return [...seen]";
        let baseline = load("task.js", &task(body), Limits { slice_cpu_ms: 50, ..tight() });
        let (mut vm, _) = start(&baseline);
        vm.deliver(Clock { delivery: 1, now: START }, 1, &Outcome::Ok(json::null()));
        let snapshot = vm.checkpoint();
        let sealed = snapshot.seal(&key(), [1; 24], PLACE, engine().hash());
        Self { baseline, snapshot, sealed }
    }

    /// The state's bytes as they are before they are compressed and sealed.
    fn plain(&self) -> Vec<u8> {
        let compressed = key().open(&bound_place(), &self.sealed).unwrap();
        zstd::bulk::decompress(&compressed, 64 << 20).unwrap()
    }

    /// Goes on from a state as long as it can be driven. What it does is its own affair.
    fn drive(&self, snapshot: &Snapshot) -> Result<(), BadCheckpoint> {
        let mut vm = Vm::restore(&self.baseline, identity(), snapshot)?;
        for number in 2..8 {
            drop(vm.checkpoint());
            vm.deliver(Clock { delivery: number, now: START }, number, &Outcome::Ok(json::null()));
            if vm.is_over() {
                break;
            }
        }
        vm.retire();
        Ok(())
    }

    fn assert_well(&self) {
        let mut vm = Vm::restore(&self.baseline, identity(), &self.snapshot).unwrap();
        assert_eq!(vm.checkpoint(), self.snapshot);
        for number in 2..5 {
            let slice =
                vm.deliver(Clock { delivery: number, now: START }, number, &Outcome::Ok(json::null()));
            if number == 4 {
                assert_eq!(returned(&slice), "[[0,null],[1,null],[2,null],[3,null]]");
            }
        }
        vm.retire();
    }
}

fn bound_place() -> Vec<u8> {
    [b"fermata checkpoint 1\0", PLACE, &engine().hash().0].concat()
}

/// Seals made-up bytes with the right key for the right place.
fn forge(bytes: &[u8]) -> Vec<u8> {
    key().seal([2; 24], &bound_place(), &zstd::bulk::compress(bytes, 1).unwrap())
}

fn open(sealed: &[u8]) -> Result<Snapshot, BadCheckpoint> {
    Snapshot::open(&key(), PLACE, engine().hash(), sealed)
}

#[test]
fn whatever_was_changed_or_moved_does_not_open() {
    let parked = Parked::new();
    let broken = |opened: Result<Snapshot, BadCheckpoint>| {
        let error = opened.map(drop).unwrap_err();
        assert!(matches!(error, BadCheckpoint::Broken), "{error:?}");
    };
    let bits = parked.sealed.len() * 8;
    for bit in (0..bits).step_by(bits / 97).chain([0, 24 * 8, bits - 1]) {
        let mut bent = parked.sealed.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        broken(open(&bent));
    }
    for length in [0, 1, 23, 24, 39, 40, parked.sealed.len() / 2, parked.sealed.len() - 1] {
        broken(open(&parked.sealed[..length]));
    }
    broken(open(&[parked.sealed.as_slice(), &[0]].concat()));
    broken(Snapshot::open(&key(), b"run 2, delivery 3", engine().hash(), &parked.sealed));
    broken(Snapshot::open(&Key::new([6; 32]), PLACE, engine().hash(), &parked.sealed));
    broken(Snapshot::open(&key().derive("x"), PLACE, engine().hash(), &parked.sealed));
    broken(Snapshot::open(&key(), PLACE, EngineHash([0; 32]), &parked.sealed));
    assert_eq!(open(&parked.sealed).unwrap(), parked.snapshot);
    parked.assert_well();
}

#[test]
fn a_state_fits_its_own_baseline_only() {
    let parked = Parked::new();
    let unfit = |baseline: &Arc<Baseline>| {
        let error = Vm::restore(baseline, identity(), &parked.snapshot).map(drop).unwrap_err();
        assert_eq!(error.to_string(), "the checkpoint does not fit: it belongs to another baseline");
    };
    unfit(&load("task.js", &task("return await tools.echo.x()"), tight()));
    unfit(&load("other.js", &task("return 1"), tight()));
    let memory = Limits { memory_bytes: 17 << 20, slice_cpu_ms: 50, ..tight() };
    let body = "const seen = new Map(); for (let i = 0; i < 4; i++) seen.set(i, await tools.echo.x(i)); return [...seen]";
    unfit(&load("task.js", &task(body), memory));
    parked.assert_well();
}

/// Programs that every run loads anew share the engine's bare memory as their baseline.
#[test]
fn a_state_of_another_program_that_is_loaded_per_run_does_not_fit() {
    let load = |word: &str| {
        let source = format!(
            "const at = Math.random();\n{}",
            task(&format!("await tools.echo.x(at); return '{word}'"))
        );
        let baseline = load("task.js", &source, tight());
        assert!(baseline.is_loaded_per_run());
        baseline
    };
    let (one, two) = (load("one"), load("two"));
    let snapshot = start(&one).0.checkpoint();
    assert!(Vm::restore(&two, identity(), &snapshot).is_err());
    assert!(Vm::restore(&load("one"), identity(), &snapshot).is_ok(), "the same program loaded again");
}

#[test]
fn a_made_up_header_is_refused_or_harmless() {
    let parked = Parked::new();
    let plain = parked.plain();
    for at in (0..4).chain(36..56) {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bent = plain.clone();
            bent[at] = byte;
            // A forged count may ask for any size; all that counts is that an answer comes.
            let _ = open(&forge(&bent)).and_then(|snapshot| parked.drive(&snapshot));
        }
    }
    for length in (0..plain.len()).step_by(61) {
        let opened = open(&forge(&plain[..length])).unwrap();
        assert!(matches!(parked.drive(&opened), Err(BadCheckpoint::Unfit(_))), "cut to {length}");
    }
    parked.assert_well();
    assert_engine_is_well();
}

#[test]
fn property_random_bytes_never_open() {
    let mut runner = TestRunner::default();
    let bytes = proptest::collection::vec(any::<u8>(), 0..300);
    runner
        .run(&bytes, |bytes| {
            prop_assert!(matches!(open(&bytes), Err(BadCheckpoint::Broken)));
            let sealed = key().seal([3; 24], &bound_place(), &bytes);
            // Sealed as it must be, but no compressed state.
            if let Ok(snapshot) = open(&sealed) {
                prop_assert!(Vm::restore(&Parked::new().baseline, identity(), &snapshot).is_err());
            }
            Ok(())
        })
        .unwrap();
}

/// What opens and fits is a heap: even a spoilt one can hurt nothing but its own run.
#[test]
fn property_a_spoilt_heap_hurts_only_its_run() {
    let parked = Parked::new();
    let plain = parked.plain();
    let header = 56;
    let spoil = proptest::collection::vec((header..plain.len(), any::<u8>()), 1..400);
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&spoil, |changes| {
            let mut bent = plain.clone();
            changes.into_iter().for_each(|(at, byte)| bent[at] ^= byte);
            let _ = open(&forge(&bent)).and_then(|snapshot| parked.drive(&snapshot));
            Ok(())
        })
        .unwrap();
    parked.assert_well();
    assert_engine_is_well();
}
