//! Where things are: the repository and its build folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// The repository's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// `cargo`, in the repository's folder.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root());
    cargo
}

/// What cargo knows about the crates of this repository, their dependencies' own ones left out.
pub(crate) fn metadata() -> Result<&'static Value> {
    static METADATA: OnceLock<Value> = OnceLock::new();
    if let Some(known) = METADATA.get() {
        return Ok(known);
    }
    let text = process::output(cargo().args(["metadata", "--no-deps", "--offline", "--format-version=1"]))?;
    let parsed = serde_json::from_str(&text).context("cargo metadata wrote what is not JSON")?;
    Ok(METADATA.get_or_init(|| parsed))
}

/// The folder that cargo builds into, wherever it has been told to.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let folder = metadata()?["target_directory"].as_str().context("cargo metadata names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// A folder of our own inside the build folder.
pub(crate) fn scratch_folder() -> Result<PathBuf> {
    let folder = target_folder()?.join("xtask");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
