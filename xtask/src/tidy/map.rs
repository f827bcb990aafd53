//! ARCHITECTURE.md tells of what exists: every path in it does, and every test that holds an invariant.

use anyhow::Result;

use super::sources::{Source, Sources};
use super::table;
use super::violation::Violation;
use crate::repository;

/// The map.
pub(super) const FILE: &str = "ARCHITECTURE.md";
const LINES_MAX: usize = 300;

/// Checks the paths of the map, and of the other pages in prose.
pub(super) fn check(sources: &Sources, found: &mut Vec<Violation>) -> Result<()> {
    let lines = sources.get(FILE)?.text.lines().count();
    if lines > LINES_MAX {
        found.push(Violation::error(FILE, lines, format!("has {lines} lines; the most is {LINES_MAX}")));
    }
    for source in sources.all().filter(|source| is_prose(&source.path)) {
        paths(source, found);
    }
    tests(sources, &sources.get(FILE)?.text, found);
    Ok(())
}

/// The tests that the section on invariants names.
fn tests(sources: &Sources, text: &str, found: &mut Vec<Violation>) {
    let lines = text.lines().enumerate().skip_while(|(_, line)| !is_invariants(line)).skip(1);
    for (index, line) in lines.take_while(|(_, line)| !line.starts_with("## ")) {
        for name in table::in_backticks(line).filter(|name| is_test_name(name)) {
            let declared = format!("fn {name}(");
            if !sources.rust().any(|source| source.text.contains(&declared)) {
                found.push(Violation::error(FILE, index + 1, format!("there is no test `{name}`")));
            }
        }
    }
}

fn is_invariants(line: &str) -> bool {
    line.starts_with("## ") && line.ends_with("Invariants")
}

/// Names of tests are sentences: at least three words.
fn is_test_name(text: &str) -> bool {
    let is_snake_case =
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    is_snake_case && text.matches('_').count() >= 2
}

fn is_prose(path: &str) -> bool {
    path.ends_with(".md") && (!path.contains('/') || path.starts_with("docs/"))
}

fn paths(source: &Source, found: &mut Vec<Violation>) {
    for (index, line) in source.text.lines().enumerate() {
        for path in table::in_backticks(line).filter_map(repository_path) {
            if !repository::root().join(path).exists() {
                found.push(Violation::error(&source.path, index + 1, format!("`{path}` does not exist")));
            }
        }
    }
}

const FOLDERS: [&str; 8] = ["crates/", "xtask/", "docs/", "examples/", "sdk/", ".ci/", ".config/", ".cargo/"];

/// The text as a path of the repository, if it looks like one and is not a pattern.
fn repository_path(text: &str) -> Option<&str> {
    let is_path = FOLDERS.iter().any(|folder| text.starts_with(folder));
    let is_pattern = text.contains(['*', '{', '<', '…', ' ']) || text.contains("NNNN");
    (is_path && !is_pattern).then(|| text.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::{is_test_name, repository_path};

    #[test]
    fn tests_are_told_from_other_words() {
        assert!(is_test_name("ended_runs_never_change"));
        assert!(!is_test_name("task_functions"));
        assert!(!is_test_name("Vm::start_one_run"));
    }

    #[test]
    fn paths_are_told_from_other_words() {
        assert_eq!(repository_path("crates/store/"), Some("crates/store"));
        assert_eq!(repository_path("crates/*/src"), None);
        assert_eq!(repository_path("application/json"), None);
    }
}
