//! How far a copy is, for people.

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The archive is being read to see whether it is whole. Counted in bytes.
    Checking,
    /// Rows of the ledger are being copied.
    Rows,
    /// Objects are being copied.
    Objects,
    /// SQLite files of workspaces are being copied.
    Files,
    /// Rows, objects and files are being read back.
    ReadingBack,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How much of it is done.
    pub done: u64,
    /// How much there is, where that is known.
    pub of: Option<u64>,
}

/// Told of progress, often.
pub type Told<'a> = &'a mut dyn FnMut(Progress);

/// How much is counted before somebody is told.
const STEP: u64 = 256;

/// Counts what is done in one stage.
pub(super) struct Counted<'a, 'b> {
    told: &'a mut (dyn FnMut(Progress) + 'b),
    now: Progress,
    told_at: u64,
}

impl<'a, 'b> Counted<'a, 'b> {
    /// Begins a stage.
    pub(super) fn begin(told: &'a mut (dyn FnMut(Progress) + 'b), stage: Stage, of: Option<u64>) -> Self {
        let now = Progress { stage, done: 0, of };
        told(now);
        Self { told, now, told_at: 0 }
    }

    /// Something more is done.
    pub(super) fn add(&mut self, count: u64) {
        self.set(self.now.done + count);
    }

    /// This much is done.
    pub(super) fn set(&mut self, done: u64) {
        self.now.done = done;
        if self.now.done >= self.told_at + STEP || matches!(self.now.stage, Stage::Objects | Stage::Files) {
            self.told_at = self.now.done;
            (self.told)(self.now);
        }
    }
}

impl Drop for Counted<'_, '_> {
    fn drop(&mut self) {
        (self.told)(self.now);
    }
}
