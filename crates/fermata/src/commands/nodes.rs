//! `fermata nodes`: the servers that share a PostgreSQL database.

mod drain;
mod list;

use clap::Subcommand;
use fermata_store::{Admin, NodeState};

use crate::console::Console;
use crate::exit::{Exit, Failure, with_causes};
use crate::node::{blocking, explain};
use crate::settings::SharedArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the nodes there are and were
    List(list::Args),
    /// Have a node hand its runs over and end, and wait until it has
    Drain(drain::Args),
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    match args.command {
        Command::List(args) => list::run(args, console).await,
        Command::Drain(args) => drain::run(args, console).await,
    }
}

/// Connects to the database, as no node.
async fn connect(args: &SharedArgs) -> Result<Admin, Failure> {
    let url = args.validate()?;
    blocking(move || Admin::connect(&url)).await?.map_err(|error| explain(&error))
}

/// Asks the database for the nodes, and gives the connection back.
async fn nodes(mut admin: Admin) -> Result<(Admin, Vec<NodeState>), Failure> {
    let (admin, found) = blocking(move || {
        let found = admin.nodes();
        (admin, found)
    })
    .await?;
    Ok((admin, found.map_err(|error| Failure::io(with_causes(&error)))?))
}

/// What is said of a node: `up`, `draining`, `down`, or `lost` when its lease is over.
fn state(node: &NodeState) -> &str {
    if node.is_lost() { "lost" } else { &node.node.state }
}
