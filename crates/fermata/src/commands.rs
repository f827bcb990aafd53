//! The commands, one file each. A command reads its arguments, asks the client, and prints.

pub(crate) mod backup;
pub(crate) mod doctor;
pub(crate) mod keystore;
pub(crate) mod migrate;
pub(crate) mod nodes;
mod openapi;
pub(crate) mod policy;
pub(crate) mod publish;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod send_event;
mod serve;
pub(crate) mod store;
pub(crate) mod tasks;
pub(crate) mod types;

use serde_json::value::RawValue;

use crate::cli::{Cli, Command};
use crate::client::Document;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::logging;
use crate::settings::LogFormat;

/// Runs a command to its end.
pub(crate) async fn run(cli: Cli, console: &Console) -> Result<Exit, Failure> {
    if !matches!(cli.command, Command::Serve(_)) {
        logging::start(console, LogFormat::Text, logging::COMMAND);
    }
    match cli.command {
        Command::Serve(args) => serve::run(args, console).await,
        Command::Publish(args) => publish::run(args, console).await,
        Command::Run(args) => run::run(args, console).await,
        Command::Runs(args) => runs::run(args, console).await,
        Command::SendEvent(args) => send_event::run(args, console).await,
        Command::Tasks(args) => tasks::run(args, console).await,
        Command::Types(args) => types::run(args, console).await,
        Command::Keystore(args) => keystore::run(args, console).await,
        Command::Policy(args) => policy::run(args, console).await,
        Command::Backup(args) => backup::run(args, console).await,
        Command::Restore(args) => restore::run(args, console).await,
        Command::Store(args) => store::run(args, console).await,
        Command::Migrate(args) => migrate::run(args, console).await,
        Command::Nodes(args) => nodes::run(args, console).await,
        Command::Doctor(args) => doctor::run(args, console).await,
        Command::Openapi => openapi::run(console),
    }
}

/// A JSON array of documents, one a line, as the server wrote them.
fn json_array<T>(documents: &[Document<T>]) -> String {
    let lines: Vec<&str> = documents.iter().map(|document| RawValue::get(&document.text)).collect();
    if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n]", lines.join(",\n")) }
}
