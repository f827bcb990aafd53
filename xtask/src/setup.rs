//! Brings a fresh clone to the point where cargo can build it. Does nothing when there is nothing to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::stamp::Stamp;
use crate::{process, repository, tools};

/// The JavaScript side of the VM, in the repository.
pub(crate) const GUEST: &str = "crates/vm/guest";
/// The types for task authors, in the repository.
pub(crate) const SDK: &str = "sdk";
/// The official clients that our requests are compared with, in the repository.
const CLIENTS: &str = "crates/services/tests/clients";

/// Checks the tools, installs the npm packages, builds the engine module and the prelude.
pub(crate) fn run() -> Result<()> {
    tools::check()?;
    install_packages(GUEST)?;
    install_packages(SDK)?;
    install_packages(CLIENTS)?;
    build_guest()
}

fn install_packages(folder: &str) -> Result<()> {
    let at = repository::root().join(folder);
    let packages = at.join("node_modules");
    let stamp = Stamp::new(&packages, &inputs(&at, &["package.json", "package-lock.json", ".npmrc"]))?;
    if stamp.is_current() {
        return Ok(());
    }
    eprintln!("installing the npm packages of {folder}");
    process::run(npm(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])).with_context(
        || format!("the npm packages of {folder} cannot be installed; is the npm registry within reach?"),
    )?;
    fs::create_dir_all(&packages).with_context(|| format!("cannot make {}", packages.display()))?;
    stamp.record()
}

fn build_guest() -> Result<()> {
    let at = repository::root().join(GUEST);
    let output = at.join("dist");
    let stamp = Stamp::new(&output, &inputs(&at, &["package-lock.json", "build.mjs", "src"]))?;
    let is_complete = ["quickjs.wasm", "prelude.js"].iter().all(|file| output.join(file).exists());
    if is_complete && stamp.is_current() {
        return Ok(());
    }
    eprintln!("building {GUEST}/dist");
    process::run(Command::new("node").arg("build.mjs").current_dir(&at))
        .context("the engine module and the prelude cannot be built")?;
    stamp.record()
}

fn inputs(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| folder.join(name)).filter(|path| path.exists()).collect()
}

/// `npm`, in a folder of the repository.
pub(crate) fn npm(folder: &str) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(repository::root().join(folder)).env("NPM_CONFIG_UPDATE_NOTIFIER", "false");
    npm
}
