//! Words that do not belong into the repository: places on somebody's machine, addresses of registries,
//! and things to do that nobody has written down as an issue.

use super::mask;
use super::sources::{Source, Sources};
use super::violation::Violation;

/// Roots of paths on a machine.
const MACHINE_PATHS: [&str; 3] = ["/work/", "/root/", "/home/"];
/// Where packages come from is each machine's own matter.
const REGISTRIES: [&str; 4] = ["registry.npmjs.", "index.crates.", "static.crates.", "\"resolved\": \"http"];
const PROMISES: [&str; 2] = ["TODO", "FIXME"];
const PUBLIC_REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks every text file but this one and the rules in prose.
pub(super) fn check(sources: &Sources, found: &mut Vec<Violation>) {
    for source in sources.all().filter(|source| source.path != file_of_this()) {
        places(source, found);
        registries(source, found);
        if !source.path.ends_with(".md") {
            promises(source, found);
        }
    }
}

fn file_of_this() -> &'static str {
    "xtask/src/tidy/words.rs"
}

fn places(source: &Source, found: &mut Vec<Violation>) {
    for (line, text) in lines(source) {
        for path in MACHINE_PATHS.iter().filter(|path| stands_alone(text, path)) {
            found.push(Violation::error(&source.path, line, format!("names a place on a machine: {path}")));
        }
    }
}

/// Whether a path of the text begins with it.
fn stands_alone(text: &str, path: &str) -> bool {
    let continues = |byte: u8| mask::is_word(byte) || matches!(byte, b'.' | b'-' | b'}' | b'*' | b'/');
    text.match_indices(path).any(|(at, _)| at == 0 || !continues(text.as_bytes()[at - 1]))
}

fn registries(source: &Source, found: &mut Vec<Violation>) {
    let is_lockfile = source.path == "Cargo.lock";
    for (line, text) in lines(source) {
        let is_foreign = is_lockfile && text.contains("registry+") && !text.contains(PUBLIC_REGISTRY);
        if is_foreign || REGISTRIES.iter().any(|host| text.contains(host)) {
            found.push(Violation::error(&source.path, line, "names a registry's address"));
        }
    }
}

fn promises(source: &Source, found: &mut Vec<Violation>) {
    for (line, text) in lines(source) {
        if PROMISES.iter().any(|promise| is_open(text, promise)) {
            found.push(Violation::error(
                &source.path,
                line,
                "has something to do without an issue: write TODO(#7)",
            ));
        }
    }
}

fn is_open(text: &str, promise: &str) -> bool {
    text.match_indices(promise).any(|(at, _)| {
        let begins = at == 0 || !mask::is_word(text.as_bytes()[at - 1]);
        let rest = &text[at + promise.len()..];
        let has_issue =
            rest.strip_prefix("(#").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        begins && !has_issue && !rest.bytes().next().is_some_and(mask::is_word)
    })
}

fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source.text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_told_from_others() {
        assert!(stands_alone("see /root/notes", "/root/"));
        assert!(stands_alone("\"/work/main\"", "/work/"));
        assert!(!stands_alone("src/work/list.rs", "/work/"));
    }

    #[test]
    fn promises_need_an_issue() {
        assert!(is_open("// TODO: later", "TODO"));
        assert!(!is_open("// TODO(#12): later", "TODO"));
        assert!(!is_open("const TODOS: u8 = 1;", "TODO"));
    }
}
