//! Turns a published task's text into what the VM runs.
//!
//! JavaScript goes through word for word, so that positions in it stay exact; TypeScript is freed of
//! its types and printed with a source map. Nothing here runs the text, reads a file or fetches an
//! import: a task is one self-contained file, and what it would need from elsewhere is an error at
//! its place. The text is hostile until proven otherwise, so its nesting is measured first.

mod check;
mod description;
mod doc_comment;
mod error;
mod input_schema;
mod language;
mod nesting;
mod param;
mod param_type;
mod passes;
mod position;
mod source_map;
mod stack;
mod task_function;
mod tokens;
mod typescript;

#[cfg(test)]
mod tests;

use std::{io, thread};

use fermata_model::limits::SOURCE_BYTES_MAX;

pub use error::SourceError;
use language::Language;
pub use stack::StackMapper;

/// What a task's text became.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// The name the code is evaluated under; stack frames carry it.
    pub file_name: String,
    /// The JavaScript to evaluate.
    pub code: String,
    /// Whether the code is an ES module; otherwise it is a script that may set `module.exports`.
    pub is_module: bool,
    /// The way back from `code` to the author's text as source map JSON; `None` if they are equal.
    /// Columns of the code count bytes, as the engine does; columns of the text count characters.
    pub source_map: Option<String>,
    /// What the first doc comment says the task is for.
    pub description: Option<String>,
    /// JSON Schema (draft 2020-12) of the input, from the doc comment's `@param` lines.
    pub input_schema: Option<serde_json::Value>,
}

/// Compiles a task's text. The language follows from the extension of `file_name`.
///
/// # Errors
///
/// The first mistake that keeps the text from being a task, at its line and column.
pub fn compile(file_name: &str, source: &str) -> Result<Program, SourceError> {
    let language = Language::of(file_name).map_err(|message| SourceError::at_start(file_name, message))?;
    check_text(file_name, source)?;
    let depth_max = nesting::depth_max(source, language)
        .map_err(|refusal| SourceError::at(file_name, source, refusal.offset, refusal.message))?;
    let program = on_own_stack(depth_max, || passes::run(file_name, source, language))
        .unwrap_or_else(|stopped| Err(SourceError::at_start(file_name, stopped)));
    program.map_err(|mut error| {
        if !language.is_typescript && is_rather_typescript(source, language) {
            error.message.push_str("; this looks like TypeScript: name the file .ts");
        }
        error
    })
}

fn is_rather_typescript(source: &str, language: Language) -> bool {
    let parses = |language| match nesting::depth_max(source, language) {
        Ok(depth_max) => on_own_stack(depth_max, || passes::parses(source, language)).unwrap_or(false),
        Err(_) => false,
    };
    !parses(language) && parses(language.as_typescript())
}

fn check_text(file_name: &str, source: &str) -> Result<(), SourceError> {
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!(
            "the file is too large: {} bytes; a task may have {SOURCE_BYTES_MAX} (bundle less, or minify)",
            source.len()
        );
        return Err(SourceError::at_start(file_name, message));
    }
    match source.find('\0') {
        Some(offset) => {
            let message = "the file contains a NUL byte: it is not a text file";
            Err(SourceError::at(file_name, source, offset, message))
        }
        None => Ok(()),
    }
}

/// Stack that any file needs, and what each level of nesting adds. Measured: at most 1.9 KiB a level.
const STACK_BASE_BYTES: usize = 8 << 20;
const STACK_LEVEL_BYTES: usize = 4 << 10;

/// Does the work on a thread whose stack fits the nesting; pages it does not touch cost nothing.
/// A panic in there is a mistake of the compiler, and ends up as text.
fn on_own_stack<T: Send>(depth_max: usize, work: impl FnOnce() -> T + Send) -> Result<T, String> {
    let stack_bytes = STACK_BASE_BYTES + depth_max * STACK_LEVEL_BYTES;
    let builder = thread::Builder::new().name("compile".to_owned()).stack_size(stack_bytes);
    thread::scope(|scope| {
        let handle = builder.spawn_scoped(scope, work).map_err(|error: io::Error| error.to_string())?;
        let stopped =
            |payload: PanicPayload| format!("the compiler stopped on this file: {}", panic_text(&*payload));
        handle.join().map_err(stopped)
    })
}

type PanicPayload = Box<dyn std::any::Any + Send>;

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("unknown cause").to_owned()
}
