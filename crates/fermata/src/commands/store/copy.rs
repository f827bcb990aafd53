//! `fermata store copy`: from one place to another, whichever databases they are.

use fermata_store::archive;

use crate::archive::{json_of, tell_files, tell_key, watched, words};
use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure};
use crate::settings::CopyArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    places: CopyArgs,
    /// Print what was copied as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let (from, to) = args.places.validate()?;
    let name = |place: &archive::Place| match &place.options.database {
        None => place.folder.display().to_string(),
        Some(url) => url.to_string(),
    };
    let (from_name, to_name) = (name(&from), name(&to));
    let place = to.clone();
    let copied = watched(console, move |told| archive::copy(&from, &to, told)).await?;
    if args.json {
        console.say(&json_of(&copied.summary).to_string())?;
    } else {
        let word = console.stdout.paint(Colour::Green, "copied");
        console.say(&format!("{word} {} to {to_name}", words(&copied.summary)))?;
    }
    console.tell(&format!("Start servers there only: on {from_name} they would go on with the same runs."));
    tell_files(&copied, &place, console);
    tell_key(&copied, console);
    Ok(Exit::Ok)
}
