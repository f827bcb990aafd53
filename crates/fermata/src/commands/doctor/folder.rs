//! The data folder: there, ours, and closed to others.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;

const ABOUT: &str = "data folder";

pub(super) fn check(data: &Path) -> Finding {
    let shown = data.display();
    if !data.exists() {
        return check_parent(data);
    }
    if !data.is_dir() {
        return Finding::bad(
            ABOUT,
            format!("{shown} is not a folder"),
            "choose another with --data (FERMATA_DATA)",
        );
    }
    if let Err(error) = tempfile::tempfile_in(data) {
        let advice = "give this user the folder (chown, chmod), or choose another with --data (FERMATA_DATA)";
        return Finding::bad(ABOUT, format!("{shown} cannot be written: {error}"), advice);
    }
    let mode = data.metadata().map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o022 != 0 {
        let message = format!("{shown} can be written by other users (mode {mode:03o})");
        return Finding::bad(ABOUT, message, format!("close it: chmod 700 {shown}"));
    }
    Finding::good(ABOUT, format!("{shown} (mode {mode:03o})"))
}

fn check_parent(data: &Path) -> Finding {
    let shown = data.display();
    let existing = data.ancestors().skip(1).map(or_here).find(|path| path.exists()).unwrap_or(Path::new("/"));
    match tempfile::tempfile_in(existing) {
        Ok(_) => Finding::good(ABOUT, format!("{shown} is made at the first start")),
        Err(error) => {
            let message = format!("{shown} cannot be made: {}: {error}", existing.display());
            Finding::bad(ABOUT, message, "choose another with --data (FERMATA_DATA)")
        }
    }
}

/// The parent of a bare name is the present folder.
fn or_here(path: &Path) -> &Path {
    if path == Path::new("") { Path::new(".") } else { path }
}
