//! Every limit by name. A limit that can be set per server or task is in [`Limits`]; the rest are
//! constants.

use serde::{Deserialize, Serialize};

/// What one run may use. All fields are mandatory: there is no unlimited VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most bytes the guest's heap may take.
    pub memory_bytes: u32,
    /// Most CPU time of one slice, in milliseconds.
    pub slice_cpu_ms: u32,
    /// Deepest guest call stack, in bytes of engine stack.
    pub stack_bytes: u32,
    /// Most bytes of a run's result, written as JSON.
    pub result_bytes: u32,
    /// Most bytes of one call's arguments, written as JSON.
    pub args_bytes: u32,
    /// Most calls one run may make.
    pub calls: u32,
    /// Most calls that may be pending at the same time.
    pub pending_calls: u32,
    /// Most log lines one run may write; what follows is dropped after one line that says so.
    pub log_lines: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            slice_cpu_ms: 10_000,
            stack_bytes: 256 << 10,
            result_bytes: 4 << 20,
            args_bytes: 1 << 20,
            calls: 250_000,
            pending_calls: 10_000,
            log_lines: 10_000,
        }
    }
}

/// Largest linear memory an instance may have: the heap limit plus the engine's own stack and data.
pub const MEMORY_BYTES_MAX: u32 = 256 << 20;
/// Deepest engine stack that leaves room for native frames (the module's whole stack is 1 MiB).
pub const STACK_BYTES_MAX: u32 = 512 << 10;
/// Longest log message kept, in bytes.
pub const LOG_MESSAGE_BYTES_MAX: usize = 8 << 10;
/// Largest structured data of one log line, in bytes.
pub const LOG_DATA_BYTES_MAX: usize = 16 << 10;
/// Largest task source, in bytes.
pub const SOURCE_BYTES_MAX: usize = 2 << 20;
/// Largest request body of the HTTP API, in bytes.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// Largest input of a run, in bytes.
pub const INPUT_BYTES_MAX: usize = 4 << 20;
/// Largest outcome of a call, in bytes.
pub const OUTCOME_BYTES_MAX: usize = 4 << 20;
/// Most keys that `tools.state` keeps for one task.
pub const STATE_KEYS_MAX: u32 = 10_000;
/// Longest key of `tools.state`, in characters.
pub const STATE_KEY_CHARS_MAX: usize = 200;
/// Largest value of `tools.state`, in bytes of JSON.
pub const STATE_VALUE_BYTES_MAX: usize = 32 << 10;
/// Deepest chain of runs that start runs.
pub const RUN_DEPTH_MAX: u32 = 64;
/// Longest task name, in characters.
pub const TASK_NAME_CHARS_MAX: usize = 100;
/// Longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Longest event name, in characters.
pub const EVENT_NAME_CHARS_MAX: usize = 200;
/// Most events kept for one run before it asks for them.
pub const EVENTS_KEPT_MAX: u32 = 1_000;
/// Longest wait of any timer: ten years.
pub const WAIT_MS_MAX: i64 = 10 * 366 * 24 * 3600 * 1000;
/// Most items on one page of a list.
pub const PAGE_ITEMS_MAX: u32 = 200;
/// Items on a page when nothing is said.
pub const PAGE_ITEMS_DEFAULT: u32 = 50;
/// Largest keystore value, in bytes.
pub const KEYSTORE_VALUE_BYTES_MAX: usize = 64 << 10;
/// Most versions kept of a keystore entry, with the one that counts. The oldest goes.
pub const KEYSTORE_VERSIONS_MAX: u32 = 10;
/// Longest time a cancelled run may spend on its clean-up, in milliseconds.
pub const CLEAN_UP_MS_MAX: i64 = 30_000;
