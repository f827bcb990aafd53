//! Why a slice was stopped from outside the guest: a limit, a kill, or an engine fault.

use fermata_model::RunError;
use wasmtime::Trap;

/// The reason, as it passes through the Wasm engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// The slice used all its CPU time.
    #[error("The task computed for longer than {limit_ms} ms without waiting")]
    Cpu { limit_ms: u32 },
    /// Somebody killed the run.
    #[error("The run was killed")]
    Killed,
    /// The result is too long.
    #[error("The result takes {bytes} bytes as JSON; the limit is {limit}")]
    ResultTooLarge { bytes: usize, limit: u32 },
    /// The guest's heap is full.
    #[error("The task needs more memory than its limit of {limit} bytes")]
    Memory { limit: u32 },
    /// The guest's stack ran over where the engine could not throw.
    #[error("The task's calls are nested too deeply")]
    Stack,
    /// Nothing is pending and nothing can happen any more.
    #[error(
        "The task waits for something that can never happen: no call is pending and nothing is left to run"
    )]
    Deadlock,
    /// The engine or the prelude did something it never should.
    #[error("The JavaScript engine failed: {0}")]
    Engine(String),
}

impl Stop {
    /// The stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Cpu { .. } => "cpu_limit",
            Self::Killed => "killed",
            Self::ResultTooLarge { .. } => "result_too_large",
            Self::Memory { .. } => "memory_limit",
            Self::Stack => "stack_overflow",
            Self::Deadlock => "deadlock",
            Self::Engine(_) => "engine_fault",
        }
    }

    /// What a Wasm call that ended in an error means.
    pub(crate) fn from_wasm(error: &wasmtime::Error) -> Self {
        if let Some(stop) = error.downcast_ref::<Self>() {
            return stop.clone();
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => Self::Stack,
            Some(trap) => Self::Engine(trap.to_string()),
            None => Self::Engine(error.to_string()),
        }
    }

    /// The run's error.
    pub(crate) fn to_run_error(&self) -> RunError {
        RunError::system(self.code(), self.to_string())
    }
}
