//! Boots engine and prelude once and makes the result a module of its own.
//!
//! A new instance of that module begins where the boot ended: its memory is mapped copy-on-write,
//! so a fresh VM costs no set-up.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use fermata_model::Limits;
use wasmtime::{Engine, Linker, Module, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use crate::anchors::{self, Anchors, SCRATCH_BYTES};
use crate::exports::{ExportIndex, Exports};
use crate::host::{HOST_FUNCTIONS, Host, Mode};
use crate::image::ImageError;
use crate::machine::EVAL_SCRIPT;

/// Raised when this file changes what a boot leaves in memory.
pub(crate) const BOOT_VERSION: u32 = 1;

/// File name of the prelude in stack frames; frames with it are not shown to authors.
pub(crate) const PRELUDE_FILE: &[u8] = b"fermata:prelude\0";

/// Leave the source text out of the byte code.
const STRIP_SOURCE: i32 = 1 << 4;

/// Why the engine did not boot.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The Wasm tool chain refused the module.
    #[error("the engine module cannot be pre-initialised")]
    Wasm(#[source] wasmtime::Error),
    /// The module is not the one this program was made for.
    #[error("the engine module is not the expected one")]
    Module(#[source] ImageError),
    /// The engine or the prelude did not start.
    #[error("the engine did not start: {0}")]
    Start(String),
}

/// Makes the pre-initialised module from the engine's module and the prelude's text.
pub(crate) fn pre_initialise(
    engine: &Engine,
    linker: &Linker<Host>,
    engine_wasm: &[u8],
    prelude: &str,
) -> Result<Vec<u8>, BootError> {
    let mut wizer = Wizer::new();
    wizer.init_func("_initialize");
    let (context, instrumented) = wizer.instrument(engine_wasm).map_err(BootError::Wasm)?;
    let module = Module::new(engine, &instrumented).map_err(BootError::Wasm)?;
    // Compiled in an instance of its own: the parser's leavings would stay in every VM's memory.
    let bytecode = Boot::new(engine, linker, &module)?.compile(prelude)?;
    let mut boot = Boot::new(engine, linker, &module)?;
    let anchors = boot.run(&bytecode)?;
    let snapshot = wizer.snapshot(&context, &mut boot);
    let mut wasm = ready(snapshot).map_err(BootError::Wasm)?;
    anchors::append(&mut wasm, &anchors);
    Ok(wasm)
}

/// The outcome of a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

struct Boot {
    store: Store<Host>,
    instance: wasmtime::Instance,
    exports: Arc<Exports>,
}

impl Boot {
    fn new(engine: &Engine, linker: &Linker<Host>, module: &Module) -> Result<Self, BootError> {
        let index = ExportIndex::new(module).map_err(BootError::Module)?;
        let mut store = Store::new(engine, Host::new(Limits::default(), Mode::Load));
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = linker.instantiate(&mut store, module).map_err(BootError::Wasm)?;
        let exports = Exports::new(&mut store, &instance, &index).map_err(BootError::Module)?;
        let exports = Arc::new(exports);
        store.data_mut().exports = Some(exports.clone());
        Ok(Self { store, instance, exports })
    }

    fn initialise(&mut self) -> Result<(), BootError> {
        let initialize = self.instance.get_typed_func::<(), ()>(&mut self.store, "_initialize");
        initialize.and_then(|f| f.call(&mut self.store, ())).map_err(BootError::Wasm)?;
        match self.exports.clone().init.call(&mut self.store, ()).map_err(BootError::Wasm)? {
            0 => Ok(()),
            _ => Err(BootError::Start("no runtime".into())),
        }
    }

    /// The prelude as byte code without its source text.
    fn compile(mut self, prelude: &str) -> Result<Vec<u8>, BootError> {
        self.initialise()?;
        let compiled = self.compile_text(prelude).map_err(BootError::Wasm)?;
        compiled.ok_or_else(|| BootError::Start(self.exception()))
    }

    fn compile_text(&mut self, prelude: &str) -> wasmtime::Result<Option<Vec<u8>>> {
        let exports = self.exports.clone();
        let code = self.put(&[prelude.as_bytes(), b"\0"].concat())?;
        let file = self.put(PRELUDE_FILE)?;
        let length_at = self.put(&[0; 4])?;
        let length = i32::try_from(prelude.len())?;
        let arguments = (code, length, file, EVAL_SCRIPT, STRIP_SOURCE, length_at);
        let at = exports.compile.call(&mut self.store, arguments)?;
        let length = exports.read(&self.store, length_at, 4).unwrap_or_default();
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
        Ok(if at == 0 { None } else { exports.read(&self.store, at, usize::try_from(length)?) })
    }

    fn run(&mut self, bytecode: &[u8]) -> Result<Anchors, BootError> {
        self.initialise()?;
        let entries = self.start(bytecode).map_err(BootError::Wasm)?;
        let [prepare, bind, start, settle] = entries;
        if entries.contains(&0) {
            return Err(BootError::Start(self.exception()));
        }
        self.finish([prepare, bind, start, settle]).map_err(BootError::Wasm)
    }

    /// Defines the host functions, evaluates the prelude and takes its entry points.
    fn start(&mut self, bytecode: &[u8]) -> wasmtime::Result<[i32; 4]> {
        let exports = self.exports.clone();
        let global = exports.get_global.call(&mut self.store, ())?;
        for name in HOST_FUNCTIONS {
            let at = self.put(&[name.as_bytes(), b"\0"].concat())?;
            let length = i32::try_from(name.len())?;
            let function = exports.new_host_function.call(&mut self.store, (at, length, 0))?;
            exports.set_prop.call(&mut self.store, (global, at, function))?;
            exports.free_value.call(&mut self.store, function)?;
            exports.free.call(&mut self.store, at)?;
        }
        let code = self.put(bytecode)?;
        let length = i32::try_from(bytecode.len())?;
        let object = exports.eval_bytecode.call(&mut self.store, (code, length))?;
        exports.free.call(&mut self.store, code)?;
        if exports.is_exception.call(&mut self.store, object)? != 0 {
            return Ok([0; 4]);
        }
        let mut entries = [0; 4];
        for (entry, name) in entries.iter_mut().zip([&b"prepare\0"[..], b"bind\0", b"start\0", b"settle\0"]) {
            let at = self.put(name)?;
            *entry = exports.get_prop.call(&mut self.store, (object, at))?;
            exports.free.call(&mut self.store, at)?;
        }
        exports.free_value.call(&mut self.store, object)?;
        exports.free_value.call(&mut self.store, global)?;
        Ok(entries)
    }

    fn finish(&mut self, [prepare, bind, start, settle]: [i32; 4]) -> wasmtime::Result<Anchors> {
        let exports = self.exports.clone();
        let undefined = exports.get_undefined.call(&mut self.store, ())?;
        let scratch = exports.malloc.call(&mut self.store, i32::try_from(SCRATCH_BYTES)?)?;
        let argv = exports.malloc.call(&mut self.store, 8)?;
        exports.run_gc.call(&mut self.store, ())?;
        let Val::I32(stack_pointer) = exports.stack_pointer.get(&mut self.store) else {
            wasmtime::bail!("the stack pointer is not an i32");
        };
        // The stack lies below everything else, so that what is under the pointer is dead.
        wasmtime::ensure!(
            [prepare, scratch, argv, undefined].iter().all(|at| *at > stack_pointer),
            "the stack is not at the bottom of memory"
        );
        // Dead stack would differ from build to build of the host.
        let dead = usize::try_from(stack_pointer)?;
        exports.memory.data_mut(&mut self.store)[..dead].fill(0);
        Ok(Anchors { prepare, bind, start, settle, undefined, scratch, argv, stack_pointer })
    }

    fn put(&mut self, bytes: &[u8]) -> wasmtime::Result<i32> {
        let at = self.exports.malloc.call(&mut self.store, i32::try_from(bytes.len())?)?;
        self.exports.memory.write(&mut self.store, usize::try_from(at)?, bytes)?;
        Ok(at)
    }

    fn exception(&mut self) -> String {
        let text = |boot: &mut Self| -> wasmtime::Result<String> {
            let exports = boot.exports.clone();
            let error = exports.get_exception.call(&mut boot.store, ())?;
            let length_at = boot.put(&[0; 4])?;
            let text = exports.get_string.call(&mut boot.store, (error, length_at))?;
            let length = exports.read(&boot.store, length_at, 4).unwrap_or_default();
            let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
            let bytes = exports.read(&boot.store, text, usize::try_from(length)?);
            Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
        };
        text(self).unwrap_or_else(|error| error.to_string())
    }
}

impl InstanceState for Boot {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        match global.map(|global| global.get(&mut self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(value)) => SnapshotVal::F32(value),
            Some(Val::F64(value)) => SnapshotVal::F64(value),
            other => unreachable!("the instrumented module exports its number globals, not {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        if let Some(memory) = self.instance.get_memory(&mut self.store, name) {
            contents(memory.data(&self.store));
        }
    }
}
