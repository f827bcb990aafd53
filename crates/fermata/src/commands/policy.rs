//! `fermata policy`: what the tasks of a workspace may call, and how often.

use std::path::PathBuf;

use serde_json::value::RawValue;

use crate::client::Client;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::settings::ConnectArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the policy as JSON
    Show(ShowArgs),
    /// Replace the policy by that of a file
    Set(SetArgs),
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, clap::Args)]
struct SetArgs {
    /// File with the policy, as JSON
    file: PathBuf,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    match args.command {
        Command::Show(args) => {
            let policy = Client::remote(args.connect.server()?).policy().await?;
            console.say(&crate::json_text::pretty(policy.get()))?;
        }
        Command::Set(args) => {
            let text = std::fs::read_to_string(&args.file)
                .map_err(|error| Failure::usage(format!("cannot read {:?}: {error}", args.file)))?;
            let policy = RawValue::from_string(text)
                .map_err(|error| Failure::usage(format!("{:?} is not JSON: {error}", args.file)))?;
            Client::remote(args.connect.server()?).put_policy(&policy).await?;
            console.tell("the policy is set; it counts everywhere within a second");
        }
    }
    Ok(Exit::Ok)
}
