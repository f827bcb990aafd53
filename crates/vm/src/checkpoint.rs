//! A VM's state as a delta against its baseline.
//!
//! The delta is canonical: equal states have equal deltas, so their hashes can be compared. It
//! holds the 256-byte blocks that differ, each combined with the baseline's bytes by exclusive or,
//! which leaves mostly zeros for the compressor. Dead stack below the stack pointer is left out.

use std::cell::RefCell;

use fermata_model::limits::MEMORY_BYTES_MAX;
use fermata_model::seal::{Key, NONCE_BYTES};

use crate::baseline::Baseline;
use crate::image::EngineHash;
use crate::machine::Machine;
use crate::vm::StartError;
use crate::written;

/// Unit in which memory is compared first.
pub(crate) const PAGE_BYTES: usize = 4096;
/// Unit that is kept.
const BLOCK_BYTES: usize = 256;
/// Format of the delta.
const FORMAT: u32 = 1;
/// Bytes before the blocks: format, baseline, memory size, calls made, pending, log lines, blocks.
const HEADER_BYTES: usize = 4 + 32 + 5 * 4;
/// zstd's fastest ordinary level: higher ones cost more than the disk they save.
const COMPRESSION: i32 = 1;

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadCheckpoint {
    /// The sealed bytes do not open.
    #[error("the checkpoint does not open: it was changed, moved, or sealed with another key")]
    Broken,
    /// It opens, but is not a state of this baseline.
    #[error("the checkpoint does not fit: {0}")]
    Unfit(&'static str),
    /// No VM was free.
    #[error("no VM is free")]
    NoVm(#[source] StartError),
}

/// A state that was written down, not yet compressed and sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(Vec<u8>);

impl Snapshot {
    /// Writes down what differs from the baseline.
    pub(crate) fn take(machine: &Machine, baseline: &Baseline) -> Self {
        let memory = machine.memory();
        let host = machine.store.data();
        let blocks = differing_blocks(memory, &baseline.memory, stack_bytes(baseline));
        let mut bytes = Vec::with_capacity(HEADER_BYTES + blocks.len() * (4 + BLOCK_BYTES));
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&baseline.hash);
        for number in
            [to_u32(memory.len()), host.calls_made, host.pending, host.log_lines, to_u32(blocks.len())]
        {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        // Distances rather than positions: small numbers that compress away.
        let mut last = 0;
        for block in &blocks {
            bytes.extend_from_slice(&to_u32(block - last).to_le_bytes());
            last = *block;
        }
        for block in blocks {
            let start = block * BLOCK_BYTES;
            let old = baseline.memory.get(start..start + BLOCK_BYTES).unwrap_or(&[0; BLOCK_BYTES]);
            bytes.extend(memory[start..start + BLOCK_BYTES].iter().zip(old).map(|(new, old)| new ^ old));
        }
        Self(bytes)
    }

    /// Puts the state into a machine that is in the baseline's state.
    pub(crate) fn apply(&self, machine: &mut Machine, baseline: &Baseline) -> Result<(), BadCheckpoint> {
        let delta = Delta::read(&self.0, baseline)?;
        if !machine.grow_to(delta.memory_bytes) {
            return Err(BadCheckpoint::Unfit("its memory does not fit into a VM"));
        }
        delta.put_into(machine.memory_mut())?;
        let host = machine.store.data_mut();
        (host.calls_made, host.pending, host.log_lines) = (delta.calls_made, delta.pending, delta.log_lines);
        Ok(())
    }

    /// The whole linear memory that a VM has after it was restored, for whoever looks for what may not be in it. Dead
    /// stack is as it is in the baseline.
    ///
    /// # Errors
    /// [`BadCheckpoint::Unfit`] when it is not a state of this baseline.
    pub fn memory(&self, baseline: &Baseline) -> Result<Vec<u8>, BadCheckpoint> {
        let delta = Delta::read(&self.0, baseline)?;
        let mut memory = baseline.memory.to_vec();
        memory.resize(delta.memory_bytes.max(memory.len()), 0);
        delta.put_into(&mut memory)?;
        Ok(memory)
    }

    /// Hash of the state: equal states of one baseline, and only those, have equal hashes.
    pub fn heap_hash(&self) -> [u8; 32] {
        *blake3::hash(&self.0).as_bytes()
    }

    /// Compresses and seals the state. `place` names the run and delivery it belongs to; the engine
    /// build is bound to it as well.
    pub fn seal(&self, key: &Key, nonce: [u8; NONCE_BYTES], place: &[u8], engine: EngineHash) -> Vec<u8> {
        let compressed = compress(&self.0);
        key.seal(nonce, &bound_place(place, engine), &compressed)
    }

    /// Opens what [`Snapshot::seal`] made for the same place and engine build.
    ///
    /// # Errors
    /// [`BadCheckpoint::Broken`] when a single bit differs.
    pub fn open(key: &Key, place: &[u8], engine: EngineHash, sealed: &[u8]) -> Result<Self, BadCheckpoint> {
        let compressed = key.open(&bound_place(place, engine), sealed).map_err(|_| BadCheckpoint::Broken)?;
        let bytes_max = to_usize(MEMORY_BYTES_MAX) + to_usize(MEMORY_BYTES_MAX) / 32;
        let bytes = decompress(&compressed, decompressed_bytes(&compressed).min(bytes_max));
        bytes.map(Self).map_err(|_| BadCheckpoint::Broken)
    }

    /// Bytes before compression.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A snapshot is never empty: it has a header at least.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

thread_local! {
    // Kept by thread: making one costs as much as compressing a small state with it.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = kept.get_or_insert_with(|| {
            zstd::bulk::Compressor::new(COMPRESSION).expect("the level is one that zstd has")
        });
        compressor.compress(bytes).expect("compressing into a buffer of the bound's size cannot fail")
    })
}

