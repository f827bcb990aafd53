//! `fermata tasks`: which tasks are published.

use jiff::Timestamp;

use super::json_array;
use crate::client::{Client, Document, Task};
use crate::console::{Console, printable};
use crate::exit::{Exit, Failure};
use crate::settings::ConnectArgs;
use crate::spans;
use crate::table::Table;

/// Longest description shown in the table, in characters.
const DESCRIPTION_CHARS_MAX: usize = 60;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the newest version of each task
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Print the tasks as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let Command::List(args) = args.command;
    let tasks = Client::remote(args.connect.server()?).tasks().await?;
    if args.json {
        console.say(&json_array(&tasks))?;
    } else if tasks.is_empty() {
        console.tell("no tasks yet; publish some with: fermata publish PATH");
    } else {
        console.write(&table(&tasks).render(console.stdout))?;
    }
    Ok(Exit::Ok)
}

fn table(tasks: &[Document<Task>]) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(["TASK", "VERSION", "PUBLISHED", "DESCRIPTION"]);
    for task in tasks {
        let published = task.created_at.map(|at| spans::age(at, now)).unwrap_or_default();
        let description = task.description.as_deref().map(first_line).unwrap_or_default();
        table.row([
            task.name.as_str().into(),
            format!("v{}", task.version).into(),
            published.into(),
            description.into(),
        ]);
    }
    table
}

fn first_line(text: &str) -> String {
    let line = printable(text.lines().next().unwrap_or_default());
    if line.chars().count() <= DESCRIPTION_CHARS_MAX {
        return line;
    }
    let cut: String = line.chars().take(DESCRIPTION_CHARS_MAX - 1).collect();
    format!("{}…", cut.trim_end())
}
