//! The command line: which commands there are. Each command's arguments are in its own file.

use clap::{Parser, Subcommand};

use crate::commands::{
    backup, doctor, keystore, migrate, nodes, policy, publish, restore, run, runs, send_event, store, tasks,
    types,
};
use crate::exit;
use crate::settings::ServeArgs;

/// Runs tasks that may wait for as long as they like and survive any crash meanwhile.
#[derive(Debug, Parser)]
#[command(name = "fermata", version, after_help = exit::HELP)]
#[command(max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, in the order a new user meets them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Publish task files on the server
    Publish(publish::Args),
    /// Run a task and show its result
    ///
    /// A file runs in this process, without a server, together with the task files beside it;
    /// with --url it is published there and runs there. A task's name runs on the server.
    Run(run::Args),
    /// List and control runs
    Runs(runs::Args),
    /// Send an event to a run
    SendEvent(send_event::Args),
    /// List tasks
    Tasks(tasks::Args),
    /// Write TypeScript types for editors: of tools, of tasks, of Google APIs
    Types(types::Args),
    /// Keep values and secrets for tasks
    Keystore(keystore::Args),
    /// Say which services tasks may call, and how often
    Policy(policy::Args),
    /// Back a ledger up into a file, also while a server works on it
    Backup(backup::Args),
    /// Restore a ledger from a backup, or check the backup
    Restore(restore::Args),
    /// Handle a ledger as a whole
    Store(store::Args),
    /// Bring a ledger up to date with this version
    Migrate(migrate::Args),
    /// List and drain the servers that share a database
    Nodes(nodes::Args),
    /// Check that a server can work here
    Doctor(doctor::Args),
    /// Print the description of the HTTP API (OpenAPI)
    Openapi,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
