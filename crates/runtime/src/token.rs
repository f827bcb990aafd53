//! API tokens: random text that opens a workspace. The store knows their hashes only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fermata_model::WorkspaceId;
use fermata_store::{Change, CommitError, ReadError, Store};

/// What every token begins with, so that people and secret scanners recognise one.
pub const PREFIX: &str = "fm_";

/// BLAKE3 of a token: what is kept of it.
pub type Hash = [u8; 32];

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tokens that exist cannot be read.
    #[error("the tokens cannot be read")]
    Read(#[source] ReadError),
    /// The new token cannot be kept.
    #[error("the token cannot be written")]
    Write(#[source] CommitError),
}

/// Makes a token: `fm_` and 32 random bytes in base64url.
pub fn draw() -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

/// The hash of a token. A plain one: a token holds 256 random bits, so there is nothing to guess.
pub fn hash(token: &str) -> Hash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// Makes a token for a workspace and keeps its hash. Blocks for the time of a commit.
///
/// # Errors
/// [`Error::Write`] when the store does not take it.
pub fn create(store: &Store, workspace: &WorkspaceId, name: &str) -> Result<String, Error> {
    let token = draw();
    let change = Change::PutToken {
        hash: hash(&token),
        workspace: workspace.clone(),
        name: name.into(),
        created_at: jiff::Timestamp::now().as_millisecond(),
    };
    store.commit(vec![change]).map_err(Error::Write)?;
    Ok(token)
}

/// Makes the first token when there is none, and gives it: it is never to be had again.
///
/// # Errors
/// [`Error`] when the store fails.
pub fn ensure_token(store: &Store) -> Result<Option<String>, Error> {
    if store.has_tokens().map_err(Error::Read)? {
        return Ok(None);
    }
    create(store, &WorkspaceId::default_workspace(), "first").map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_fm_and_43_characters_and_never_the_same() {
        let (one, other) = (draw(), draw());
        assert_ne!(one, other);
        let random = one.strip_prefix(PREFIX).expect("the prefix");
        assert_eq!(random.len(), 43);
        assert!(random.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{random}");
        assert_ne!(hash(&one), hash(&other));
    }
}