fn decompress(bytes: &[u8], bytes_max: usize) -> std::io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept.take() {
            Some(decompressor) => kept.insert(decompressor),
            None => kept.insert(zstd::bulk::Decompressor::new()?),
        };
        decompressor.decompress(bytes, bytes_max)
    })
}

/// The size that a compressed text says it has.
fn decompressed_bytes(compressed: &[u8]) -> usize {
    let size = zstd::zstd_safe::get_frame_content_size(compressed).ok().flatten().unwrap_or(0);
    usize::try_from(size).unwrap_or(usize::MAX)
}

fn bound_place(place: &[u8], engine: EngineHash) -> Vec<u8> {
    [b"fermata checkpoint 1\0", place, engine.0.as_slice()].concat()
}

/// Bytes at the bottom of memory that are stack, dead between two slices.
fn stack_bytes(baseline: &Baseline) -> usize {
    usize::try_from(baseline.image.anchors.stack_pointer).unwrap_or(0)
}

/// Numbers of the blocks above `from` that differ. Memory the baseline does not have counts as zero.
fn differing_blocks(new: &[u8], old: &[u8], from: usize) -> Vec<usize> {
    let mut blocks = Vec::new();
    written::each_page(new, from / PAGE_BYTES, |page| {
        let (start, end) = (page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
        let before = old.get(start..end).unwrap_or(&[0; PAGE_BYTES]);
        if new[start..end] == *before {
            return;
        }
        for at in (start.max(from.next_multiple_of(BLOCK_BYTES))..end).step_by(BLOCK_BYTES) {
            if new[at..at + BLOCK_BYTES] != before[at - start..at - start + BLOCK_BYTES] {
                blocks.push(at / BLOCK_BYTES);
            }
        }
    });
    blocks
}

/// A snapshot, taken apart.
struct Delta<'a> {
    memory_bytes: usize,
    calls_made: u32,
    pending: u32,
    log_lines: u32,
    /// From each block to the next.
    distances: &'a [u8],
    blocks: &'a [u8],
}

impl<'a> Delta<'a> {
    fn read(bytes: &'a [u8], baseline: &Baseline) -> Result<Self, BadCheckpoint> {
        let mut rest = Reader(bytes);
        if rest.number()? != FORMAT {
            return Err(BadCheckpoint::Unfit("unknown format"));
        }
        if rest.bytes(32)? != baseline.hash {
            return Err(BadCheckpoint::Unfit("it belongs to another baseline"));
        }
        let memory_bytes = to_usize(rest.number()?);
        let (calls_made, pending, log_lines) = (rest.number()?, rest.number()?, rest.number()?);
        let count = to_usize(rest.number()?);
        let distances = rest.bytes(count.saturating_mul(4))?;
        let blocks = rest.bytes(count.saturating_mul(BLOCK_BYTES))?;
        if memory_bytes > to_usize(MEMORY_BYTES_MAX) {
            return Err(BadCheckpoint::Unfit("its memory does not fit into a VM"));
        }
        Ok(Self { memory_bytes, calls_made, pending, log_lines, distances, blocks })
    }

    /// Makes memory that is in the baseline's state what it was.
    fn put_into(&self, memory: &mut [u8]) -> Result<(), BadCheckpoint> {
        let mut block = 0;
        for (distance, delta) in self.distances.chunks_exact(4).zip(self.blocks.chunks_exact(BLOCK_BYTES)) {
            block += to_usize(u32::from_le_bytes([distance[0], distance[1], distance[2], distance[3]]));
            let start = block.saturating_mul(BLOCK_BYTES);
            let target = memory.get_mut(start..start.saturating_add(BLOCK_BYTES));
            let target = target.ok_or(BadCheckpoint::Unfit("a block lies outside memory"))?;
            target.iter_mut().zip(delta).for_each(|(byte, delta)| *byte ^= delta);
        }
        Ok(())
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], BadCheckpoint> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(BadCheckpoint::Unfit("it is cut short"))?;
        self.0 = tail;
        Ok(head)
    }

    fn number(&mut self) -> Result<u32, BadCheckpoint> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

/// Linear memory has less than 4 GiB, so that its sizes and positions fit.
fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("a position in linear memory fits 32 bits")
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
