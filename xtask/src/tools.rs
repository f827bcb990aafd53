//! The programs that the build and its tests need, and how to get the missing ones on Debian.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

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

/// Debian has a folder for each version of PostgreSQL below this one, and none of its servers in PATH.
const POSTGRESQL_FOLDER: &str = "/usr/lib/postgresql";
const POSTGRESQL_LEAST: (u32, u32) = (15, 0);
/// Read by Debian's packages when they are installed: no server for the whole machine.
const NO_CLUSTER: &str = "/etc/postgresql-common/createcluster.d/fermata.conf";

/// Makes sure that tests find a PostgreSQL to start servers of: installs Debian's, if we may. None is started.
pub(crate) fn provide_postgresql() -> Result<()> {
    if has_postgresql() {
        return Ok(());
    }
    if may_install() {
        eprintln!("installing PostgreSQL");
        install_postgresql().context("PostgreSQL cannot be installed; is Debian's mirror within reach?")?;
    }
    if has_postgresql() {
        return Ok(());
    }
    bail!("the tests need PostgreSQL 15 or later, which is missing: `apt-get install postgresql`")
}

fn has_postgresql() -> bool {
    let versions = fs::read_dir(POSTGRESQL_FOLDER).into_iter().flatten().flatten();
    let mut programs: Vec<_> = versions.map(|version| version.path().join("bin/postgres")).collect();
    programs.push("postgres".into());
    let answers = programs.iter().filter_map(|program| process::ask(program.to_str()?, "--version"));
    answers.filter_map(|answer| version_in(&answer)).any(|version| version >= POSTGRESQL_LEAST)
}

fn may_install() -> bool {
    let is_root = process::ask("id", "-u").is_some_and(|user| user.trim() == "0");
    is_root && process::ask("apt-get", "--version").is_some()
}

fn install_postgresql() -> Result<()> {
    let note = Path::new(NO_CLUSTER);
    fs::create_dir_all(note.parent().unwrap_or(note)).context("cannot make the folder of its settings")?;
    fs::write(note, "create_main_cluster = false\n").context("cannot keep it from making a server")?;
    let installed = apt_get(&["update"])
        .and_then(|()| apt_get(&["install", "-y", "--no-install-recommends", "postgresql"]));
    // Who installs a further version by hand shall get what Debian gives everybody.
    let forgotten = fs::remove_file(note).context("cannot remove the settings it was installed with");
    installed.and(forgotten)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"]);
    process::run_quietly(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
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
