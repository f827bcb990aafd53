//! The host's side of the module's imports: what a guest can reach of the world outside.
//!
//! That is: ask for a call, drop one, write a line, draw from the slice's recorded randomness, read
//! the slice's recorded clock, and finish. Everything else answers "not there".

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fermata_model::limits::{LOG_DATA_BYTES_MAX, LOG_MESSAGE_BYTES_MAX};
use fermata_model::record::LogLevel;
use fermata_model::{DeliveryNumber, Json, Limits, Millis, json};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::Deserialize;
use wasmtime::{Caller, Engine, Linker};

use crate::anchors::Anchors;
use crate::exports::Exports;
use crate::guest_error::{GuestError, GuestText};
use crate::slice::{CallRequest, LogRequest};
use crate::stop::Stop;

/// What guest code may do at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Engine and prelude, or a task's module scope, are being evaluated: no calls.
    Load,
    /// A run executes.
    Run,
}

/// The state of one VM outside its linear memory.
pub(crate) struct Host {
    pub(crate) exports: Option<Arc<Exports>>,
    pub(crate) anchors: Option<Anchors>,
    pub(crate) mode: Mode,
    pub(crate) limits: Limits,
    /// What the slice's clock shows.
    pub(crate) clock: Millis,
    /// Seed of the run's randomness and the delivery that this slice's part belongs to.
    pub(crate) seed: [u8; 16],
    pub(crate) delivery: DeliveryNumber,
    random: Option<ChaCha8Rng>,
    /// Module scope asked for clock or randomness, so its result is not the same for every run.
    pub(crate) impure: bool,
    pub(crate) calls_made: u32,
    pub(crate) pending: u32,
    pub(crate) log_lines: u32,
    /// Bytes of the arguments of the slice's calls: each is small, but all wait in the host's memory.
    pub(crate) args_bytes: u64,
    pub(crate) calls: Vec<CallRequest>,
    pub(crate) dropped: Vec<u32>,
    pub(crate) logs: Vec<LogRequest>,
    pub(crate) finished: Option<Finish>,
    /// CPU clock of the thread when the slice began, in nanoseconds.
    pub(crate) cpu_began_ns: u64,
    /// Set from another thread to stop the slice.
    pub(crate) kill: Arc<AtomicBool>,
}

/// How the task's promise settled.
#[derive(Debug)]
pub(crate) enum Finish {
    Returned(Json),
    Threw(GuestError),
}

/// What the prelude says of it.
#[derive(Deserialize)]
struct Told {
    value: Option<Json>,
    error: Option<Json>,
}

impl Host {
    /// The host of a VM that has executed nothing.
    pub(crate) fn new(limits: Limits, mode: Mode) -> Self {
        Self {
            exports: None,
            anchors: None,
            mode,
            limits,
            clock: 0,
            seed: [0; 16],
            delivery: 0,
            random: None,
            impure: false,
            calls_made: 0,
            pending: 0,
            log_lines: 0,
            args_bytes: 0,
            calls: Vec::new(),
            dropped: Vec::new(),
            logs: Vec::new(),
            finished: None,
            cpu_began_ns: 0,
            kill: Arc::default(),
        }
    }

    /// Sets clock and randomness for the slice after delivery `number`.
    pub(crate) fn begin_slice(&mut self, number: DeliveryNumber, clock: Millis) {
        self.delivery = number;
        self.clock = clock;
        self.random = None;
        self.args_bytes = 0;
        self.cpu_began_ns = thread_cpu_ns();
    }

    /// The randomness of this slice, a function of the run's seed and the delivery's number.
    fn random(&mut self) -> &mut ChaCha8Rng {
        self.impure = true;
        let (seed, delivery) = (self.seed, self.delivery);
        self.random.get_or_insert_with(|| {
            let mut hasher = blake3::Hasher::new_derive_key("fermata slice randomness 1");
            hasher.update(&seed).update(&delivery.to_le_bytes());
            ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
        })
    }

    /// Whether the slice has to stop now, asked at every tick of the engine's epoch.
    pub(crate) fn check_time(&self) -> Result<(), Stop> {
        if self.kill.load(Ordering::Relaxed) {
            return Err(Stop::Killed);
        }
        let used_ms = thread_cpu_ns().saturating_sub(self.cpu_began_ns) / 1_000_000;
        let limit_ms = self.limits.slice_cpu_ms;
        if used_ms >= u64::from(limit_ms) { Err(Stop::Cpu { limit_ms }) } else { Ok(()) }
    }
}

/// CPU time of this thread.
pub(crate) fn thread_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// The host functions the prelude finds as globals while it boots.
pub(crate) const HOST_FUNCTIONS: [&str; 6] =
    ["__host_call", "__host_cancel", "__host_log", "__host_random", "__host_random_hex", "__host_finish"];

