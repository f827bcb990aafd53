//! Files of the engine: the pre-initialised modules, which are kept for as long as a run refers to
//! them, and their compiled forms, which can be made again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wasmtime::{Engine, Module};

use crate::image::EngineHash;

/// A folder with `<hash>.wasm`, `<hash>.compiled` and `boot-<inputs>` files.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Uses `folder`, which is made if it is missing.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The module that a boot of these inputs made, if one is here and whole.
    pub(crate) fn booted(&self, inputs: &EngineHash) -> Option<Vec<u8>> {
        let name = fs::read_to_string(self.boot_path(inputs)).ok()?;
        let wasm = fs::read(self.folder.join(format!("{}.wasm", name.trim()))).ok()?;
        (EngineHash::of(&wasm).to_string() == name.trim()).then_some(wasm)
    }

    /// Keeps a module that a boot of these inputs made.
    pub(crate) fn keep_booted(&self, inputs: &EngineHash, wasm: &[u8]) -> io::Result<()> {
        let hash = EngineHash::of(wasm).to_string();
        write_whole(&self.folder.join(format!("{hash}.wasm")), wasm)?;
        write_whole(&self.boot_path(inputs), hash.as_bytes())
    }

    /// The module with this hash, if it is here and whole.
    pub(crate) fn module(&self, hash: &EngineHash) -> Option<Vec<u8>> {
        let wasm = fs::read(self.folder.join(format!("{hash}.wasm"))).ok()?;
        (EngineHash::of(&wasm) == *hash).then_some(wasm)
    }

    /// The compiled form of a module: read, or made and kept.
    pub(crate) fn compiled(&self, engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Module> {
        let path = self.folder.join(format!("{}.compiled", EngineHash::of(wasm)));
        if let Some(module) = read_compiled(engine, &path) {
            return Ok(module);
        }
        let module = Module::new(engine, wasm)?;
        let code = module.serialize()?;
        let sum = *blake3::hash(&code).as_bytes();
        // A full disk must not keep the server from starting: the next start compiles again.
        if let Err(error) = write_whole(&path, &[sum.as_slice(), &code].concat()) {
            tracing::warn!(%error, "Compiled engine could not be kept");
        }
        Ok(module)
    }

    fn boot_path(&self, inputs: &EngineHash) -> PathBuf {
        self.folder.join(format!("boot-{inputs}"))
    }
}

#[expect(unsafe_code, reason = "compiled code can only be loaded, never checked")]
fn read_compiled(engine: &Engine, path: &Path) -> Option<Module> {
    let bytes = fs::read(path).ok()?;
    let (sum, code) = bytes.split_at_checked(32)?;
    if blake3::hash(code).as_bytes() != sum {
        return None;
    }
    // SAFETY: the file lies in the server's own data folder, was written by `compiled` above, and
    // its checksum holds; a file of another compiler version or setting is refused by the callee.
    unsafe { Module::deserialize(engine, code) }.ok()
}

/// Writes a file so that it is either whole or absent.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    fs::write(&beside, bytes)?;
    fs::File::open(&beside)?.sync_all()?;
    fs::rename(&beside, path)
}
