//! The groups that wait for the committer.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use crate::change::Group;

/// Most changes that may wait. Whoever submits more waits for the disk.
pub(crate) const WAITING_CHANGES_MAX: usize = 65_536;
/// Most changes of one transaction, unless a single group has more.
pub(crate) const BATCH_CHANGES_MAX: usize = 8_192;

/// A bounded queue with one consumer.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    /// Something waits, or the queue was closed.
    arrived: Condvar,
    /// There is room again, or the queue was closed.
    room: Condvar,
    consumer: OnceLock<ThreadId>,
}

#[derive(Debug, Default)]
struct Waiting {
    groups: VecDeque<Group>,
    changes: usize,
    closed: bool,
}

impl Queue {
    /// Names the thread that takes the batches.
    pub(crate) fn set_consumer(&self, thread: ThreadId) {
        self.consumer.get_or_init(|| thread);
    }

    /// Whether this is the thread that takes the batches.
    pub(crate) fn is_consumer(&self) -> bool {
        self.consumer.get() == Some(&thread::current().id())
    }

    /// Puts a group at the end, or gives it back when the queue is closed. Waits for room, except
    /// on the consumer's own thread, which would wait for itself.
    pub(crate) fn put(&self, group: Group) -> Result<(), Group> {
        let mut waiting = self.lock();
        while waiting.is_full_for(group.changes.len()) && !self.is_consumer() {
            waiting = self.room.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.closed {
            return Err(group);
        }
        waiting.changes += group.changes.len();
        waiting.groups.push_back(group);
        if waiting.groups.len() == 1 {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// The next groups, once there are any; nothing when the queue is closed and empty.
    pub(crate) fn take_batch(&self) -> Option<Vec<Group>> {
        let mut waiting = self.lock();
        while waiting.groups.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let batch = waiting.take_batch();
        drop(waiting);
        self.room.notify_all();
        Some(batch)
    }

    /// Takes no more groups. What waits is still written.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.room.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// An empty queue takes a group of any size.
    fn is_full_for(&self, changes: usize) -> bool {
        !self.closed && !self.groups.is_empty() && self.changes + changes > WAITING_CHANGES_MAX
    }

    fn take_batch(&mut self) -> Vec<Group> {
        let mut changes = 0;
        let mut taken = 0;
        for group in &self.groups {
            if taken > 0 && changes + group.changes.len() > BATCH_CHANGES_MAX {
                break;
            }
            changes += group.changes.len();
            taken += 1;
        }
        self.changes -= changes;
        self.groups.drain(..taken).collect()
    }
}

#[cfg(test)]
mod tests {
    use fermata_model::{RunId, WorkspaceId};

    use super::*;
    use crate::change::Change;

    fn group(changes: usize) -> Group {
        let run = RunId::from_bytes([1; 16]);
        let change = Change::DropCheckpoint { workspace: WorkspaceId::default_workspace(), run };
        Group::new(vec![change; changes])
    }

    #[test]
    fn batches_are_whole_groups_up_to_the_bound() {
        let queue = Queue::default();
        for changes in [5_000, 3_000, 1_000, 20_000, 1] {
            assert!(queue.put(group(changes)).is_ok());
        }
        queue.close();
        assert!(queue.put(group(1)).is_err());
        let sizes: Vec<usize> = std::iter::from_fn(|| queue.take_batch()).map(|batch| batch.len()).collect();
        assert_eq!(sizes, [2, 1, 1, 1]);
    }

    #[test]
    fn whoever_brings_more_than_fits_waits_for_room() {
        let queue = Queue::default();
        assert!(queue.put(group(WAITING_CHANGES_MAX + 1)).is_ok(), "an empty queue takes any group");
        assert!(queue.lock().is_full_for(1));
        std::thread::scope(|scope| {
            let putter = scope.spawn(|| queue.put(group(1)).is_ok());
            assert_eq!(queue.take_batch().map(|batch| batch.len()), Some(1));
            assert_eq!(queue.take_batch().map(|batch| batch.len()), Some(1));
            assert!(putter.join().unwrap());
        });
    }
}
