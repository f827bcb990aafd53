//! `fermata backup`: writes a ledger into a file, while a server may be working on it.

use std::path::PathBuf;

use fermata_store::archive;

use crate::archive::{json_of, watched, words};
use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure};
use crate::settings::PlaceArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
    /// Replace the file if it is there, once the new one is complete
    #[arg(long)]
    replace: bool,
    /// Print what was copied as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let Args { file, place, replace, json: is_json } = args;
    let place = place.validate()?;
    let has_key_file = place.options.master_key.is_none();
    let key_path = place.folder.join("master.key");
    let path = file.clone();
    let made = watched(console, move |told| archive::backup(&place, &path, replace, told)).await?;
    if is_json {
        console.say(&json_of(&made).to_string())?;
    } else {
        let word = console.stdout.paint(Colour::Green, "backed up");
        console.say(&format!("{word} {} to {}", words(&made), file.display()))?;
    }
    if has_key_file && key_path.is_file() {
        console.tell(&format!(
            "The master key is not in it: keep a copy of {} somewhere else.",
            key_path.display()
        ));
    } else {
        console.tell("The master key is not in it: keep it somewhere else.");
    }
    Ok(Exit::Ok)
}
