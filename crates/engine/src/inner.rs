//! The parts of an engine and how they reach each other.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fermata_connect::egress::Gate;
use fermata_model::{CallNumber, RunId, WorkspaceId};
use fermata_services::Registry;
use fermata_store::Store;
use fermata_vm as vm;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::api::Settings;
use crate::cell::{Cell, Mail, Posted};
use crate::clock::Clock;
use crate::engine::Ending;
use crate::keystore::Keystore;
use crate::letter::Answers;
use crate::neighbours::Bell;
use crate::outage::Outage;
use crate::policies::Policies;
use crate::programs::Programs;
use crate::rates::Rates;
use crate::ready::Ready;
use crate::timers::{Timer, Timers};
use crate::watch::Watchers;
use crate::world::World;

/// Shards of the map of runs in memory.
const SHARDS: usize = 32;
/// Most outward calls under way at the same time.
const OUTWARD_MAX: usize = 1_024;
/// VMs asked to leave when one more is wanted.
const ROOM: usize = 16;
/// How often to look whether outward calls that were given up have ended.
const ABORTED_WITHIN: std::time::Duration = std::time::Duration::from_millis(1);
/// Wait before a run whose turn could not be written is taken up again.
const ABANDONED_MS: i64 = 1_000;

/// Everything an engine consists of.
pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    /// What runs see as the time.
    pub(crate) clock: Arc<Clock>,
    pub(crate) vm: vm::Engine,
    pub(crate) programs: Programs,
    pub(crate) ready: Ready,
    pub(crate) timers: Timers,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) keystore: Arc<Keystore>,
    /// What tasks may call that lies outside.
    pub(crate) services: Registry,
    /// The way out.
    pub(crate) gate: Gate,
    /// What they may call,
    pub(crate) policies: Policies,
    /// and how often.
    pub(crate) rates: Rates,
    /// Whether the ledger is away.
    pub(crate) outage: Arc<Outage>,
    /// Nodes that share the work, this one included, as last seen.
    pub(crate) nodes_up: AtomicU32,
    /// Where outward calls execute.
    pub(crate) tokio: tokio::runtime::Handle,
    /// Outward calls on their way, or whose outcome is on its way to the run, so that none is begun
    /// twice and all can be given up.
    pub(crate) in_flight: Mutex<HashMap<(RunId, CallNumber), AbortHandle>>,
    /// Those who wait for answers of other nodes.
    pub(crate) answers: Answers,
    /// Has the sweep look around at once.
    pub(crate) sweep_now: Bell,
    /// Rung when the engine stops.
    pub(crate) housekeeping_ends: Bell,
    /// Why the engine has to end, once it has to.
    pub(crate) ending: watch::Sender<Option<Ending>>,
    /// Places for outward calls under way.
    pub(crate) outward_places: tokio::sync::Semaphore,
    pub(crate) residents: Residents,
    pub(crate) counters: Counters,
    pub(crate) stopping: AtomicBool,
    /// Runs were accepted that are only in the ledger, because the queue was full.
    pub(crate) overflowed: AtomicBool,
    /// There may be runs to claim.
    pub(crate) claim: AtomicBool,
    /// Runs were left to whoever takes them, and the others are to be told.
    pub(crate) announced: AtomicBool,
    /// There are new timers in the ledger, which others have set.
    pub(crate) new_timers: AtomicBool,
    /// Anything may have changed in the ledger.
    pub(crate) look_around: AtomicBool,
    shards: Vec<Mutex<HashMap<RunId, Arc<Cell>>>>,
}

/// What the engine has done since it was opened.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) runs_ended: AtomicU64,
    pub(crate) slices: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) checkpoint_bytes: AtomicU64,
    pub(crate) restores: AtomicU64,
    pub(crate) rebuilds: AtomicU64,
    pub(crate) faults: AtomicU64,
}

/// VMs in memory.
#[derive(Default)]
pub(crate) struct Residents {
    count: Arc<AtomicUsize>,
    /// Runs that wait with their VM in memory, oldest first, with the turn they have waited since.
    idle: Mutex<VecDeque<(Weak<Cell>, u64, std::time::Instant)>>,
}

