//! The internal token: what a database shows that pushes runs to the server.

use std::fs;
use std::path::PathBuf;

use fermata_runtime::InternalToken;

use super::variable;
use crate::exit::Failure;

/// The variable that holds the token itself. No flag does: command lines are seen by others.
const VARIABLE: &str = "FERMATA_INTERNAL_TOKEN";
/// The shortest token: it must not be guessable.
const CHARS_MIN: usize = 32;

/// Where the token is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// File that holds the token a database shows when it pushes runs to /quickjs-executor; else
    /// FERMATA_INTERNAL_TOKEN; without either nothing can be pushed
    #[arg(long, value_name = "FILE", env = "FERMATA_INTERNAL_TOKEN_FILE")]
    internal_token_file: Option<PathBuf>,
}

impl Args {
    /// The token, if there is one.
    ///
    /// # Errors
    /// When both places are given, the file cannot be read, or what they hold is too short for a token.
    pub(crate) fn validate(&self) -> Result<Option<InternalToken>, Failure> {
        let (place, text) = match (&self.internal_token_file, variable(VARIABLE)?) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                let message = format!("--internal-token-file and {VARIABLE} are both set; keep one of them");
                return Err(Failure::configuration(message));
            }
            (None, Some(text)) => (VARIABLE.to_owned(), text),
            (Some(path), None) => {
                let failed = |error| {
                    Failure::configuration(format!("cannot read the internal token's file {path:?}: {error}"))
                };
                (format!("the file {path:?}"), fs::read_to_string(path).map_err(failed)?)
            }
        };
        let token = text.trim();
        if token.len() < CHARS_MIN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = format!("{place} does not hold a token (at least {CHARS_MIN} letters and digits)");
            return Err(Failure::configuration(message).note("make one with: openssl rand -hex 32"));
        }
        Ok(Some(InternalToken::new(token)))
    }
}
