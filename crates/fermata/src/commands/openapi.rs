//! `fermata openapi`: the description of the HTTP API.

use crate::console::Console;
use crate::exit::{Exit, Failure};

pub(super) fn run(console: &Console) -> Result<Exit, Failure> {
    console.say(fermata_runtime::openapi().trim_end())?;
    Ok(Exit::Ok)
}
