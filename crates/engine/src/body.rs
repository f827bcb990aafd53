//! What an executor thread knows about a run while the run is in memory.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fermata_model::record::{Call, Checkpoint, Outcome, Run, SentEvent};
use fermata_model::{CallNumber, DeliveryNumber, Millis};
use fermata_store::Letter;
use fermata_vm::{Baseline, Vm};

use crate::inner::Resident;
use crate::programs::Program;

/// A run's state in memory, ahead of the disk.
pub(crate) struct Body {
    pub(crate) run: Run,
    pub(crate) program: Arc<Program>,
    pub(crate) vm: Option<Vm>,
    /// Counts the VM while it is in memory.
    pub(crate) resident: Option<Resident>,
    pub(crate) baseline: Option<Arc<Baseline>>,
    /// Calls whose outcome has not been handed to the guest.
    pub(crate) open: BTreeMap<CallNumber, Call>,
    /// Outcomes that wait to be handed to the guest, in order.
    pub(crate) outcomes: VecDeque<(CallNumber, Outcome)>,
    /// Events that were sent and not asked for.
    pub(crate) kept_events: VecDeque<SentEvent>,
    /// Number of the last event sent.
    pub(crate) events_sent: u32,
    /// The ledger does not have the run yet.
    pub(crate) unwritten: bool,
    /// The run's row was submitted by whoever accepted it and may not be on disk yet.
    pub(crate) is_new: bool,
    /// The newest checkpoint, while it may not be on disk yet and the VM is gone.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// There is a checkpoint in the ledger or on its way.
    pub(crate) has_checkpoint: bool,
    pub(crate) tail: Tail,
    /// Clock of the newest slice; the next one shows no less.
    pub(crate) clock: Millis,
    /// The call that started it does not wait any more.
    pub(crate) is_orphan: bool,
    /// It was given up to whoever takes it: what is here may be old by the time it is wanted again.
    pub(crate) released: bool,
    /// It came from the ledger without having begun: nobody has looked at its input.
    pub(crate) is_unchecked: bool,
    /// Letters of other nodes that came with the run from the ledger.
    pub(crate) letters: Vec<Letter>,
    /// The ledger could not be asked what other nodes have written: to be tried again.
    pub(crate) must_look: bool,
    /// Letters of other nodes that were dealt with, while their answers may not be on disk.
    pub(crate) letters_done: HashSet<[u8; 16]>,
    /// What came from the ledger was looked at.
    pub(crate) is_resumed: bool,
    /// Rises with each turn, to tell whether anything happened since.
    pub(crate) turn: u64,
}

/// What it would cost to make the VM's state anew from the newest checkpoint.
#[derive(Default)]
pub(crate) struct Tail {
    pub(crate) deliveries: DeliveryNumber,
    pub(crate) cpu: Duration,
    /// What the last checkpoint cost.
    pub(crate) checkpoint_cost: Duration,
}

/// Deliveries after which a checkpoint is due.
const TAIL_DELIVERIES_MAX: DeliveryNumber = 32;
/// Guest CPU time after which a checkpoint is due.
const TAIL_CPU_MAX: Duration = Duration::from_millis(50);
/// A checkpoint waits until the work it would save is worth this many times its own cost.
const CHECKPOINT_WORTH: u32 = 4;

impl Tail {
    /// Whether a checkpoint now costs less than what it saves.
    pub(crate) fn is_long(&self) -> bool {
        let long = self.deliveries >= TAIL_DELIVERIES_MAX || self.cpu >= TAIL_CPU_MAX;
        long && self.cpu >= self.checkpoint_cost * CHECKPOINT_WORTH
    }

    /// Begins anew after a checkpoint that cost this much.
    pub(crate) fn reset(&mut self, checkpoint_cost: Duration) {
        *self = Self { checkpoint_cost, ..Self::default() };
    }
}

impl Body {
    /// A run that was just accepted.
    pub(crate) fn new(run: Run, program: Arc<Program>, unwritten: bool) -> Self {
        Self {
            run,
            program,
            vm: None,
            resident: None,
            baseline: None,
            open: BTreeMap::new(),
            outcomes: VecDeque::new(),
            kept_events: VecDeque::new(),
            events_sent: 0,
            unwritten,
            is_new: false,
            checkpoint: None,
            has_checkpoint: false,
            tail: Tail::default(),
            clock: 0,
            is_orphan: false,
            released: false,
            is_unchecked: false,
            letters: Vec::new(),
            must_look: false,
            letters_done: HashSet::new(),
            is_resumed: false,
            turn: 0,
        }
    }

    /// Whether the run has ended, so that only the disk is waited for.
    pub(crate) fn is_ended(&self) -> bool {
        self.run.state.status.is_ended()
    }

    /// The next number of the run's event stream.
    pub(crate) fn next_seq(&mut self) -> u32 {
        self.run.state.seq += 1;
        self.run.state.seq
    }

    /// The clock of a slice that begins now.
    pub(crate) fn tick(&mut self, now: Millis) -> Millis {
        self.clock = self.clock.max(now);
        self.clock
    }
}
