//! An API token in a file: taken from it when it is there, made and written when it is not.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use fermata_model::WorkspaceId;
use fermata_runtime::token;
use fermata_store::{Change, Store};

use crate::exit::{Failure, with_causes};

/// Only the owner reads and writes.
const FILE_MODE: u32 = 0o600;
/// The shortest token taken from a file: a hand-made one must not be guessable.
const TOKEN_CHARS_MIN: usize = 32;

/// The token in the file at `path`, and whether it was made by this call. Blocks.
///
/// # Errors
/// When the file can be neither read nor written, holds no token, or the store fails.
pub(crate) fn token_in_file(store: &Store, path: &Path) -> Result<(String, bool), Failure> {
    let workspace = WorkspaceId::default_workspace();
    if let Some(found) = read(path)? {
        make_known(store, &workspace, &found)?;
        return Ok((found, false));
    }
    let name = path.display().to_string();
    let made = token::create(store, &workspace, &name).map_err(|error| Failure::io(with_causes(&error)))?;
    write(path, &made)
        .map_err(|error| Failure::io(format!("cannot write the token file {path:?}: {error}")))?;
    Ok((made, true))
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(format!("cannot read the token file {path:?}: {error}"))),
    };
    let found = text.trim();
    if found.len() < TOKEN_CHARS_MIN || !found.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!(
            "the file {path:?} does not hold a token (at least {TOKEN_CHARS_MIN} letters and digits)"
        );
        return Err(
            Failure::configuration(message).note("move it away, and the next start makes a new token there")
        );
    }
    Ok(Some(found.to_owned()))
}

/// Lets a token open the workspace that the file brought along, as a mounted secret does.
fn make_known(store: &Store, workspace: &WorkspaceId, found: &str) -> Result<(), Failure> {
    let hash = token::hash(found);
    let known = store.token_workspace(&hash).map_err(|error| Failure::io(with_causes(&error)))?;
    if known.is_some() {
        return Ok(());
    }
    let created_at = jiff::Timestamp::now().as_millisecond();
    let change =
        Change::PutToken { hash, workspace: workspace.clone(), name: "token file".into(), created_at };
    store.commit(vec![change]).map_err(|error| Failure::io(with_causes(&error)))
}

fn write(path: &Path, token: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::options().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    writeln!(file, "{token}")?;
    file.sync_all()
}