/// What a host function answers the guest.
enum Answer {
    Undefined,
    Number(f64),
    Text(String),
    /// Thrown as an `Error` with this message.
    Throw(String),
}

/// Links every import of the engine module.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("env", "host_call", host_call)?;
    linker.func_wrap("env", "host_interrupt", || 0_i32)?;
    linker.func_wrap("env", "host_promise_rejection", |_: i32, _: i32, _: i32| {})?;
    linker.func_wrap("env", "host_module_normalize", |_: i32, _: i32| 0_i32)?;
    linker.func_wrap("env", "host_module_load", |_: i32, _: i32| 0_i32)?;
    // Time zone UTC, always.
    linker.func_wrap("env", "host_get_timezone_offset", |_: i32, _: i32| 0_i32)?;
    let wasi = "wasi_snapshot_preview1";
    linker.func_wrap(wasi, "clock_time_get", clock_time_get)?;
    linker.func_wrap(wasi, "random_get", random_get)?;
    linker.func_wrap(wasi, "fd_write", fd_write)?;
    linker.func_wrap(wasi, "fd_close", |_: i32| ERRNO_BADF)?;
    linker.func_wrap(wasi, "fd_fdstat_get", |_: i32, _: i32| ERRNO_BADF)?;
    linker.func_wrap(wasi, "fd_seek", |_: i32, _: i64, _: i32, _: i32| ERRNO_BADF)?;
    Ok(linker)
}

const ERRNO_SUCCESS: i32 = 0;
const ERRNO_BADF: i32 = 8;
const ERRNO_FAULT: i32 = 21;

fn host_call(
    mut caller: Caller<'_, Host>,
    name: i32,
    name_length: i32,
    _this: i32,
    argc: i32,
    argv: i32,
) -> wasmtime::Result<i32> {
    let fault = |what: &str| wasmtime::Error::from(Stop::Engine(what.to_owned()));
    let exports = caller.data().exports.clone().ok_or_else(|| fault("a host call before boot"))?;
    let mut name_bytes = [0_u8; 32];
    let length = usize::try_from(name_length).ok().filter(|n| *n <= name_bytes.len());
    let length = length.ok_or_else(|| fault("an unknown host function"))?;
    let at = usize::try_from(name).map_err(|_| fault("a bad pointer"))?;
    exports.memory.read(&caller, at, &mut name_bytes[..length]).map_err(|_| fault("a bad pointer"))?;
    let answer = match &name_bytes[..length] {
        b"__host_random" => Answer::Number(draw(caller.data_mut())),
        b"__host_call" => {
            let text = argument(&mut caller, &exports, argc, argv)?;
            request_call(caller.data_mut(), &text)?
        }
        b"__host_finish" => {
            let text = argument(&mut caller, &exports, argc, argv)?;
            finish(caller.data_mut(), &text)?
        }
        b"__host_log" => {
            let text = argument(&mut caller, &exports, argc, argv)?;
            log(caller.data_mut(), &text);
            Answer::Undefined
        }
        b"__host_cancel" => {
            let text = argument(&mut caller, &exports, argc, argv)?;
            drop_call(caller.data_mut(), &text);
            Answer::Undefined
        }
        b"__host_random_hex" => {
            let text = argument(&mut caller, &exports, argc, argv)?;
            random_hex(caller.data_mut(), &text)
        }
        _ => return Err(fault("an unknown host function")),
    };
    give(&mut caller, &exports, answer)
}

