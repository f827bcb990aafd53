//! Each kind of danger has one home: what only one crate may touch.

use super::mask;
use super::sources::{Source, Sources};
use super::violation::Violation;

/// Something that only some files may name in their code.
struct Rule {
    /// What a line must not contain, all of it.
    words: &'static [&'static str],
    /// Paths that begin so may.
    homes: &'static [&'static str],
    /// What to do instead.
    message: &'static str,
}

const RULES: [Rule; 6] = [
    Rule {
        words: &["rusqlite"],
        homes: &["crates/store/", "crates/services/src/sql/"],
        message: "SQL lives in `store`, and that of tasks in the service `sql`",
    },
    Rule { words: &["wasmtime"], homes: &["crates/vm/"], message: "Wasm lives in `vm` alone" },
    Rule {
        words: &["reqwest"],
        homes: &["crates/connect/"],
        message: "outbound connections are opened by `connect` alone",
    },
    Rule {
        words: &["process::", "Command"],
        homes: STARTERS,
        message: "processes are started by `sandbox` alone",
    },
    Rule { words: &["tokio::process"], homes: STARTERS, message: "processes are started by `sandbox` alone" },
    Rule {
        words: &["env::var"],
        homes: &["crates/fermata/src/settings", "crates/testkit/src/postgres/environment"],
        message: "the environment is read by the binary's settings alone",
    },
];

const STARTERS: &[&str] = &["crates/sandbox/", "crates/testkit/", "xtask/"];

/// Holds the code, without its tests, to the rules.
pub(super) fn check(sources: &Sources, found: &mut Vec<Violation>) {
    for source in sources.rust().filter(|source| source.is_product()) {
        for rule in RULES.iter().filter(|rule| !rule.is_at_home(source)) {
            found.extend(rule.broken_in(source));
        }
    }
}

impl Rule {
    fn is_at_home(&self, source: &Source) -> bool {
        self.homes.iter().any(|home| source.path.starts_with(home))
    }

    fn broken_in<'a>(&'a self, source: &'a Source) -> impl Iterator<Item = Violation> + 'a {
        let lines = source.code.lines().enumerate();
        lines
            .filter(|(_, line)| self.words.iter().all(|word| names(line, word)))
            .map(|(index, _)| Violation::error(&source.path, index + 1, self.message))
    }
}

/// Whether the line has the word, not merely as the middle of a longer one. `env::vars` and `env::var_os` count
/// as `env::var`.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| at == 0 || !mask::is_word(line.as_bytes()[at - 1]))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn words_begin_where_names_begin() {
        assert!(names("use rusqlite::Connection;", "rusqlite"));
        assert!(names("std::env::var_os(name)", "env::var"));
        assert!(!names("let not_rusqlite = 1;", "rusqlite"));
    }
}
