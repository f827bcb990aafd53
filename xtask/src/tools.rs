//! The programs that the build needs, and how to get the missing ones on Debian.

use anyhow::{Result, bail};

use crate::process;

/// A program the build needs.
struct Tool {
    name: &'static str,
    /// Lowest version that will do: major and minor.
    least: Option<(u32, u32)>,
    /// How to get it.
    remedy: &'static str,
}

const RUST: &str = "install Rust with rustup (see rustup.rs), then `rustup update stable`";
const NODE: &str = "`apt-get install nodejs npm` (Debian 13; older ones need Node 20 from nodejs.org)";

const TOOLS: [Tool; 5] = [
    Tool { name: "cargo", least: None, remedy: RUST },
    Tool { name: "rustc", least: Some((1, 95)), remedy: RUST },
    Tool { name: "node", least: Some((20, 0)), remedy: NODE },
    Tool { name: "npm", least: None, remedy: NODE },
    Tool { name: "cc", least: None, remedy: "`apt-get install gcc libc6-dev`" },
];

/// Makes sure that every program is there, and says what is missing: all of it at once.
pub(crate) fn check() -> Result<()> {
    let asked: Vec<_> = TOOLS.iter().map(|tool| std::thread::spawn(move || fault(tool))).collect();
    let faults: Vec<String> = asked.into_iter().filter_map(|answer| answer.join().ok().flatten()).collect();
    if faults.is_empty() {
        return Ok(());
    }
    bail!("the build needs more than is installed:\n  {}", faults.join("\n  "))
}

fn fault(tool: &Tool) -> Option<String> {
    let Tool { name, least, remedy } = tool;
    let Some(answer) = process::ask(name, "--version") else {
        return Some(format!("{name} is missing: {remedy}"));
    };
    let (major, minor) = (*least)?;
    let found = version_in(&answer);
    if found.is_some_and(|version| version >= (major, minor)) {
        return None;
    }
    Some(format!("{name} {major}.{minor} or later is needed, found {}: {remedy}", answer.trim()))
}

/// The first word that is a version: "rustc 1.95.0 (…)" and "v20.1.0" have one.
fn version_in(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut parts = word.trim_start_matches('v').split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(version_in("rustc 1.95.0 (f2d3ce0bd 2026-03-21)"), Some((1, 95)));
        assert_eq!(version_in("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some((15, 18)));
        assert_eq!(version_in("no version here"), None);
    }
}
