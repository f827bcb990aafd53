//! What the environment of the tests says: variables, and folders derived from them.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// A variable, when it is there and not empty.
#[expect(clippy::disallowed_methods, reason = "the tests have no settings, only what their caller sets")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folders in which programs are looked for.
pub(crate) fn program_folders() -> Vec<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

/// A folder that outlives a run of the tests: in the build folder, or among the system's temporary
/// files when that is not ours to write.
pub(crate) fn lasting_folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = variable("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned());
    let folder = workspace.join(target).join("tmp");
    let is_ours = fs::create_dir_all(&folder).is_ok() && access(&folder, Access::WRITE_OK).is_ok();
    if is_ours { folder } else { std::env::temp_dir() }
}