/// The first argument of a host call as text.
fn argument(
    caller: &mut Caller<'_, Host>,
    exports: &Exports,
    argc: i32,
    argv: i32,
) -> wasmtime::Result<String> {
    let bad = || wasmtime::Error::from(Stop::Engine("a bad argument of a host call".to_owned()));
    if argc < 1 {
        return Err(bad());
    }
    let mut pointer = [0; 4];
    let at = usize::try_from(argv).map_err(|_| bad())?;
    exports.memory.read(&*caller, at, &mut pointer)?;
    let limit = caller.data().limits.memory_bytes;
    // The length is written behind the argument slot of the anchors; during boot there are none yet.
    let length_at = match caller.data().anchors {
        Some(anchors) => anchors.argv + 4,
        None => exports.malloc.call(&mut *caller, 4)?,
    };
    let text = exports.get_string.call(&mut *caller, (i32::from_le_bytes(pointer), length_at))?;
    if text == 0 {
        return Err(Stop::Memory { limit }.into());
    }
    let mut length = [0; 4];
    exports.memory.read(&*caller, usize::try_from(length_at).map_err(|_| bad())?, &mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| bad())?;
    let bytes = exports.read(&*caller, text, length).ok_or_else(bad)?;
    exports.free_cstring.call(&mut *caller, text)?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Makes the answer a guest value and returns its handle, which the module takes over.
fn give(caller: &mut Caller<'_, Host>, exports: &Exports, answer: Answer) -> wasmtime::Result<i32> {
    match answer {
        Answer::Undefined => match caller.data().anchors {
            Some(anchors) => exports.dup_value.call(caller, anchors.undefined),
            None => exports.get_undefined.call(caller, ()),
        },
        Answer::Number(number) => exports.new_number.call(caller, number),
        Answer::Text(text) => new_string(caller, exports, &text),
        Answer::Throw(message) => {
            let error = exports.new_error.call(&mut *caller, ())?;
            let value = new_string(caller, exports, &message)?;
            let name = put(caller, exports, b"message\0")?;
            exports.set_prop.call(&mut *caller, (error, name, value))?;
            exports.free.call(&mut *caller, name)?;
            exports.free_value.call(&mut *caller, value)?;
            exports.throw.call(&mut *caller, error)?;
            exports.free_value.call(&mut *caller, error)?;
            Ok(0)
        }
    }
}

fn new_string(caller: &mut Caller<'_, Host>, exports: &Exports, text: &str) -> wasmtime::Result<i32> {
    let at = put(caller, exports, text.as_bytes())?;
    let length = i32::try_from(text.len()).unwrap_or(0);
    let value = exports.new_string.call(&mut *caller, (at, length))?;
    exports.free.call(caller, at)?;
    Ok(value)
}

fn put(caller: &mut Caller<'_, Host>, exports: &Exports, bytes: &[u8]) -> wasmtime::Result<i32> {
    let limit = caller.data().limits.memory_bytes;
    let length = i32::try_from(bytes.len().max(1)).map_err(|_| Stop::Memory { limit })?;
    let at = exports.malloc.call(&mut *caller, length)?;
    if at == 0 {
        return Err(Stop::Memory { limit }.into());
    }
    exports.memory.write(caller, usize::try_from(at).unwrap_or(0), bytes)?;
    Ok(at)
}

/// `__host_call("{number} {service} {method}\n{args}")`.
fn request_call(host: &mut Host, text: &str) -> wasmtime::Result<Answer> {
    if host.mode == Mode::Load {
        let message = "A call can be made only while a run executes: move it into the task function";
        return Ok(Answer::Throw(message.to_owned()));
    }
    let limits = host.limits;
    if host.pending >= limits.pending_calls {
        let message = format!("More than {} calls are pending", limits.pending_calls);
        return Ok(Answer::Throw(message));
    }
    if host.calls_made >= limits.calls {
        return Ok(Answer::Throw(format!("The run has made more than {} calls", limits.calls)));
    }
    let Some((number, service, method, args)) = call_parts(text) else {
        // The prelude writes these; a line break in a name shifts what is read here.
        return Ok(Answer::Throw(LINE_BREAK.to_owned()));
    };
    if service.len() + method.len() > CALL_NAME_BYTES_MAX {
        let message =
            format!("The names of a service and its method take more than {CALL_NAME_BYTES_MAX} bytes");
        return Ok(Answer::Throw(message));
    }
    if number.parse() != Ok(host.calls_made + 1) {
        return Err(Stop::Engine("a call out of order".to_owned()).into());
    }
    if args.len() > usize::try_from(limits.args_bytes).unwrap_or(usize::MAX) {
        let bytes = args.len();
        let limit = limits.args_bytes;
        let message =
            format!("The arguments of {service}.{method} take {bytes} bytes as JSON; the limit is {limit}");
        return Ok(Answer::Throw(message));
    }
    let bytes_max = u64::from(limits.memory_bytes);
    host.args_bytes += u64::try_from(args.len()).unwrap_or(u64::MAX);
    if host.args_bytes > bytes_max {
        let message = format!("The arguments of the calls made at once take more than {bytes_max} bytes");
        return Ok(Answer::Throw(message));
    }
    let Ok(args) = json::parse(args.to_owned()) else {
        return Ok(Answer::Throw(LINE_BREAK.to_owned()));
    };
    host.calls_made += 1;
    host.pending += 1;
    host.calls.push(CallRequest {
        number: host.calls_made,
        service: service.to_owned(),
        method: method.to_owned(),
        args,
    });
    Ok(Answer::Undefined)
}

/// Longest names of a service and a method together, in bytes.
const CALL_NAME_BYTES_MAX: usize = 512;
const LINE_BREAK: &str = "The name of a service or method cannot contain a line break";

fn call_parts(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, args) = text.split_once('\n')?;
    let (number, name) = head.split_once(' ')?;
    let (service, method) = name.split_once(' ')?;
    Some((number, service, method, args))
}

