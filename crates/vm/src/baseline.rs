//! A baseline: the VM's memory before any input, with one program loaded.

use std::sync::{Arc, Mutex, PoisonError};

use fermata_model::limits::STACK_BYTES_MAX;
use fermata_model::{Json, Limits, Millis, RunError};
use serde::Deserialize;

use crate::checkpoint::PAGE_BYTES;
use crate::engine::{Engine, OpenError};
use crate::host;
use crate::image::{EngineHash, Image};
use crate::machine::{Argument, EVAL_MODULE, EVAL_SCRIPT, Fault, Machine, NoInstance};
use crate::source::{Program, StackMapper};
use crate::stop::Stop;
use crate::written;

/// Longest name and code of an error that is kept, in bytes.
const ERROR_NAME_BYTES_MAX: usize = 256;
/// Longest message of an error that is kept, in bytes.
const ERROR_MESSAGE_BYTES_MAX: usize = 8 << 10;
/// Longest stack of an error that is kept, in bytes.
const ERROR_STACK_BYTES_MAX: usize = 16 << 10;
/// Most idle VMs kept ready for one baseline.
const WARM_MAX: usize = 16;

/// Why a program cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It threw, waited or hit a limit before its task function was found.
    #[error("{}", .0.message)]
    Program(RunError),
    /// The engine build it should run on is not there.
    #[error("the engine build is not available")]
    Build(#[source] OpenError),
    /// No VM was free to load it in.
    #[error("no VM is free")]
    NoVm(#[source] wasmtime::Error),
}

/// A program loaded on an engine build. VMs are made from it by copying what differs.
pub struct Baseline {
    pub(crate) engine: Engine,
    pub(crate) image: Arc<Image>,
    pub(crate) program: Program,
    pub(crate) limits: Limits,
    pub(crate) mapper: StackMapper,
    /// Whole linear memory.
    pub(crate) memory: Box<[u8]>,
    /// Pages of `memory` that differ from the image's, by number.
    pub(crate) pages: Vec<usize>,
    /// Module scope looked at clock or randomness: the program is loaded anew by every run.
    pub(crate) per_run: bool,
    /// BLAKE3 of the memory above the stack.
    pub(crate) hash: [u8; 32],
    config: Option<Json>,
    /// VMs that are in the baseline's state and free.
    warm: Mutex<Vec<Machine>>,
}

impl std::fmt::Debug for Baseline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Baseline").field("file", &self.program.file_name).finish_non_exhaustive()
    }
}

/// What the prelude answers when it has found the task function.
#[derive(Deserialize)]
struct Bound {
    config: Option<Json>,
}

/// Loads `program` in a fresh instance of `image` and keeps the memory.
pub(crate) fn load(
    engine: &Engine,
    image: Arc<Image>,
    program: &Program,
    limits: Limits,
) -> Result<Arc<Baseline>, LoadError> {
    let limits = Limits { stack_bytes: limits.stack_bytes.min(STACK_BYTES_MAX), ..limits };
    let mapper = StackMapper::new(&program.file_name, program.source_map.as_deref());
    let mut machine =
        Machine::new(engine, image.clone(), limits).map_err(|NoInstance(e)| LoadError::NoVm(e))?;
    machine.store.data_mut().begin_slice(0, 0);
    // The boot's own look at the clock does not count.
    machine.store.data_mut().impure = false;
    let bound = evaluate(&mut machine, program)
        .map_err(|fault| LoadError::Program(to_run_error(fault, &mapper, limits)))?;
    let per_run = machine.store.data().impure;
    let memory: Box<[u8]> = if per_run { image.memory.clone() } else { machine.memory().into() };
    let stack = usize::try_from(image.anchors.stack_pointer).unwrap_or(0);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&image.hash.0).update(&memory[stack..]);
    // The memory of a program that every run loads anew is the image's.
    hasher.update(program.code.as_bytes());
    let baseline = Baseline {
        engine: engine.clone(),
        pages: differing_pages(&image.memory, &memory, stack),
        hash: *hasher.finalize().as_bytes(),
        image,
        program: program.clone(),
        limits,
        mapper,
        memory,
        per_run,
        config: bound.config.filter(|config| config.get() != "null"),
        warm: Mutex::default(),
    };
    Ok(Arc::new(baseline))
}

/// Evaluates the program's text and lets the prelude find the task function in it.
fn evaluate(machine: &mut Machine, program: &Program) -> Result<Bound, Fault> {
    machine.set_limits(machine.store.data().limits)?;
    let anchors = machine.image.anchors;
    let exports = if program.is_module {
        let promise = machine.eval(&program.code, &program.file_name, EVAL_MODULE)?;
        machine.drain()?;
        let namespace = settled(machine, promise)?;
        machine.release(promise)?;
        namespace
    } else {
        let prepared = machine.call(anchors.prepare, Argument::Text("commonjs"))?;
        machine.release(prepared)?;
        let value = machine.eval(&program.code, &program.file_name, EVAL_SCRIPT)?;
        machine.drain()?;
        machine.release(value)?;
        machine.exports.clone().get_undefined.call(&mut machine.store, ())?
    };
    let bound = machine.call(anchors.bind, Argument::Handle(exports))?;
    let text = machine.text(bound)?;
    machine.release(bound)?;
    machine.release(exports)?;
    serde_json::from_str(&text).map_err(|_| Stop::Engine("the prelude did not bind".into()).into())
}

