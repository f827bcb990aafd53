//! Which pages of a VM's memory were ever written, as the kernel knows it.
//!
//! Memory is mapped privately from the module's image; a page that was written is the process's own
//! copy, one that was not is still the file's. `/proc/self/pagemap` tells them apart (bits 61 and
//! 63, see the kernel's `Documentation/admin-guide/mm/pagemap.rst`), so that a checkpoint and a reset look
//! only at what may have changed. Where the kernel does not tell, every page may have.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use crate::checkpoint::PAGE_BYTES;

/// The page is a file's, not the process's own copy.
const FILE: u64 = 1 << 61;
/// The page is swapped out, so it was written.
const SWAPPED: u64 = 1 << 62;
/// The page is in memory.
const PRESENT: u64 = 1 << 63;
const ENTRY_BYTES: usize = 8;

thread_local! {
    static ENTRIES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Calls `each` with the number of every page of `memory` from `first` on that may have been
/// written since it was mapped. The last page may be shorter than the others.
pub(crate) fn each_page(memory: &[u8], first: usize, mut each: impl FnMut(usize)) {
    let count = memory.len().div_ceil(PAGE_BYTES).saturating_sub(first);
    ENTRIES.with_borrow_mut(|entries| {
        entries.resize(count * ENTRY_BYTES, 0);
        let known = read(memory, first, entries);
        for (at, entry) in entries.chunks_exact(ENTRY_BYTES).enumerate() {
            let entry = u64::from_le_bytes(entry.try_into().unwrap_or_default());
            if !known || is_written(entry) {
                each(first + at);
            }
        }
    });
}

fn is_written(entry: u64) -> bool {
    entry & SWAPPED != 0 || (entry & PRESENT != 0 && entry & FILE == 0)
}

/// Reads the kernel's entries; false when it does not give them.
fn read(memory: &[u8], first: usize, entries: &mut [u8]) -> bool {
    static PAGEMAP: OnceLock<Option<File>> = OnceLock::new();
    // Pages of another size, or big-endian entries, would be read wrongly.
    if rustix::param::page_size() != PAGE_BYTES || cfg!(target_endian = "big") {
        return false;
    }
    let Some(pagemap) = PAGEMAP.get_or_init(|| File::open("/proc/self/pagemap").ok()) else { return false };
    let page = memory.as_ptr().addr() / PAGE_BYTES + first;
    let offset = u64::try_from(page * ENTRY_BYTES).unwrap_or(u64::MAX);
    pagemap.read_exact_at(entries, offset).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_page_of_the_process_is_seen() {
        let mut memory = vec![0_u8; 64 * PAGE_BYTES];
        let skip = memory.as_ptr().align_offset(PAGE_BYTES);
        memory[skip + 3 * PAGE_BYTES] = 1;
        memory[skip + 9 * PAGE_BYTES + 5] = 1;
        let mut pages = Vec::new();
        each_page(&memory[skip..skip + 32 * PAGE_BYTES], 2, |page| pages.push(page));
        assert!(pages.contains(&3) && pages.contains(&9), "{pages:?}");
        assert!(pages.iter().all(|page| (2..32).contains(page)));
    }
}