/// `__host_cancel("{number}")`.
fn drop_call(host: &mut Host, text: &str) {
    if let Ok(number) = text.parse::<u32>()
        && number <= host.calls_made
        && host.pending > 0
    {
        host.pending -= 1;
        host.dropped.push(number);
    }
}

/// `__host_finish(json)`.
fn finish(host: &mut Host, text: &str) -> wasmtime::Result<Answer> {
    let limit = host.limits.result_bytes;
    let told: Told = serde_json::from_str(text).map_err(|_| Stop::Engine("a malformed result".to_owned()))?;
    let finish = match (told.error, told.value) {
        (Some(error), _) => Finish::Threw(GuestError::read(error.get())),
        (None, Some(value)) => {
            let bytes = value.get().len();
            if bytes > usize::try_from(limit).unwrap_or(usize::MAX) {
                return Err(Stop::ResultTooLarge { bytes, limit }.into());
            }
            Finish::Returned(value)
        }
        (None, None) => Finish::Returned(json::null()),
    };
    host.finished.get_or_insert(finish);
    Ok(Answer::Undefined)
}

/// `__host_log(json [level, message, data])`.
fn log(host: &mut Host, text: &str) {
    let limit = host.limits.log_lines;
    if host.mode == Mode::Load || host.log_lines > limit {
        return;
    }
    host.log_lines += 1;
    if host.log_lines > limit {
        let message = format!("The run has written {limit} lines; what follows is dropped");
        host.logs.push(LogRequest { level: LogLevel::Warn, message, data: None });
        return;
    }
    type Line = (String, GuestText, Option<Json>);
    let (level, GuestText(message), data) = serde_json::from_str::<Line>(text)
        .unwrap_or_else(|_| ("info".into(), GuestText(text.to_owned()), None));
    let message = cut(message, LOG_MESSAGE_BYTES_MAX);
    let data = data.filter(|data| data.get() != "null" && data.get().len() <= LOG_DATA_BYTES_MAX);
    host.logs.push(LogRequest { level: LogLevel::from_word(&level), message, data });
}

/// The text, or its beginning and an ellipsis.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// A number in [0, 1) with 53 random bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
fn draw(host: &mut Host) -> f64 {
    (host.random().next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Most random bytes of one request, as in the Web Crypto standard.
const RANDOM_BYTES_MAX: usize = 65_536;

fn random_hex(host: &mut Host, count: &str) -> Answer {
    let Some(count) = count.parse().ok().filter(|count| *count <= RANDOM_BYTES_MAX) else {
        return Answer::Throw(format!("At most {RANDOM_BYTES_MAX} random bytes can be asked for at once"));
    };
    let mut bytes = vec![0; count];
    host.random().fill_bytes(&mut bytes);
    Answer::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn clock_time_get(mut caller: Caller<'_, Host>, _clock: i32, _precision: i64, out: i32) -> i32 {
    let host = caller.data_mut();
    host.impure = true;
    let nanoseconds = host.clock.saturating_mul(1_000_000);
    write(caller, out, &nanoseconds.to_le_bytes())
}

fn random_get(mut caller: Caller<'_, Host>, out: i32, length: i32) -> i32 {
    let Some(length) = usize::try_from(length).ok().filter(|n| *n <= RANDOM_BYTES_MAX) else {
        return ERRNO_FAULT;
    };
    let mut bytes = vec![0; length];
    caller.data_mut().random().fill_bytes(&mut bytes);
    write(caller, out, &bytes)
}

/// The engine's own messages go nowhere; only their length is answered.
fn fd_write(caller: Caller<'_, Host>, _fd: i32, vectors: i32, count: i32, written: i32) -> i32 {
    let Some(exports) = caller.data().exports.clone() else { return ERRNO_FAULT };
    let Some(count) = usize::try_from(count).ok().filter(|n| *n <= 1024) else { return ERRNO_FAULT };
    let Some(bytes) = exports.read(&caller, vectors, count * 8) else { return ERRNO_FAULT };
    let length = |vector: &[u8]| u32::from_le_bytes([vector[4], vector[5], vector[6], vector[7]]);
    let total = bytes.chunks_exact(8).map(length).fold(0_u32, u32::wrapping_add);
    write(caller, written, &total.to_le_bytes())
}

fn write(mut caller: Caller<'_, Host>, at: i32, bytes: &[u8]) -> i32 {
    let Some(exports) = caller.data().exports.clone() else { return ERRNO_FAULT };
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    match exports.memory.write(&mut caller, at, bytes) {
        Ok(()) => ERRNO_SUCCESS,
        Err(_) => ERRNO_FAULT,
    }
}