/// Counts a VM as in memory until dropped.
pub(crate) struct Resident(Arc<AtomicUsize>);

impl Drop for Resident {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Residents {
    /// VMs in memory.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// One more VM is in memory for as long as the answer lives.
    pub(crate) fn add(&self) -> Resident {
        self.count.fetch_add(1, Ordering::Relaxed);
        Resident(self.count.clone())
    }

    /// A run waits with its VM in memory.
    pub(crate) fn waits(&self, cell: &Arc<Cell>, turn: u64) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push_back((Arc::downgrade(cell), turn, std::time::Instant::now()));
    }

    /// Takes those that have waited since before `since`, at most `count`.
    pub(crate) fn take_idle(&self, since: std::time::Instant, count: usize) -> Vec<(Arc<Cell>, u64)> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        while taken.len() < count && idle.front().is_some_and(|(_, _, began)| *began <= since) {
            taken.extend(idle.pop_front().and_then(|(cell, turn, _)| Some((cell.upgrade()?, turn))));
        }
        taken
    }
}

impl Inner {
    /// Puts the parts together.
    pub(crate) fn new(
        settings: Settings,
        world: World,
        store: Store,
        vm: vm::Engine,
        tokio: tokio::runtime::Handle,
    ) -> Self {
        let (keystore, outage) = (Keystore::new(store.clone()), Arc::<Outage>::default());
        let clock = Arc::new(if world.skips_waits { Clock::leaping() } else { Clock::Wall });
        let services = Registry::new(store.sql_folder());
        let services = match &world.script {
            Some(script) => services.mocked(script),
            None => services,
        };
        Self {
            policies: Policies::new(keystore.clone(), outage.clone()),
            keystore,
            settings,
            store,
            vm,
            programs: Programs::default(),
            ready: Ready::default(),
            timers: Timers::new(clock.clone()),
            clock,
            watchers: Arc::default(),
            services,
            gate: Gate::new(),
            rates: Rates::default(),
            outage,
            nodes_up: AtomicU32::new(1),
            tokio,
            in_flight: Mutex::default(),
            answers: Answers::default(),
            sweep_now: Bell::default(),
            housekeeping_ends: Bell::default(),
            ending: watch::Sender::new(None),
            outward_places: tokio::sync::Semaphore::new(OUTWARD_MAX),
            residents: Residents::default(),
            counters: Counters::default(),
            stopping: AtomicBool::new(false),
            overflowed: AtomicBool::new(false),
            claim: AtomicBool::new(true),
            announced: AtomicBool::new(false),
            new_timers: AtomicBool::new(false),
            look_around: AtomicBool::new(false),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Tells a run something, bringing it into memory if it is not there.
    pub(crate) fn post(&self, workspace: &WorkspaceId, run: RunId, mail: Mail) {
        let priority = match &mail {
            Mail::Begin { run, .. } => run.birth.priority,
            _ => 0,
        };
        self.post_as(workspace, run, priority, mail);
    }

    /// The same for a run whose priority is known.
    pub(crate) fn post_as(&self, workspace: &WorkspaceId, run: RunId, priority: i16, mut mail: Mail) {
        loop {
            let cell = self.cell(workspace, run, priority);
            match cell.post(mail) {
                Posted::Enqueue => return self.ready.push(cell),
                Posted::Kept => return,
                Posted::Gone(letter) => {
                    // Between being marked gone and leaving the map.
                    self.forget(&cell);
                    mail = letter;
                }
            }
        }
    }

    /// Tells a timer's owner that its time has come.
    pub(crate) fn ring(&self, timer: &Timer) {
        let mail = match timer.call {
            Some(number) => Mail::Due { number },
            None => Mail::Alarm,
        };
        self.post(&timer.workspace, timer.run, mail);
    }

    /// A turn of the run could not be written. The run is taken up again from the ledger.
    pub(crate) fn abandon(&self, cell: &Arc<Cell>) {
        self.counters.faults.fetch_add(1, Ordering::Relaxed);
        if cell.abandon() {
            self.forget(cell);
            // Outcomes of its calls may have been among the letters that are lost with it.
            let mut in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
            in_flight.retain(|(run, _), _| *run != cell.run);
            drop(in_flight);
            let (workspace, run) = (cell.workspace.clone(), cell.run);
            self.timers.set(Timer { due: self.clock.now() + ABANDONED_MS, run, call: None, workspace });
        }
    }

    /// The run is taken up again from the ledger, which knows more than its memory.
    pub(crate) fn begin_again(&self, run: RunId) {
        if let Some(cell) = self.find(run) {
            self.abandon(&cell);
        }
    }

    /// Asks waiting VMs to leave memory.
    pub(crate) fn make_room(&self) {
        for (cell, turn) in self.residents.take_idle(std::time::Instant::now(), ROOM) {
            self.put_down(&cell, turn);
        }
    }

    /// Asks a VM to leave memory if its run has waited since `turn`.
    pub(crate) fn put_down(&self, cell: &Arc<Cell>, turn: u64) {
        if cell.turn() == turn
            && let Posted::Enqueue = cell.post(Mail::PutDown)
        {
            self.ready.push(cell.clone());
        }
    }

    /// Gives up an outward call on its way.
    pub(crate) fn give_up_attempt(&self, run: RunId, number: CallNumber) {
        let given_up = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&(run, number));
        if let Some(handle) = given_up {
            handle.abort();
        }
    }

    /// The run has opened the letter with the outcome of an outward call.
    pub(crate) fn attempt_ended(&self, run: RunId, number: CallNumber) {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&(run, number));
    }

