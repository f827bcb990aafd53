//! Where PostgreSQL's programs are, and how to get them on Debian when they are missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::environment;
use crate::debian;

/// Lowest version that will do.
const MAJOR_LEAST: u32 = 15;
/// Debian has a folder for each version below this one.
const DEBIAN: &str = "/usr/lib/postgresql";
/// What must be there.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];
const REMEDY: &str = "`apt-get install postgresql`, or put the programs of PostgreSQL 15 or later into PATH";
/// Read by Debian's packages when they are installed: no server for the whole machine.
const NO_CLUSTER: &str = "/etc/postgresql-common/createcluster.d/fermata.conf";

/// An installed PostgreSQL.
#[derive(Clone, Debug)]
pub(super) struct Installation {
    /// The folder of its programs.
    pub(super) binaries: PathBuf,
    /// Such as `15.18`.
    pub(super) version: String,
}

impl Installation {
    /// The newest one that will do. Installs Debian's package when there is none and we are root.
    pub(super) fn find_or_install() -> Result<Self> {
        if let Some(found) = Self::newest() {
            return Ok(found);
        }
        ensure!(debian::can_install(), "PostgreSQL {MAJOR_LEAST} or later is needed and not there: {REMEDY}");
        install().with_context(|| format!("PostgreSQL cannot be installed; try {REMEDY}"))?;
        Self::newest()
            .with_context(|| format!("Debian's package is older than PostgreSQL {MAJOR_LEAST}: {REMEDY}"))
    }

    fn newest() -> Option<Self> {
        newest_of(debian_folders()).or_else(|| newest_of(environment::program_folders()))
    }

    /// The one in a folder, when it is whole.
    fn of_folder(binaries: PathBuf) -> Option<Self> {
        if !PROGRAMS.iter().all(|program| binaries.join(program).is_file()) {
            return None;
        }
        let answer = Command::new(binaries.join("postgres")).arg("--version").output().ok()?;
        let version = version_in(&String::from_utf8_lossy(&answer.stdout))?;
        Some(Self { binaries, version })
    }

    /// A program of it.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    fn is_new_enough(&self) -> bool {
        order(&self.version).first().is_some_and(|major| *major >= MAJOR_LEAST)
    }
}

fn newest_of(folders: Vec<PathBuf>) -> Option<Installation> {
    let found = folders.into_iter().filter_map(Installation::of_folder);
    found.filter(Installation::is_new_enough).max_by_key(|installation| order(&installation.version))
}

fn debian_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin")).collect()
}

/// The first word that begins with a digit: `postgres (PostgreSQL) 15.18 (Debian …)` has one.
fn version_in(answer: &str) -> Option<String> {
    let mut words = answer.split_whitespace();
    words.find(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(str::to_owned)
}

/// The numbers of a version, which compare as versions do; `17beta1` counts as 17.
fn order(version: &str) -> Vec<u32> {
    let numbers = version.split(|c: char| !c.is_ascii_digit());
    numbers.map_while(|number| number.parse().ok()).collect()
}

fn install() -> Result<()> {
    let note = Path::new(NO_CLUSTER);
    fs::create_dir_all(note.parent().unwrap_or(note)).context("cannot make the folder of its settings")?;
    fs::write(note, "create_main_cluster = false\n").context("cannot keep it from making a server")?;
    let installed = debian::install("postgresql");
    // Who installs a further version by hand shall get what Debian gives everybody.
    let forgotten = fs::remove_file(note).context("cannot remove the settings it was installed with");
    installed.and(forgotten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_and_compared_by_number() {
        let debian = version_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n");
        assert_eq!(debian.as_deref(), Some("15.18"));
        assert_eq!(version_in("no version here"), None);
        assert!(order("15.18") > order("15.9"));
        assert_eq!(order("17beta1").first(), Some(&17));
    }
}
