//! `fermata keystore`: values and secrets that tasks refer to by name.

mod history;
mod value;

use std::path::PathBuf;

use clap::ValueEnum;
use jiff::Timestamp;

use super::json_array;
use crate::client::{Client, Document, Entry, PutEntry};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::settings::ConnectArgs;
use crate::spans;
use crate::table::Table;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List names; values are never shown
    List(ListArgs),
    /// Set an entry; the value comes from stdin or a file, never from a flag
    Set(SetArgs),
    /// Delete an entry with its earlier versions
    Delete(DeleteArgs),
    /// List the versions kept of an entry; values are never shown
    Versions(history::ListArgs),
    /// Make an earlier version the newest one
    Restore(history::RestoreArgs),
    /// Forget all versions of an entry but the newest
    Purge(history::PurgeArgs),
}

/// Which group of names.
#[derive(Debug, clap::Args)]
struct NamespaceArgs {
    /// Group of names
    #[arg(long, value_name = "NAMESPACE", default_value = "global")]
    namespace: String,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    group: NamespaceArgs,
    /// Print the entries as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, clap::Args)]
struct SetArgs {
    /// Name of the entry
    name: String,
    /// Take the value from this file instead of stdin; one line end at its end is left out
    #[arg(long, value_name = "FILE")]
    value_file: Option<PathBuf>,
    /// Whether tasks may read it (value: JSON, or else text) or only send it on, unseen (secret)
    #[arg(long, value_enum, default_value = "secret")]
    kind: Kind,
    /// Host that the secret may be sent to: a name, *.domain or *; http://NAME unencrypted too (repeatable) [default: as before; a new one: none]
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// Task that may use it: a name, the beginning of names with *, or * (repeatable) [default: as before; a new one: *]
    #[arg(long = "task", value_name = "TASK")]
    tasks: Vec<String>,
    /// Only over this version; 0 when there must be none yet
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<u32>,
    #[command(flatten)]
    group: NamespaceArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, clap::Args)]
struct DeleteArgs {
    /// Name of the entry
    name: String,
    #[command(flatten)]
    group: NamespaceArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Value,
    Secret,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Secret => "secret",
        }
    }
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    match args.command {
        Command::List(args) => list(args, console).await,
        Command::Set(args) => set(args, console).await,
        Command::Delete(args) => delete(args, console).await,
        Command::Versions(args) => history::list(args, console).await,
        Command::Restore(args) => history::restore(args, console).await,
        Command::Purge(args) => history::purge(args, console).await,
    }
}

async fn list(args: ListArgs, console: &Console) -> Result<Exit, Failure> {
    let entries = Client::remote(args.connect.server()?).keystore_entries(&args.group.namespace).await?;
    if args.json {
        console.say(&json_array(&entries))?;
    } else if entries.is_empty() {
        console.tell(&format!("no entries in {}", args.group.namespace));
    } else {
        console.write(&table(&entries).render(console.stdout))?;
    }
    Ok(Exit::Ok)
}

async fn set(args: SetArgs, console: &Console) -> Result<Exit, Failure> {
    let client = Client::remote(args.connect.server()?);
    let value = value::read(args.value_file.as_deref(), &args.name, console).await?;
    let given = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let entry = PutEntry {
        kind: args.kind.word(),
        value: value::as_json(value, args.kind == Kind::Value),
        tasks: given(args.tasks),
        hosts: given(args.hosts),
        expected_version: args.expected_version,
    };
    let written = client.put_entry(&args.group.namespace, &args.name, &entry).await?;
    console.tell(&format!("set {} in {} (version {})", args.name, args.group.namespace, written.version));
    Ok(Exit::Ok)
}

async fn delete(args: DeleteArgs, console: &Console) -> Result<Exit, Failure> {
    Client::remote(args.connect.server()?).delete_entry(&args.group.namespace, &args.name).await?;
    console.tell(&format!("deleted {} from {}", args.name, args.group.namespace));
    Ok(Exit::Ok)
}

fn table(entries: &[Document<Entry>]) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(["NAME", "KIND", "VERSION", "TASKS", "HOSTS", "CHANGED", "USED"]);
    for entry in entries {
        let version = entry.version.map(|version| format!("v{version}")).unwrap_or_default();
        let changed = entry.updated_at.map(|at| spans::age(at, now)).unwrap_or_default();
        let used = entry.used_at.map(|at| spans::age(at, now)).unwrap_or_default();
        let (tasks, hosts) = (entry.tasks.join(" "), entry.hosts.join(" "));
        table.row([
            entry.name.as_str().into(),
            entry.kind.as_str().into(),
            version.into(),
            tasks.into(),
            hosts.into(),
            changed.into(),
            used.into(),
        ]);
    }
    table
}
