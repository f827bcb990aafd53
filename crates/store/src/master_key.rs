//! The master key: 64 hex digits in a file of their own, beside the database and never in it.

use std::fs;
use std::io;
use std::path::Path;

use fermata_model::WorkspaceId;
use fermata_model::seal::{Broken, KEY_BYTES, Key, NONCE_BYTES};
use rand::RngCore;
use zeroize::Zeroizing;

use crate::error::OpenError;
use crate::folder;

/// The key in the file, if the file is there.
pub(crate) fn read(path: &Path) -> Result<Option<Key>, OpenError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(OpenError::MasterKeyMalformed { path: path.into() });
        }
        Err(error) => return Err(OpenError::io("read", path, error)),
    };
    let key = parse(text.trim()).ok_or_else(|| OpenError::MasterKeyMalformed { path: path.into() })?;
    Ok(Some(key))
}

fn parse(digits: &str) -> Option<Key> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    if digits.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let digit = |c: u8| char::from(c).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(Key::new(*bytes))
}

/// Draws a key and writes the file.
pub(crate) fn create(path: &Path) -> Result<Key, OpenError> {
    let key = draw();
    let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
    for byte in key.expose() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).expect("four bits are a hex digit"));
        }
    }
    text.push('\n');
    folder::write_new(path, text.as_bytes()).map_err(|error| OpenError::io("write", path, error))?;
    Ok(key)
}

/// A new random key.
pub(crate) fn draw() -> Key {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    rand::rng().fill_bytes(&mut *bytes);
    Key::new(*bytes)
}

/// A workspace's data key, sealed for the database.
pub(crate) fn wrap(master: &Key, workspace: &WorkspaceId, data_key: &Key) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    master.seal(nonce, place(workspace).as_bytes(), data_key.expose())
}

/// A workspace's data key, from the database.
pub(crate) fn unwrap(master: &Key, workspace: &WorkspaceId, wrapped: &[u8]) -> Result<Key, Broken> {
    let bytes = Zeroizing::new(master.open(place(workspace).as_bytes(), wrapped)?);
    let bytes: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| Broken)?;
    Ok(Key::new(bytes))
}

fn place(workspace: &WorkspaceId) -> String {
    format!("workspace key/{workspace}")
}
