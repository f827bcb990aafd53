//! The engine of a process: one Wasm compiler, one pool of instances, one image per engine build.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fermata_model::Limits;
use fermata_model::limits::MEMORY_BYTES_MAX;
use wasmtime::{InstanceAllocationStrategy, Linker, OptLevel, PoolingAllocationConfig};

use crate::baseline::{self, Baseline, LoadError};
use crate::boot::{self, BOOT_VERSION, BootError};
use crate::cache::Cache;
use crate::host::{self, Host};
use crate::image::{EngineHash, Image, ImageError};
use crate::source::Program;

const ENGINE_WASM: &[u8] = include_bytes!("../guest/dist/quickjs.wasm");
const PRELUDE: &str = include_str!("../guest/dist/prelude.js");

/// How often running slices look whether they must stop.
const TICK: Duration = Duration::from_millis(10);
/// Native stack of guest code, in bytes: half of what any thread has, so that guest code can run on
/// all of them. Task code reaches the engine's own limit first; deeply nested texts reach this one.
const WASM_STACK_BYTES: usize = 1 << 20;
/// Elements of the engine's function table.
const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Bytes of an instance's memory that are reset in place rather than given back to the kernel.
const KEEP_RESIDENT_BYTES: usize = 1 << 20;

/// Settings of an [`Engine`].
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder for engine modules and compiled code.
    pub folder: PathBuf,
    /// Most VMs that can exist at the same time.
    pub instances_max: u32,
}

/// Why no engine could be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be used.
    #[error("the engine folder {folder} cannot be used")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The Wasm compiler cannot be set up on this machine.
    #[error("the Wasm compiler cannot be set up")]
    Compiler(#[source] wasmtime::Error),
    /// The engine did not boot.
    #[error("the JavaScript engine did not boot")]
    Boot(#[source] BootError),
    /// The booted module cannot be used.
    #[error("the booted engine cannot be used")]
    Image(#[source] ImageError),
    /// A module that runs still refer to is not in the folder.
    #[error("engine module {0} is missing: put the file {0}.wasm back into the engine folder")]
    Missing(EngineHash),
}

/// Makes VMs. Cheap to clone; shared by all threads.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    wasm: wasmtime::Engine,
    linker: Linker<Host>,
    cache: Cache,
    current: Arc<Image>,
    /// Older builds that parked runs still need, loaded when asked for.
    older: Mutex<HashMap<EngineHash, Arc<Image>>>,
}

impl Engine {
    /// Boots the engine, or takes the booted and compiled module from the folder.
    ///
    /// # Errors
    /// [`OpenError`]: the folder is not writable, or the machine lacks what the compiler needs.
    pub fn open(config: &Config) -> Result<Self, OpenError> {
        let folder_error = |source| OpenError::Folder { folder: config.folder.clone(), source };
        let cache = Cache::open(&config.folder).map_err(folder_error)?;
        let wasm = wasmtime::Engine::new(&wasm_config(config)).map_err(OpenError::Compiler)?;
        let linker = host::linker(&wasm).map_err(OpenError::Compiler)?;
        let inputs = boot_inputs();
        let module_bytes = match cache.booted(&inputs) {
            Some(bytes) => bytes,
            None => {
                let bytes =
                    boot::pre_initialise(&wasm, &linker, ENGINE_WASM, PRELUDE).map_err(OpenError::Boot)?;
                cache.keep_booted(&inputs, &bytes).map_err(folder_error)?;
                bytes
            }
        };
        let module = cache.compiled(&wasm, &module_bytes).map_err(OpenError::Compiler)?;
        let current = Image::new(&wasm, &linker, &module, &module_bytes).map_err(OpenError::Image)?;
        start_ticker(&wasm);
        let inner = Inner { wasm, linker, cache, current: Arc::new(current), older: Mutex::default() };
        Ok(Self(Arc::new(inner)))
    }

    /// The build that new runs start on.
    pub fn hash(&self) -> EngineHash {
        self.0.current.hash
    }

    /// Loads a program on the present build.
    ///
    /// # Errors
    /// [`LoadError`]: the program throws, waits or makes calls while it is loaded, or has no task.
    pub fn load(&self, program: &Program, limits: Limits) -> Result<Arc<Baseline>, LoadError> {
        baseline::load(self, self.0.current.clone(), program, limits)
    }

    /// Loads a program on the build that a checkpoint belongs to.
    ///
    /// # Errors
    /// [`LoadError`], among them that the build's module is missing from the folder.
    pub fn load_on(
        &self,
        build: EngineHash,
        program: &Program,
        limits: Limits,
    ) -> Result<Arc<Baseline>, LoadError> {
        let image = self.image(build).map_err(LoadError::Build)?;
        baseline::load(self, image, program, limits)
    }

    /// The Wasm engine, for making stores.
    pub(crate) fn wasm(&self) -> &wasmtime::Engine {
        &self.0.wasm
    }

    fn image(&self, build: EngineHash) -> Result<Arc<Image>, OpenError> {
        if build == self.0.current.hash {
            return Ok(self.0.current.clone());
        }
        let mut older = self.0.older.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = older.get(&build) {
            return Ok(image.clone());
        }
        let bytes = self.0.cache.module(&build).ok_or(OpenError::Missing(build))?;
        let module = self.0.cache.compiled(&self.0.wasm, &bytes).map_err(OpenError::Compiler)?;
        let image = Image::new(&self.0.wasm, &self.0.linker, &module, &bytes).map_err(OpenError::Image)?;
        let image = Arc::new(image);
        older.insert(build, image.clone());
        Ok(image)
    }
}

/// Identity of everything a boot is made from.
fn boot_inputs() -> EngineHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&BOOT_VERSION.to_le_bytes());
    hasher.update(blake3::hash(ENGINE_WASM).as_bytes());
    hasher.update(PRELUDE.as_bytes());
    EngineHash(*hasher.finalize().as_bytes())
}

fn wasm_config(config: &Config) -> wasmtime::Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(config.instances_max)
        .total_memories(config.instances_max)
        .total_tables(config.instances_max)
        .max_memory_size(usize::try_from(MEMORY_BYTES_MAX).unwrap_or(usize::MAX))
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(TABLE_ELEMENTS_MAX * 8);
    let mut wasm = wasmtime::Config::new();
    wasm.cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    wasm
}

/// Advances the epoch until the last engine handle is gone.
fn start_ticker(engine: &wasmtime::Engine) {
    let weak = engine.weak();
    let tick = move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    let started = std::thread::Builder::new().name("fermata-epoch".into()).spawn(tick);
    started.expect("a thread can be started while the process starts");
}
