//! The server that a command talks to, and the token that it shows.

use std::fs;
use std::path::{Path, PathBuf};

use url::Url;

use super::{DATA_DEFAULT, TOKEN_FILE_NAME, variable, wrong};
use crate::exit::Failure;

/// Where clients look for the server when nothing is said.
const URL_DEFAULT: &str = "http://127.0.0.1:8787";

/// The flags of every command that talks to a server.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ConnectArgs {
    /// The server [default: http://127.0.0.1:8787]
    #[arg(long, value_name = "URL", env = "FERMATA_URL")]
    pub(crate) url: Option<String>,
    /// File that holds the API token; else FERMATA_TOKEN, else the file `token` in the data folder
    #[arg(long, value_name = "FILE", env = "FERMATA_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// An API token. Cannot be printed.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// A token from text, spaces and line ends around it left out.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The token itself, for the header.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A server to talk to.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Its base address.
    pub(crate) url: Url,
    /// What to show it, if anything was found.
    pub(crate) token: Option<Token>,
}

impl ConnectArgs {
    /// The server to talk to and the token for it.
    ///
    /// # Errors
    /// When the address is not one, or a token file that was named cannot be read.
    pub(crate) fn server(&self) -> Result<Server, Failure> {
        let text = self.url.as_deref().unwrap_or(URL_DEFAULT);
        let example = "write an address such as http://127.0.0.1:8787";
        let url = Url::parse(text).map_err(|_| wrong("--url", text, example))?;
        match url.scheme() {
            "http" if url.has_host() => {}
            "https" => {
                let message = format!("--url {text}: https is not built in");
                return Err(Failure::configuration(message).note(
                    "use http:// to a server on this machine, or a tunnel (ssh -L 8787:127.0.0.1:8787 host)",
                ));
            }
            _ => return Err(wrong("--url", text, example)),
        }
        Ok(Server { url, token: self.token()? })
    }

    fn token(&self) -> Result<Option<Token>, Failure> {
        if let Some(path) = &self.token_file {
            return read_token(path).map(Some);
        }
        if let Some(text) = variable("FERMATA_TOKEN")? {
            return Ok(Some(Token::new(&text)));
        }
        let data = variable("FERMATA_DATA")?.unwrap_or_else(|| DATA_DEFAULT.to_owned());
        let beside = Path::new(&data).join(TOKEN_FILE_NAME);
        if beside.is_file() { read_token(&beside).map(Some) } else { Ok(None) }
    }
}

fn read_token(path: &Path) -> Result<Token, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::configuration(format!("cannot read the token file {path:?}: {error}"))
            .note("the server writes it: fermata serve --token-file FILE")
    })?;
    let token = Token::new(&text);
    if token.expose().is_empty() || !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::configuration(format!("the file {path:?} does not hold a token")));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_is_spoken() {
        let server = |url: &str| ConnectArgs { url: Some(url.into()), token_file: None }.server();
        assert!(server("http://localhost:1").is_ok());
        for wrong in ["https://x", "localhost:8787", "ftp://x", ""] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }
}
