//! What an entry was before: listed, put back, forgotten.

use jiff::Timestamp;

use super::{NamespaceArgs, json_array};
use crate::client::{Client, Document, EntryVersion, RestoreEntry};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::settings::ConnectArgs;
use crate::spans;
use crate::table::Table;

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Name of the entry
    name: String,
    /// Print the versions as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    group: NamespaceArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// Name of the entry
    name: String,
    /// The earlier version, as `fermata keystore versions` lists it
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    version: u32,
    /// Only over this version
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<u32>,
    #[command(flatten)]
    group: NamespaceArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct PurgeArgs {
    /// Name of the entry
    name: String,
    #[command(flatten)]
    group: NamespaceArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn list(args: ListArgs, console: &Console) -> Result<Exit, Failure> {
    let client = Client::remote(args.connect.server()?);
    let versions = client.entry_versions(&args.group.namespace, &args.name).await?;
    if args.json {
        console.say(&json_array(&versions))?;
    } else {
        console.write(&table(&versions).render(console.stdout))?;
    }
    Ok(Exit::Ok)
}

pub(super) async fn restore(args: RestoreArgs, console: &Console) -> Result<Exit, Failure> {
    let RestoreArgs { name, version, expected_version, group, connect } = args;
    let which = RestoreEntry { version, expected_version };
    let written = Client::remote(connect.server()?).restore_entry(&group.namespace, &name, &which).await?;
    let made = written.version;
    console.tell(&format!("restored version {version} of {name} in {} (version {made})", group.namespace));
    Ok(Exit::Ok)
}

pub(super) async fn purge(args: PurgeArgs, console: &Console) -> Result<Exit, Failure> {
    Client::remote(args.connect.server()?).purge_entry(&args.group.namespace, &args.name).await?;
    console.tell(&format!("purged the earlier versions of {} in {}", args.name, args.group.namespace));
    Ok(Exit::Ok)
}

fn table(versions: &[Document<EntryVersion>]) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(["VERSION", "KIND", "WRITTEN", "BY"]);
    for version in versions {
        table.row([
            format!("v{}", version.version).into(),
            version.kind.as_str().into(),
            version.created_at.map(|at| spans::age(at, now)).unwrap_or_default().into(),
            version.written_by.clone().unwrap_or_default().into(),
        ]);
    }
    table
}
