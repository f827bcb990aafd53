//! Keeps the temporary files of statements, such as those of large sorts, from filling a disk. SQLite bounds the size of
//! the file and not theirs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Most bytes that may go from a disk while a call is at work.
const TAKEN_MAX: u64 = 1 << 30;
/// How much time goes by between two looks.
const LOOKED_EVERY: Duration = Duration::from_millis(50);
/// Where SQLite puts temporary files when the environment names no place.
const USUAL: &str = "/var/tmp";

/// What was free on the disks that a call may write to when it began.
pub(super) struct Room {
    disks: Vec<(PathBuf, u64)>,
    looked: Instant,
}

impl Room {
    /// What is free for work on files of a folder.
    pub(super) fn of(folder: &Path) -> Self {
        let folders = [folder.to_owned(), std::env::temp_dir(), USUAL.into()];
        let disks = folders.into_iter().filter_map(|folder| free(&folder).map(|bytes| (folder, bytes)));
        Self { disks: disks.collect(), looked: Instant::now() }
    }

    /// Whether more is gone than a call may take. What others write meanwhile counts too: it is as gone.
    pub(super) fn is_taken(&mut self) -> bool {
        if self.looked.elapsed() < LOOKED_EVERY {
            return false;
        }
        self.looked = Instant::now();
        self.disks.iter().any(|(folder, before)| free(folder).is_some_and(|now| is_too_much(*before, now)))
    }
}

/// A small disk is left half of what was free.
fn is_too_much(before: u64, now: u64) -> bool {
    before.saturating_sub(now) > TAKEN_MAX.min(before / 2)
}

/// Free bytes on the disk of a folder, if there is one.
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::is_too_much;

    #[test]
    fn a_call_may_take_so_much_and_no_more() {
        const GIB: u64 = 1 << 30;
        for (before, now, expected) in [
            (100 * GIB, 100 * GIB, false),
            (100 * GIB, 99 * GIB, false),
            (100 * GIB, 99 * GIB - 1, true),
            (100 * GIB, 200 * GIB, false),
            (GIB, GIB / 2, false),
            (GIB, GIB / 2 - 1, true),
            (0, 0, false),
        ] {
            assert_eq!(is_too_much(before, now), expected, "{before} {now}");
        }
    }
}
