//! The key property: a run does the same, and leaves the same bytes, however its VM came to be where
//! it is.

use std::sync::Arc;

use fermata_model::CallNumber;
use fermata_model::record::Outcome;
use fermata_model::seal::Key;
use fermata_vm::{Baseline, Clock, Identity, Slice, Snapshot, Vm};

use super::service::{Open, Service};
use super::{NO_INPUT, START, engine};

/// Deliveries after which a program is left where it is.
const DELIVERIES_MAX: u32 = 160;
/// Prefixes of a run that are rebuilt from the start.
const REBUILDS_MAX: usize = 40;

/// One recorded delivery.
#[derive(Debug, Clone)]
struct Delivery {
    clock: Clock,
    call: CallNumber,
    outcome: Outcome,
}

/// What can be seen of a slice, and the hash of the heap it left if the run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) seen: String,
    pub(crate) heap: Option<[u8; 32]>,
}

impl Step {
    fn of(slice: &Slice, vm: &Vm) -> Self {
        let calls = slice.calls.iter();
        let calls: Vec<_> = calls.map(|c| (c.number, &c.service, &c.method, c.args.get())).collect();
        let logs = slice.logs.iter();
        let logs: Vec<_> =
            logs.map(|l| (l.level, &l.message, l.data.as_ref().map(|data| data.get()))).collect();
        let (dropped, end, bytes) = (&slice.dropped, &slice.end, slice.memory_bytes);
        let seen =
            format!("calls {calls:?}\ndropped {dropped:?}\nlogs {logs:?}\nend {end:?}\nmemory {bytes}");
        Self { seen, heap: (!vm.is_over()).then(|| vm.checkpoint().heap_hash()) }
    }
}

/// A run from its start until it ended, or had many deliveries.
#[derive(Debug)]
pub(crate) struct Recording {
    first: Step,
    steps: Vec<(Delivery, Step)>,
}

impl Recording {
    /// Whether the task came to its own end.
    pub(crate) fn is_ended(&self) -> bool {
        self.last().heap.is_none()
    }

    /// How many outcomes were handed in.
    pub(crate) fn deliveries(&self) -> usize {
        self.steps.len()
    }

    /// What was seen last.
    pub(crate) fn last(&self) -> &Step {
        self.steps.last().map_or(&self.first, |(_, step)| step)
    }
}

fn identity(service: Service) -> Identity {
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&service.seed.to_le_bytes());
    Identity { seed, ..Identity::default() }
}

fn begin(baseline: &Arc<Baseline>, service: Service) -> (Vm, Slice) {
    Vm::start(baseline, identity(service), START, NO_INPUT).unwrap()
}

/// Runs the program straight through, then in every other way, and compares.
pub(crate) fn check(name: &str, baseline: &Arc<Baseline>, service: Service) -> Recording {
    let recording = record(baseline, service);
    put_down_everywhere(name, baseline, service, &recording);
    rebuild_every_prefix(name, baseline, service, &recording);
    recording
}

/// Straight through.
pub(crate) fn record(baseline: &Arc<Baseline>, service: Service) -> Recording {
    let (mut vm, slice) = begin(baseline, service);
    let first = Step::of(&slice, &vm);
    let (mut steps, mut open) = (Vec::new(), Open::default());
    open.note(&slice.calls, &slice.dropped);
    let mut now = START;
    for delivery in 1..=DELIVERIES_MAX {
        if vm.is_over() {
            break;
        }
        now += service.pause(delivery);
        let request = open.next(service, delivery);
        let outcome = service.outcome(&request);
        let clock = Clock { delivery, now };
        let slice = vm.deliver(clock, request.number, &outcome);
        open.note(&slice.calls, &slice.dropped);
        steps.push((Delivery { clock, call: request.number, outcome }, Step::of(&slice, &vm)));
    }
    vm.retire();
    Recording { first, steps }
}

/// After every slice the VM is written down, sealed, opened, and picked up in another instance.
fn put_down_everywhere(name: &str, baseline: &Arc<Baseline>, service: Service, recording: &Recording) {
    let (mut vm, slice) = begin(baseline, service);
    assert_step(name, "started again", 0, &Step::of(&slice, &vm), &recording.first);
    for (at, (delivery, expected)) in recording.steps.iter().enumerate() {
        // Every other instance is brand new rather than one that served before.
        if at.is_multiple_of(2) {
            baseline.cool();
        }
        vm = put_down_and_pick_up(vm, baseline, service, delivery.clock.delivery);
        let slice = vm.deliver(delivery.clock, delivery.call, &delivery.outcome);
        assert_step(name, "picked up", delivery.clock.delivery, &Step::of(&slice, &vm), expected);
    }
    vm.retire();
}

fn put_down_and_pick_up(vm: Vm, baseline: &Arc<Baseline>, service: Service, delivery: u32) -> Vm {
    let before = vm.checkpoint();
    let (key, place, build) = (Key::new([3; 32]), delivery.to_le_bytes(), engine().hash());
    let sealed = before.seal(&key, [9; 24], &place, build);
    vm.retire();
    let snapshot = Snapshot::open(&key, &place, build, &sealed).unwrap();
    assert!(snapshot == before, "sealing and opening keep every byte");
    let vm = Vm::restore(baseline, identity(service), &snapshot).unwrap();
    assert_eq!(vm.checkpoint().heap_hash(), before.heap_hash(), "what was picked up is what was put down");
    vm
}

/// The run is made anew by feeding its first deliveries, for every number of them, and then feeding
/// the rest into what the straight run had become by then.
fn rebuild_every_prefix(name: &str, baseline: &Arc<Baseline>, service: Service, recording: &Recording) {
    let stride = recording.steps.len().div_ceil(REBUILDS_MAX).max(1);
    for length in (0..=recording.steps.len()).step_by(stride) {
        let (mut vm, slice) = begin(baseline, service);
        let mut step = Step::of(&slice, &vm);
        let mut expected = &recording.first;
        for (at, (delivery, straight)) in recording.steps[..length].iter().enumerate() {
            let slice = vm.deliver(delivery.clock, delivery.call, &delivery.outcome);
            expected = straight;
            if at + 1 == length {
                step = Step::of(&slice, &vm);
            }
        }
        assert_step(name, "rebuilt", u32::try_from(length).unwrap(), &step, expected);
        vm.retire();
    }
}

fn assert_step(name: &str, way: &str, delivery: u32, step: &Step, expected: &Step) {
    assert_eq!(step.seen, expected.seen, "{name}: {way}, after delivery {delivery}");
    assert!(step.heap == expected.heap, "{name}: {way}, after delivery {delivery}: the heap differs");
}
