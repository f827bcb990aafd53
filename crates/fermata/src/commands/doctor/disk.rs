//! Room on the disk.

use std::path::Path;

use super::Finding;

const ABOUT: &str = "free disk";
/// Less than this is too little to begin with.
const BYTES_MIN: u64 = 200 << 20;

pub(super) fn check(data: &Path) -> Finding {
    let existing = data.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let Ok(disk) = rustix::fs::statvfs(existing) else {
        return Finding::bad(ABOUT, "cannot be told", "check it: df -h");
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < BYTES_MIN {
        let advice = "free some room, or choose another disk with --data (FERMATA_DATA)";
        return Finding::bad(ABOUT, format!("only {} left", mebibytes(free)), advice);
    }
    Finding::good(ABOUT, mebibytes(free))
}

fn mebibytes(bytes: u64) -> String {
    let mebibytes = bytes >> 20;
    if mebibytes < 10_240 { format!("{mebibytes} MiB") } else { format!("{} GiB", mebibytes >> 10) }
}
