//! What the demonstration can be told.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::repository;

/// The wishes of whoever started it.
pub(super) struct Options {
    /// End with the report.
    pub(super) exits: bool,
    /// The server's data folder.
    pub(super) data: PathBuf,
    /// Where the server listens: host and port.
    pub(super) listen: String,
}

impl Options {
    /// Reads the command line.
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self> {
        let (mut exits, mut data, mut listen) = (false, None, "127.0.0.1:8787".to_owned());
        while let Some(word) = arguments.next() {
            match word.as_str() {
                "--exit" => exits = true,
                "--data" => data = Some(arguments.value_of("--data")?),
                "--listen" => listen = arguments.value_of("--listen")?,
                _ => bail!("unexpected argument {word:?}; see `cargo xtask help`"),
            }
        }
        let data = match data {
            Some(folder) => std::path::absolute(folder).context("--data is not a folder's path")?,
            None => repository::target_folder()?.join("demo"),
        };
        Ok(Self { exits, data, listen })
    }
}
