//! `fermata restore`: writes a backed up ledger into an empty place, or only checks the file.

use std::path::PathBuf;

use fermata_store::archive;

use crate::archive::{json_of, tell_files, tell_key, watched, words};
use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure};
use crate::settings::PlaceArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file that `fermata backup` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
    /// Only check that the file is whole; write nothing
    #[arg(long)]
    check: bool,
    /// Print what was copied as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let Args { file, place, check, json: is_json } = args;
    if check {
        let path = file.clone();
        let found = watched(console, move |told| archive::check(&path, told)).await?;
        let word = console.stdout.paint(Colour::Green, "whole:");
        let text = format!("{word} {} has {}", file.display(), words(&found));
        console.say(&if is_json { json_of(&found).to_string() } else { text })?;
        return Ok(Exit::Ok);
    }
    let place = place.validate()?;
    let to = place.clone();
    let restored = watched(console, move |told| archive::restore(&file, &to, told)).await?;
    let to = match &place.options.database {
        None => place.folder.display().to_string(),
        Some(url) => url.to_string(),
    };
    let word = console.stdout.paint(Colour::Green, "restored");
    let text = format!("{word} {} to {to}", words(&restored.summary));
    console.say(&if is_json { json_of(&restored.summary).to_string() } else { text })?;
    tell_files(&restored, &place, console);
    tell_key(&restored, console);
    Ok(Exit::Ok)
}
