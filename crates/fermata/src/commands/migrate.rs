//! `fermata migrate`: whether a ledger is up to date, and bringing it there.

use clap::Subcommand;
use fermata_store::{MigrationState, migrate_up, migrations};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure};
use crate::node::{blocking, explain};
use crate::settings::PlaceArgs;
use crate::table::{Cell, Table};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the migrations of a ledger; exit code 1 when it is not up to date
    Status(StatusArgs),
    /// Bring a ledger up to date
    ///
    /// Once it is, nodes of an older version do not start on it any more.
    Up(UpArgs),
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Print the migrations as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct UpArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    match args.command {
        Command::Status(args) => status(&args, console).await,
        Command::Up(args) => up(&args, console).await,
    }
}

async fn status(args: &StatusArgs, console: &Console) -> Result<Exit, Failure> {
    let place = args.place.validate()?;
    let found = blocking(move || migrations(&place)).await?.map_err(|error| explain(&error))?;
    if args.json {
        let items: Vec<Value> = found.iter().map(json_of).collect();
        console.say(&Value::from(items).to_string())?;
    } else {
        console.write(&table(&found).render(console.stdout))?;
    }
    let pending = found.iter().filter(|migration| migration.applied_at.is_none()).count();
    let newer = found.iter().filter(|migration| !migration.is_known).count();
    if pending > 0 {
        console.tell(&format!("{pending} not applied yet; apply with: fermata migrate up"));
    }
    if newer > 0 {
        console.tell("a newer version of Fermata has changed this ledger; use that version, or a newer one");
    }
    Ok(if pending + newer > 0 { Exit::Failed } else { Exit::Ok })
}

async fn up(args: &UpArgs, console: &Console) -> Result<Exit, Failure> {
    let place = args.place.validate()?;
    let applied = blocking(move || migrate_up(&place)).await?.map_err(|error| explain(&error))?;
    for migration in &applied {
        let word = console.stdout.paint(Colour::Green, "applied");
        console.say(&format!("{word} {:04} {}", migration.number, migration.name))?;
    }
    if applied.is_empty() {
        console.tell("the ledger is up to date");
    }
    Ok(Exit::Ok)
}

fn table(found: &[MigrationState]) -> Table {
    let mut table = Table::new(["MIGRATION", "NAME", "STATE", "APPLIED"]);
    for migration in found {
        let (state, colour) = state(migration);
        table.row([
            format!("{:04}", migration.number).into(),
            migration.name.as_str().into(),
            Cell::from(state).coloured(Some(colour)),
            moment(migration).unwrap_or_default().into(),
        ]);
    }
    table
}

fn state(migration: &MigrationState) -> (&'static str, Colour) {
    match migration.applied_at {
        None => ("pending", Colour::Yellow),
        Some(_) if migration.is_known => ("applied", Colour::Green),
        Some(_) => ("unknown", Colour::Red),
    }
}

fn moment(migration: &MigrationState) -> Option<String> {
    let at = Timestamp::from_millisecond(migration.applied_at?).ok()?;
    Some(format!("{at:.0}"))
}

fn json_of(migration: &MigrationState) -> Value {
    let (state, _) = state(migration);
    json!({
        "number": migration.number,
        "name": migration.name,
        "state": state,
        "applied_at": moment(migration),
    })
}
