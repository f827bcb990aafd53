//! Executor threads: they take runs out of the queue and work on them, a turn at a time.
//!
//! As many threads compute as the settings say. When all of them are stuck in long slices and runs
//! wait, more are started, so that a few tasks that compute for seconds do not hold up the rest.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::inner::Inner;
use crate::ready::Next;
use crate::turn;

/// Native stack of an executor thread: guest code's share and room for the host.
const STACK_BYTES: usize = 8 << 20;
/// A thread that has worked on one turn for longer is stuck.
const STUCK: Duration = Duration::from_millis(50);
/// Most threads, stuck ones included.
const THREADS_MAX: usize = 64;
/// How long a thread beyond the usual number waits for work before it ends.
const EXTRA_PATIENCE: Duration = Duration::from_secs(1);
/// How long a usual thread sleeps before it looks around.
const PATIENCE: Duration = Duration::from_secs(60);

/// The threads of an engine.
pub(crate) struct Executors {
    inner: Arc<Inner>,
    began: Instant,
    /// For each place: 0 when idle, else when the turn began, in milliseconds, plus 1.
    busy: Vec<AtomicU64>,
    threads: AtomicUsize,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Executors {
    /// Starts the usual number of threads.
    pub(crate) fn start(inner: &Arc<Inner>) -> std::io::Result<Arc<Self>> {
        let executors = Arc::new(Self {
            inner: inner.clone(),
            began: Instant::now(),
            busy: (0..THREADS_MAX).map(|_| AtomicU64::new(0)).collect(),
            threads: AtomicUsize::new(0),
            handles: Mutex::default(),
        });
        for place in 0..inner.settings.executors.clamp(1, THREADS_MAX / 2) {
            executors.start_one(place, PATIENCE)?;
        }
        Ok(executors)
    }

    /// Starts one more thread if runs wait and all threads are stuck.
    pub(crate) fn relieve(self: &Arc<Self>) {
        if self.inner.ready.len() == 0 || self.inner.is_stopping() {
            return;
        }
        let stuck = self.busy.iter().filter(|began| self.is_stuck(began.load(Ordering::Relaxed))).count();
        let threads = self.threads.load(Ordering::SeqCst);
        if stuck < threads || threads >= THREADS_MAX {
            return;
        }
        let free = self.busy.iter().skip(self.usual()).position(|began| began.load(Ordering::Relaxed) == 0);
        if let Some(place) = free
            && let Err(error) = self.start_one(self.usual() + place, EXTRA_PATIENCE)
        {
            tracing::warn!(%error, "Executor thread could not be started");
        }
    }

    /// Waits until every thread has ended its turn.
    pub(crate) fn join(&self) {
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in handles {
            if handle.join().is_err() {
                tracing::error!("Executor thread panicked");
            }
        }
    }

    fn usual(&self) -> usize {
        self.inner.settings.executors.clamp(1, THREADS_MAX / 2)
    }

    fn is_stuck(&self, began: u64) -> bool {
        let stuck = u64::try_from(STUCK.as_millis()).unwrap_or(0);
        began != 0 && self.now() > began + stuck
    }

    /// Milliseconds since the start, plus 1.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    fn start_one(self: &Arc<Self>, place: usize, patience: Duration) -> std::io::Result<()> {
        let executors = self.clone();
        self.threads.fetch_add(1, Ordering::SeqCst);
        let builder = Builder::new().name(format!("fermata-run-{place}")).stack_size(STACK_BYTES);
        let started = builder.spawn(move || executors.work(place, patience));
        match started {
            Ok(handle) => {
                let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
                handles.retain(|handle| !handle.is_finished());
                handles.push(handle);
                Ok(())
            }
            Err(error) => {
                self.threads.fetch_sub(1, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    fn work(&self, place: usize, patience: Duration) {
        loop {
            match self.inner.ready.pop(patience) {
                Next::Work(cell) => {
                    self.busy[place].store(self.now(), Ordering::Relaxed);
                    turn::take(&self.inner, &cell);
                    self.busy[place].store(0, Ordering::Relaxed);
                }
                Next::Nothing if patience == PATIENCE => {}
                Next::Nothing | Next::Closed => break,
            }
        }
        self.threads.fetch_sub(1, Ordering::SeqCst);
    }
}
