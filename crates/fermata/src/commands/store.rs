//! `fermata store`: a ledger as a whole.

pub(crate) mod copy;

use clap::Subcommand;

use crate::console::Console;
use crate::exit::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Copy a ledger to another place, such as from SQLite to PostgreSQL
    ///
    /// No server may be working on it meanwhile. The ledger that was copied stays as it is; a server must
    /// not be started on it any more, or both would go on with the same runs.
    Copy(copy::Args),
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    match args.command {
        Command::Copy(args) => copy::run(args, console).await,
    }
}
