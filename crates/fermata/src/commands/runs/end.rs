//! `fermata runs cancel` and `fermata runs kill`.

use crate::client::Client;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::settings::ConnectArgs;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the run
    run: String,
    /// Print the run as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// How a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// With clean-up.
    Cancel,
    /// Without.
    Kill,
}

pub(super) async fn run(args: Args, way: Way, console: &Console) -> Result<Exit, Failure> {
    let client = Client::remote(args.connect.server()?);
    let run = match way {
        Way::Cancel => client.cancel_run(&args.run).await?,
        Way::Kill => client.kill_run(&args.run).await?,
    };
    if args.json {
        console.say(run.text.get())?;
    } else if run.is_ended() {
        console.say(&format!("{} is {}", run.id, run.status))?;
    } else {
        console.say(&format!("{} was asked to end; it is {}", run.id, run.status))?;
    }
    Ok(Exit::Ok)
}
