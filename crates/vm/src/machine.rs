//! One instance of the engine module and the few operations everything else is made of.

use std::sync::Arc;

use fermata_model::Limits;
use wasmtime::{Store, UpdateDeadline, Val};

use crate::anchors::SCRATCH_BYTES;
use crate::engine::Engine;
use crate::exports::Exports;
use crate::guest_error::{GuestError, UNREADABLE};
use crate::host::{Host, Mode};
use crate::image::Image;
use crate::stop::Stop;

/// Evaluate as an ES module.
pub(crate) const EVAL_MODULE: i32 = 1;
/// Evaluate as a script.
pub(crate) const EVAL_SCRIPT: i32 = 0;

/// Why guest code did not go through.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It threw.
    Threw(GuestError),
    /// It was stopped.
    Stopped(Stop),
}

impl From<wasmtime::Error> for Fault {
    fn from(error: wasmtime::Error) -> Self {
        Self::Stopped(Stop::from_wasm(&error))
    }
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

/// No instance was free.
#[derive(Debug, thiserror::Error)]
#[error("no VM is free")]
pub(crate) struct NoInstance(#[source] pub(crate) wasmtime::Error);

pub(crate) struct Machine {
    pub(crate) store: Store<Host>,
    pub(crate) exports: Arc<Exports>,
    pub(crate) image: Arc<Image>,
}

impl Machine {
    /// A fresh instance in the state the boot left.
    pub(crate) fn new(engine: &Engine, image: Arc<Image>, limits: Limits) -> Result<Self, NoInstance> {
        let mut store = Store::new(engine.wasm(), Host::new(limits, Mode::Load));
        store.set_epoch_deadline(2);
        store.epoch_deadline_callback(|context| {
            context.data().check_time()?;
            Ok(UpdateDeadline::Continue(1))
        });
        let instance = image.pre.instantiate(&mut store).map_err(NoInstance)?;
        let exports = Exports::new(&mut store, &instance, &image.index)
            .map(Arc::new)
            .map_err(|error| NoInstance(wasmtime::Error::new(error)))?;
        store.data_mut().exports = Some(exports.clone());
        store.data_mut().anchors = Some(image.anchors);
        Ok(Self { store, exports, image })
    }

    /// Forgets the run: the host side is as after [`Machine::new`].
    pub(crate) fn reset_host(&mut self, limits: Limits) {
        let mut host = Host::new(limits, Mode::Load);
        host.exports = Some(self.exports.clone());
        host.anchors = Some(self.image.anchors);
        *self.store.data_mut() = host;
    }

    /// Calls one of the prelude's entry points with a text. The caller frees the result.
    pub(crate) fn call(&mut self, entry: i32, argument: Argument<'_>) -> Result<i32, Fault> {
        self.store.set_epoch_deadline(2);
        let exports = self.exports.clone();
        let value = match argument {
            Argument::Text(text) => self.new_string(text)?,
            Argument::Handle(handle) => exports.dup_value.call(&mut self.store, handle)?,
        };
        let anchors = self.image.anchors;
        self.write(anchors.argv, &value.to_le_bytes())?;
        let result = exports.call.call(&mut self.store, (entry, anchors.undefined, 1, anchors.argv))?;
        exports.free_value.call(&mut self.store, value)?;
        self.checked(result)
    }

    /// Evaluates a text. The caller frees the result.
    pub(crate) fn eval(&mut self, code: &str, file_name: &str, flags: i32) -> Result<i32, Fault> {
        self.store.set_epoch_deadline(2);
        let exports = self.exports.clone();
        let text = self.allocate(&[code.as_bytes(), b"\0"].concat())?;
        let file = self.allocate(&[file_name.as_bytes(), b"\0"].concat())?;
        let length = i32::try_from(code.len()).map_err(|_| self.out_of_memory())?;
        let result = exports.eval.call(&mut self.store, (text, length, file, flags))?;
        exports.free.call(&mut self.store, text)?;
        exports.free.call(&mut self.store, file)?;
        self.checked(result)
    }

    /// Executes promise jobs until there are none.
    pub(crate) fn drain(&mut self) -> Result<(), Fault> {
        let exports = self.exports.clone();
        while exports.is_job_pending.call(&mut self.store, ())? != 0 {
            if exports.execute_pending_job.call(&mut self.store, ())? < 0 {
                // A job's own error settles its promise; what arrives here is the engine's.
                return Err(self.exception()?);
            }
        }
        Ok(())
    }

    /// A value as text, by JavaScript's own conversion.
    pub(crate) fn text(&mut self, handle: i32) -> Result<String, Fault> {
        match self.convert(handle)? {
            Some(text) => Ok(text),
            None => Err(self.exception()?),
        }
    }

    /// A value as text, if it has one.
    fn readable(&mut self, handle: i32) -> Result<Option<String>, Fault> {
        let text = self.convert(handle)?;
        if text.is_none() {
            self.forget_exception()?;
        }
        Ok(text)
    }

    /// A value as text, or nothing and a pending exception.
    fn convert(&mut self, handle: i32) -> Result<Option<String>, Fault> {
        let exports = self.exports.clone();
        let length_at = self.image.anchors.argv + 4;
        let at = exports.get_string.call(&mut self.store, (handle, length_at))?;
        if at == 0 {
            return Ok(None);
        }
        let length = exports.read(&self.store, length_at, 4).unwrap_or_default();
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
        let bytes = exports.read(&self.store, at, usize::try_from(length).unwrap_or(0)).unwrap_or_default();
        exports.free_cstring.call(&mut self.store, at)?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Gives up a handle.
    pub(crate) fn release(&mut self, handle: i32) -> Result<(), Fault> {
        Ok(self.exports.clone().free_value.call(&mut self.store, handle)?)
    }

    /// The error in `handle`, as far as it can be read: reading it may run the task's own code.
    pub(crate) fn describe(&mut self, handle: i32) -> Result<GuestError, Fault> {
        let name = self.property(handle, b"name\0")?;
        let (message, stack) = (self.property(handle, b"message\0")?, self.property(handle, b"stack\0")?);
        let Some(name) = name else {
            let message = self.readable(handle)?.unwrap_or_else(|| UNREADABLE.to_owned());
            return Ok(GuestError { name: "Error".into(), message, ..GuestError::default() });
        };
        Ok(GuestError { name, message: message.unwrap_or_default(), stack, code: None })
    }

    /// A property as text, if there is one that can be read.
    fn property(&mut self, object: i32, name: &[u8]) -> Result<Option<String>, Fault> {
        let exports = self.exports.clone();
        let at = self.allocate(name)?;
        let value = exports.get_prop.call(&mut self.store, (object, at))?;
        exports.free.call(&mut self.store, at)?;
        if exports.is_exception.call(&mut self.store, value)? != 0 {
            self.forget_exception()?;
            return Ok(None);
        }
        let text = self.readable(value)?;
        self.release(value)?;
        Ok(text.filter(|text| text != "undefined"))
    }

    /// Drops the pending exception without a look at it: describing what was thrown by describing
    /// something would never end.
    fn forget_exception(&mut self) -> Result<(), Fault> {
        let exception = self.exports.clone().get_exception.call(&mut self.store, ())?;
        self.release(exception)
    }

    /// Limits of the guest's own making: heap and stack.
    pub(crate) fn set_limits(&mut self, limits: Limits) -> Result<(), Fault> {
        let clamp = |bytes: u32| i32::try_from(bytes).unwrap_or(i32::MAX);
        self.exports.set_memory_limit.call(&mut self.store, clamp(limits.memory_bytes))?;
        self.exports.set_max_stack_size.call(&mut self.store, clamp(limits.stack_bytes))?;
        Ok(())
    }

    /// Linear memory.
    pub(crate) fn memory(&self) -> &[u8] {
        self.exports.memory.data(&self.store)
    }

    /// Linear memory, to write to.
    pub(crate) fn memory_mut(&mut self) -> &mut [u8] {
        self.exports.memory.data_mut(&mut self.store)
    }

    /// Makes linear memory at least this long. Says whether that was possible.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let missing = bytes.saturating_sub(self.memory().len());
        let pages = u64::try_from(missing.div_ceil(65_536)).unwrap_or(u64::MAX);
        pages == 0 || self.exports.memory.grow(&mut self.store, pages).is_ok()
    }

    /// Puts the stack pointer where it is while no guest code runs.
    pub(crate) fn reset_stack(&mut self) -> Result<(), Fault> {
        let at = self.image.anchors.stack_pointer;
        Ok(self.exports.stack_pointer.set(&mut self.store, Val::I32(at))?)
    }

    /// Whether the heap takes a little more. What was asked for stays behind: this is for a VM that has ended.
    pub(crate) fn has_room(&mut self) -> bool {
        let text = "x".repeat(SCRATCH_BYTES);
        let exports = self.exports.clone();
        let refused = self.new_string(&text).map(|value| exports.is_exception.call(&mut self.store, value));
        matches!(refused, Ok(Ok(0)))
    }

    fn new_string(&mut self, text: &str) -> Result<i32, Fault> {
        let exports = self.exports.clone();
        let length = i32::try_from(text.len()).map_err(|_| self.out_of_memory())?;
        if text.len() <= SCRATCH_BYTES {
            let scratch = self.image.anchors.scratch;
            self.write(scratch, text.as_bytes())?;
            let value = exports.new_string.call(&mut self.store, (scratch, length))?;
            // Nothing of it may stay behind in checkpoints.
            let start = usize::try_from(scratch).unwrap_or(0);
            self.memory_mut()[start..start + text.len()].fill(0);
            return Ok(value);
        }
        let at = self.allocate(text.as_bytes())?;
        let value = exports.new_string.call(&mut self.store, (at, length))?;
        exports.free.call(&mut self.store, at)?;
        Ok(value)
    }

    fn allocate(&mut self, bytes: &[u8]) -> Result<i32, Fault> {
        let length = i32::try_from(bytes.len()).map_err(|_| self.out_of_memory())?;
        let at = self.exports.malloc.call(&mut self.store, length)?;
        if at == 0 {
            return Err(self.out_of_memory().into());
        }
        self.write(at, bytes)?;
        Ok(at)
    }

    fn write(&mut self, at: i32, bytes: &[u8]) -> Result<(), Fault> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let written = self.exports.memory.write(&mut self.store, at, bytes);
        written.map_err(|_| Stop::Engine("a bad pointer".into()).into())
    }

    fn checked(&mut self, result: i32) -> Result<i32, Fault> {
        if self.exports.is_exception.call(&mut self.store, result)? != 0 {
            return Err(self.exception()?);
        }
        Ok(result)
    }

    /// The pending exception as a fault.
    fn exception(&mut self) -> Result<Fault, Fault> {
        let handle = self.exports.get_exception.call(&mut self.store, ())?;
        let error = self.describe(handle)?;
        self.release(handle)?;
        Ok(Fault::Threw(error))
    }

    fn out_of_memory(&self) -> Stop {
        Stop::Memory { limit: self.store.data().limits.memory_bytes }
    }
}

/// What an entry point is called with.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a> {
    /// A text.
    Text(&'a str),
    /// A guest value.
    Handle(i32),
}
