//! The shape of Rust files: each says what it is, none is too long, no function is.

use super::functions;
use super::sources::{Source, Sources};
use super::violation::Violation;

const FILE_LINES_LARGE: usize = 500;
const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;

/// Functions that may be longer, each with why: file, name, reason.
const LONG_FOR_A_REASON: [(&str, &str, &str); 0] = [];

/// Checks them all.
pub(super) fn check(sources: &Sources, found: &mut Vec<Violation>) {
    for source in sources.rust() {
        first_line(source, found);
        length(source, found);
        if source.is_product() {
            function_lengths(source, found);
        }
    }
    unused_exceptions(sources, found);
}

fn first_line(source: &Source, found: &mut Vec<Violation>) {
    if !source.text.starts_with("//!") {
        found.push(Violation::error(&source.path, 1, "does not begin with //! and what it is"));
    }
    if source.path.ends_with("/mod.rs") {
        found.push(Violation::error(&source.path, 1, "is a mod.rs; a module foo lies in foo.rs and foo/"));
    }
}

fn length(source: &Source, found: &mut Vec<Violation>) {
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        found.push(Violation::error(
            &source.path,
            lines,
            format!("has {lines} lines; the most is {FILE_LINES_MAX}"),
        ));
    } else if lines > FILE_LINES_LARGE {
        found.push(Violation::warning(
            &source.path,
            lines,
            format!("has {lines} lines; {FILE_LINES_LARGE} is large"),
        ));
    }
}

fn function_lengths(source: &Source, found: &mut Vec<Violation>) {
    for function in functions::in_code(&source.code).filter(|function| function.lines > FUNCTION_LINES_MAX) {
        if !is_excepted(&source.path, function.name) {
            let message =
                format!("`{}` has {} lines; the most is {FUNCTION_LINES_MAX}", function.name, function.lines);
            found.push(Violation::error(&source.path, function.line, message));
        }
    }
}

fn is_excepted(path: &str, name: &str) -> bool {
    LONG_FOR_A_REASON.iter().any(|(at, function, _)| *at == path && *function == name)
}

fn unused_exceptions(sources: &Sources, found: &mut Vec<Violation>) {
    for (path, name, _) in LONG_FOR_A_REASON {
        let is_long = |source: &Source| {
            functions::in_code(&source.code)
                .any(|function| function.name == name && function.lines > FUNCTION_LINES_MAX)
        };
        if !sources.get(path).is_ok_and(is_long) {
            found.push(Violation::error(path, 1, format!("`{name}` needs no exception for its length")));
        }
    }
}
