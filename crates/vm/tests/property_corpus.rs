//! Every program of the corpus does the same whether its VM stays in memory, is put down after every
//! delivery, or is rebuilt from the ledger; and its heap is the same to the byte.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/support.rs"]
mod support;

use std::path::PathBuf;
use std::{fs, thread};

use fermata_model::Limits;
use support::drive;
use support::service::Service;

/// Seeds that every program runs with; each has other outcomes in another order.
const SEEDS: u64 = 6;
/// Programs there must be at least, so that none gets lost unseen.
const PROGRAMS_MIN: usize = 40;

struct Program {
    name: String,
    source: String,
}

#[test]
fn property_a_run_is_the_same_however_its_vm_came_about() {
    let programs = corpus();
    assert!(programs.len() >= PROGRAMS_MIN, "{} programs", programs.len());
    let (left, right) = programs.split_at(programs.len() / 2);
    thread::scope(|scope| {
        let halves = [left, right].map(|half| scope.spawn(|| half.iter().for_each(check_program)));
        halves.into_iter().for_each(|half| half.join().unwrap());
    });
}

fn check_program(program: &Program) {
    let Program { name, source } = program;
    assert!(source.starts_with("// "), "{name} says what it exercises");
    let baseline = support::load(name, source, Limits::default());
    for seed in 1..=SEEDS {
        let recording = drive::check(&format!("{name}, seed {seed}"), &baseline, Service { seed });
        assert!(recording.is_ended(), "{name}, seed {seed}: {}", recording.last().seen);
        let seen = &recording.last().seen;
        assert!(!seen.contains("end Threw") || source.contains("may throw"), "{name}, seed {seed}: {seen}");
    }
}

fn corpus() -> Vec<Program> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| Program {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        source: fs::read_to_string(path).unwrap(),
    };
    paths.into_iter().map(read).collect()
}
