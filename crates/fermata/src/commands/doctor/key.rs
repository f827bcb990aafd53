//! The master key: there, and nobody else's to read.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;
use crate::settings;

const ABOUT: &str = "master key";

/// Looks for the key of a ledger that is there already, or is about to be made.
pub(super) fn check(data: &Path, is_new: bool) -> Finding {
    match settings::master_key() {
        Ok(Some(_)) => return Finding::good(ABOUT, "given by the environment"),
        Ok(None) => {}
        Err(failure) => return Finding::failed(ABOUT, failure),
    }
    let path = data.join("master.key");
    let shown = path.display();
    let Ok(metadata) = path.metadata() else {
        if is_new {
            return Finding::good(ABOUT, "is made at the first start");
        }
        let advice = "put it back from your backup or copy it from another node, or give it in \
             FERMATA_MASTER_KEY or FERMATA_MASTER_KEY_FILE";
        return Finding::bad(ABOUT, format!("{shown} is missing, and the database needs it"), advice);
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!("{shown} can be read by other users (mode {mode:03o})");
        return Finding::bad(ABOUT, message, format!("close it: chmod 600 {shown}"));
    }
    let mut finding = Finding::good(ABOUT, format!("{shown} (mode {mode:03o})"));
    finding
        .notes
        .push("keep a copy apart from the database's backups: without it they cannot be read".to_owned());
    finding
}
