//! Folders of packages: installed once per machine and version, and moved into place whole.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};

use super::interpreter::Interpreter;
use crate::postgres::{account, environment};

/// The folder with these packages, each pinned. They suit any Python that will do, so one folder is enough.
pub(super) fn find_or_install(name: &str, pins: &str) -> Result<PathBuf> {
    let name = format!("python-{name}-{:016x}", digest(pins));
    let folder = environment::lasting_folder().join(&name);
    let _lock = lock(&name)?;
    if !folder.is_dir() {
        let unfinished = environment::lasting_folder().join(format!("{name}.unfinished"));
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        fs::create_dir_all(&unfinished)?;
        install(&unfinished, pins).context("Python packages cannot be installed")?;
        fs::rename(&unfinished, &folder)?;
    }
    Ok(folder)
}

/// Held while it lives. A file per user, so that nobody needs to write another one's.
fn lock(name: &str) -> Result<File> {
    let user = rustix::process::geteuid().as_raw();
    let path = environment::lasting_folder().join(format!("{name}-{user}.lock"));
    let cannot = || format!("cannot lock {}", path.display());
    let file = File::create(&path).with_context(cannot)?;
    file.lock().with_context(cannot)?;
    Ok(file)
}

/// The list has all that is needed, so pip looks for nothing else.
fn install(folder: &Path, pins: &str) -> Result<()> {
    let interpreter = Interpreter::find_or_install()?;
    let list = folder.join("pins.txt");
    fs::write(&list, pins)?;
    let mut pip = interpreter.command();
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--no-deps", "--no-compile", "--only-binary", ":all:"]);
    // A variable and no option, because older ones do not know it.
    pip.env("PIP_ROOT_USER_ACTION", "ignore");
    pip.arg("--target").arg(folder).arg("--requirement").arg(&list).stdin(Stdio::null());
    account::run(&mut pip)
}

/// Tells one list of versions from another; nobody attacks it.
fn digest(pins: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    pins.hash(&mut hasher);
    hasher.finish()
}
