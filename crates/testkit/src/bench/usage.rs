//! What processes use of the machine, as the kernel tells it.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The unit of CPU times in `/proc`: a hundredth of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// What a process, this one and everybody have used up to a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// The moment.
    pub(crate) at: Instant,
    /// CPU time of the process.
    pub(crate) cpu: Duration,
    /// Bytes that the process had written to disk.
    pub(crate) written_bytes: u64,
    /// CPU time of this process.
    pub(crate) own_cpu: Duration,
    /// CPU time of everybody.
    pub(crate) all_cpu: Duration,
}

impl Usage {
    /// Up to now.
    pub(crate) fn of(process: u32) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            cpu: cpu(&process.to_string())?,
            written_bytes: written_bytes(process)?,
            own_cpu: cpu("self")?,
            all_cpu: all_cpu()?,
        })
    }
}

impl Usage {
    /// Of several processes, up to the last of their moments.
    pub(crate) fn together(usages: &[Self]) -> Option<Self> {
        let last = *usages.iter().max_by_key(|usage| usage.at)?;
        let cpu = usages.iter().map(|usage| usage.cpu).sum();
        Some(Self { cpu, written_bytes: usages.iter().map(|usage| usage.written_bytes).sum(), ..last })
    }
}

/// Bytes of memory, by where they come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// Of the process alone.
    pub(crate) own_bytes: u64,
    /// Of files that are mapped; the kernel takes them back when it needs room.
    pub(crate) file_bytes: u64,
}

/// The memory of a process.
pub(crate) fn memory(process: u32) -> Result<Memory> {
    let text = read(&format!("/proc/{process}/status"))?;
    let bytes = |name| Ok::<_, anyhow::Error>(field(&text, name)? * 1024);
    Ok(Memory { own_bytes: bytes("RssAnon:")?, file_bytes: bytes("RssFile:")? })
}

/// Processes that wait for a CPU or have one, averaged over a minute.
pub(crate) fn load() -> Result<f64> {
    let text = read("/proc/loadavg")?;
    text.split(' ').next().unwrap_or_default().parse().context("read the load")
}

fn cpu(process: &str) -> Result<Duration> {
    let text = read(&format!("/proc/{process}/stat"))?;
    // The name before may have spaces in it.
    let rest = text.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<u32> =
        rest.split_whitespace().skip(11).take(2).filter_map(|text| text.parse().ok()).collect();
    Ok(TICK * ticks.iter().sum::<u32>())
}

fn written_bytes(process: u32) -> Result<u64> {
    field(&read(&format!("/proc/{process}/io"))?, "write_bytes:")
}

/// User, nice, system, interrupts: what is not idle and not waiting.
fn all_cpu() -> Result<Duration> {
    let text = read("/proc/stat")?;
    let first = text.lines().next().unwrap_or_default();
    let ticks: Vec<u32> = first.split_whitespace().skip(1).filter_map(|text| text.parse().ok()).collect();
    let busy = ticks.iter().enumerate().filter(|(at, _)| matches!(at, 0 | 1 | 2 | 5 | 6));
    Ok(TICK * busy.map(|(_, ticks)| ticks).sum::<u32>())
}

fn field(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("the kernel does not tell {name}"))
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {path}"))
}
