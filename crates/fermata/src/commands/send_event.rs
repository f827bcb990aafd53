//! `fermata send-event`: sends an event to a run that waits for one, or will.

use crate::client::{Client, SendEvent};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::settings::ConnectArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of the run
    run: String,
    /// Name of the event
    name: String,
    /// What comes with it: JSON, @FILE, or - for stdin [default: null]
    payload: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let payload = input::read_or(args.payload.as_deref(), "null")?;
    let client = Client::remote(args.connect.server()?);
    client.send_event(&args.run, &SendEvent { name: args.name.clone(), payload }).await?;
    console.tell(&format!("sent {} to {}", args.name, args.run));
    Ok(Exit::Ok)
}
