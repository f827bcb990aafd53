//! The machine: what a figure must be read with.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

use super::latency::Latency;
use super::usage;

const SYNCS: usize = 300;
const SYNC_BYTES: usize = 4096;

/// What the measurements were taken on.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// CPUs that may be used.
    pub cpus: usize,
    /// Their model.
    pub cpu_model: String,
    /// The kernel.
    pub kernel: String,
    /// Load average over a minute before anything was measured.
    pub load: f64,
    /// One `fdatasync` behind 4 KiB appended to a file, on the disk that the server uses.
    pub fdatasync: Option<Latency>,
    /// The server's version.
    pub server: String,
    /// How the server writes.
    pub durability: &'static str,
}

/// Looks at the machine and at the disk of `folder`.
pub(crate) fn look(program: &Path, folder: &Path) -> Result<Machine> {
    let cpus = fs::read_to_string("/proc/cpuinfo").context("read /proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").context("read the kernel's version")?;
    Ok(Machine {
        cpus: std::thread::available_parallelism()?.get(),
        cpu_model: model.unwrap_or("unknown").trim().to_owned(),
        kernel: kernel.trim().to_owned(),
        load: usage::load()?,
        fdatasync: fdatasync(folder)?,
        server: version(program)?,
        durability: "SQLite, write-ahead log, synchronous=full",
    })
}

fn fdatasync(folder: &Path) -> Result<Option<Latency>> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path).context("make a file to sync")?;
    let mut took = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[0x5a; SYNC_BYTES]).context("write a file to sync")?;
        let began = Instant::now();
        file.sync_data().context("sync a file")?;
        took.push(began.elapsed());
    }
    fs::remove_file(&path).context("remove the file that was synced")?;
    Ok(Latency::of(took))
}

fn version(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output().context("ask the server for its version")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