/// What a module's promise holds once its jobs have run.
fn settled(machine: &mut Machine, promise: i32) -> Result<i32, Fault> {
    let exports = machine.exports.clone();
    let state = exports.promise_state.call(&mut machine.store, promise)?;
    let value = exports.promise_result.call(&mut machine.store, promise)?;
    match state {
        1 => Ok(value),
        2 => Err(Fault::Threw(machine.describe(value)?)),
        _ => Err(Stop::Deadlock.into()),
    }
}

/// What a fault means for the run, with the stack in the author's own lines.
pub(crate) fn to_run_error(fault: Fault, mapper: &StackMapper, limits: Limits) -> RunError {
    let error = match fault {
        Fault::Stopped(stop) => return stop.to_run_error(),
        Fault::Threw(error) => error,
    };
    let code = match (error.name.as_str(), error.message.as_str()) {
        ("InternalError", "out of memory") => "memory_limit",
        ("RangeError" | "InternalError", "Maximum call stack size exceeded" | "stack overflow") => {
            "stack_overflow"
        }
        _ => "task_error",
    };
    let message = match code {
        "memory_limit" => Stop::Memory { limit: limits.memory_bytes }.to_string(),
        _ => error.message,
    };
    RunError {
        code: code.to_owned(),
        name: if error.name.is_empty() {
            "Error".to_owned()
        } else {
            host::cut(error.name, ERROR_NAME_BYTES_MAX)
        },
        message: host::cut(message, ERROR_MESSAGE_BYTES_MAX),
        stack: error
            .stack
            .map(|stack| mapper.map(&host::cut(stack, ERROR_STACK_BYTES_MAX)))
            .filter(|stack| !stack.is_empty()),
        call_code: error.code.map(|code| host::cut(code, ERROR_NAME_BYTES_MAX)),
    }
}

fn differing_pages(old: &[u8], new: &[u8], from: usize) -> Vec<usize> {
    let differs = |page: &usize| {
        let start = page * PAGE_BYTES;
        let end = (start + PAGE_BYTES).min(new.len());
        old.get(start..end) != Some(&new[start..end])
    };
    (from / PAGE_BYTES..new.len().div_ceil(PAGE_BYTES)).filter(differs).collect()
}

impl Baseline {
    /// The `config` that the task exports.
    pub fn config(&self) -> Option<&Json> {
        self.config.as_ref()
    }

    /// The engine build it is loaded on.
    pub fn engine_hash(&self) -> EngineHash {
        self.image.hash
    }

    /// Whether the program is loaded anew by every run, because its module scope looks at the clock
    /// or draws random numbers.
    pub fn is_loaded_per_run(&self) -> bool {
        self.per_run
    }

    /// A VM in the baseline's state.
    pub(crate) fn machine(&self) -> Result<Machine, NoInstance> {
        let warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(machine) = warm {
            return Ok(machine);
        }
        let mut machine = Machine::new(&self.engine, self.image.clone(), self.limits)?;
        if !machine.grow_to(self.memory.len()) {
            return Err(NoInstance(wasmtime::format_err!("the baseline does not fit into an instance")));
        }
        let memory = machine.memory_mut();
        for start in self.pages.iter().map(|page| page * PAGE_BYTES) {
            let end = (start + PAGE_BYTES).min(self.memory.len());
            memory[start..end].copy_from_slice(&self.memory[start..end]);
        }
        Ok(machine)
    }

    /// Takes back a VM that nobody needs any more and that was not stopped in the middle.
    ///
    /// Its memory is put back into the baseline's state, which costs less than a new instance. One
    /// that has grown is given up: its size would show.
    pub(crate) fn take_back(&self, mut machine: Machine) {
        if machine.memory().len() != self.memory.len() || machine.reset_stack().is_err() {
            return;
        }
        let stack = usize::try_from(self.image.anchors.stack_pointer).unwrap_or(0);
        let mut written = Vec::new();
        written::each_page(machine.memory(), stack / PAGE_BYTES, |page| written.push(page));
        let memory = machine.memory_mut();
        for start in written.into_iter().map(|page| page * PAGE_BYTES) {
            let end = (start + PAGE_BYTES).min(self.memory.len());
            memory[start..end].copy_from_slice(&self.memory[start..end]);
        }
        machine.reset_host(self.limits);
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        if warm.len() < WARM_MAX {
            warm.push(machine);
        }
    }

    /// Gives the idle VMs' memory back.
    pub fn cool(&self) {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Loads the program in a run's own VM, with the run's clock and randomness.
pub(crate) fn load_in_run(machine: &mut Machine, program: &Program, clock: Millis) -> Result<(), Fault> {
    machine.store.data_mut().clock = clock;
    evaluate(machine, program).map(drop)
}
