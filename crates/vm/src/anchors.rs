//! Addresses inside the booted module that the host needs again in every instance.
//!
//! They are found once at boot and travel in a custom section of the pre-initialised module, so a
//! module from an object store is complete by itself.

use serde::{Deserialize, Serialize};

/// Name of the custom section.
pub(crate) const SECTION: &str = "fermata";
/// Bytes of the scratch buffer for texts handed to the guest; longer ones are allocated.
pub(crate) const SCRATCH_BYTES: usize = 16 << 10;

/// Handles and buffers in linear memory, valid in every instance of the module.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Anchors {
    /// The prelude's entry points.
    pub(crate) prepare: i32,
    pub(crate) bind: i32,
    pub(crate) start: i32,
    pub(crate) settle: i32,
    /// The value `undefined`.
    pub(crate) undefined: i32,
    /// Buffer of [`SCRATCH_BYTES`].
    pub(crate) scratch: i32,
    /// Room for one argument and one length.
    pub(crate) argv: i32,
    /// The stack pointer while no guest code runs. All below it is dead stack.
    pub(crate) stack_pointer: i32,
}

/// Adds the anchors to a module as a custom section.
pub(crate) fn append(module: &mut Vec<u8>, anchors: &Anchors) {
    let json = serde_json::to_vec(anchors).unwrap_or_default();
    let mut body = Vec::new();
    write_leb(&mut body, SECTION.len());
    body.extend_from_slice(SECTION.as_bytes());
    body.extend_from_slice(&json);
    module.push(0);
    write_leb(module, body.len());
    module.extend_from_slice(&body);
}

/// Reads the anchors from a module's custom section.
pub(crate) fn read(module: &[u8]) -> Option<Anchors> {
    // Magic number and version take 8 bytes; then each section is an id, a length and a body.
    let mut rest = module.get(8..)?;
    while let Some((id, tail)) = rest.split_first() {
        let (length, tail) = read_leb(tail)?;
        let (body, tail) = tail.split_at_checked(length)?;
        if *id == 0 {
            let (name_length, named) = read_leb(body)?;
            let (name, json) = named.split_at_checked(name_length)?;
            if name == SECTION.as_bytes() {
                return serde_json::from_slice(json).ok();
            }
        }
        rest = tail;
    }
    None
}

/// Unsigned LEB128, the integers of the Wasm binary format.
fn write_leb(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

fn read_leb(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}