    /// Gives up every outward call on its way, and waits until nothing of them is left.
    pub(crate) async fn give_up_attempts(&self) {
        let given_up = std::mem::take(&mut *self.in_flight.lock().unwrap_or_else(PoisonError::into_inner));
        given_up.values().for_each(AbortHandle::abort);
        while !given_up.values().all(AbortHandle::is_finished) {
            tokio::time::sleep(ABORTED_WITHIN).await;
        }
    }

    /// Whether an outward call is on its way, or its outcome on the way to the run.
    pub(crate) fn is_in_flight(&self, run: RunId, number: CallNumber) -> bool {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&(run, number))
    }

    /// The run in memory, if it is there.
    pub(crate) fn find(&self, run: RunId) -> Option<Arc<Cell>> {
        self.shard(run).lock().unwrap_or_else(PoisonError::into_inner).get(&run).cloned()
    }

    /// Whether no run in memory has anything to do.
    pub(crate) fn all_rest(&self) -> bool {
        self.shards.iter().all(|shard| {
            shard.lock().unwrap_or_else(PoisonError::into_inner).values().all(|cell| cell.rests())
        })
    }

    /// How many outward calls are on their way, or their outcomes on the way to the run.
    pub(crate) fn in_flight_count(&self) -> usize {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes a cell that is gone out of the map.
    pub(crate) fn forget(&self, cell: &Arc<Cell>) {
        let mut shard = self.shard(cell.run).lock().unwrap_or_else(PoisonError::into_inner);
        if shard.get(&cell.run).is_some_and(|found| Arc::ptr_eq(found, cell)) {
            shard.remove(&cell.run);
        }
    }

    /// How many runs are in memory.
    pub(crate) fn active(&self) -> usize {
        let count = |shard: &Mutex<HashMap<_, _>>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(count).sum()
    }

    /// Whether the engine takes up no more work.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn cell(&self, workspace: &WorkspaceId, run: RunId, priority: i16) -> Arc<Cell> {
        let mut shard = self.shard(run).lock().unwrap_or_else(PoisonError::into_inner);
        let cell = shard.entry(run).or_insert_with(|| Arc::new(Cell::new(workspace.clone(), run, priority)));
        cell.clone()
    }

    fn shard(&self, run: RunId) -> &Mutex<HashMap<RunId, Arc<Cell>>> {
        // The last bytes of a version 7 UUID are random.
        &self.shards[usize::from(run.as_bytes()[15]) % SHARDS]
    }
}
