//! One engine build: the pre-initialised module, ready to be instantiated.

use std::fmt;

use wasmtime::{Engine, InstancePre, Linker, Module, Store};

use crate::anchors::{self, Anchors};
use crate::exports::{ExportIndex, Exports};
use crate::host::{Host, Mode};
use fermata_model::Limits;

/// Identity of an engine build: BLAKE3 of the pre-initialised module.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EngineHash(pub [u8; 32]);

impl EngineHash {
    /// The identity of these module bytes.
    pub(crate) fn of(module: &[u8]) -> Self {
        Self(*blake3::hash(module).as_bytes())
    }
}

impl fmt::Display for EngineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EngineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a module cannot serve as an engine.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It lacks a function or memory.
    #[error("the engine module has no usable export {0}")]
    MissingExport(&'static str),
    /// It was not made by this program's boot.
    #[error("the engine module carries no anchors")]
    NoAnchors,
    /// It cannot be linked or instantiated.
    #[error("the engine module cannot be used")]
    Unusable(#[source] wasmtime::Error),
}

/// A compiled engine build and its memory before any task.
pub(crate) struct Image {
    pub(crate) hash: EngineHash,
    pub(crate) pre: InstancePre<Host>,
    pub(crate) index: ExportIndex,
    pub(crate) anchors: Anchors,
    pub(crate) memory: Box<[u8]>,
}

impl Image {
    /// Prepares a compiled module. `wasm` is the module it was compiled from.
    pub(crate) fn new(
        engine: &Engine,
        linker: &Linker<Host>,
        module: &Module,
        wasm: &[u8],
    ) -> Result<Self, ImageError> {
        let anchors = anchors::read(wasm).ok_or(ImageError::NoAnchors)?;
        let index = ExportIndex::new(module)?;
        let pre = linker.instantiate_pre(module).map_err(ImageError::Unusable)?;
        let mut store = Store::new(engine, Host::new(Limits::default(), Mode::Load));
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = pre.instantiate(&mut store).map_err(ImageError::Unusable)?;
        let exports = Exports::new(&mut store, &instance, &index)?;
        let memory = exports.memory.data(&store).into();
        Ok(Self { hash: EngineHash::of(wasm), pre, index, anchors, memory })
    }
}
