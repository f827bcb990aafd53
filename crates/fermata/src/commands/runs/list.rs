//! `fermata runs list`.

use fermata_model::RunStatus;
use jiff::Timestamp;

use super::status_colour;
use crate::client::{Client, Document, Run, RunFilter};
use crate::commands::json_array;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::settings::ConnectArgs;
use crate::spans;
use crate::table::{Cell, Table};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only runs in this state: queued, processing, suspended, paused, completed, failed, cancelled
    #[arg(long, value_name = "STATUS")]
    status: Option<RunStatus>,
    /// Only runs of this task
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    /// Most runs to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// List every run there is
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Print the runs as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let filter = RunFilter { status: args.status.map(|status| status.to_string()), task: args.task };
    let limit = if args.all { usize::MAX } else { args.limit };
    let runs = Client::remote(args.connect.server()?).runs(&filter, limit).await?;
    if args.json {
        console.say(&json_array(&runs))?;
    } else if runs.is_empty() {
        console.tell("no runs");
    } else {
        console.write(&table(&runs).render(console.stdout))?;
    }
    Ok(Exit::Ok)
}

fn table(runs: &[Document<Run>]) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(["RUN", "TASK", "VERSION", "STATUS", "AGE", "DURATION"]);
    for run in runs {
        let age = run.created_at.map(|at| spans::age(at, now)).unwrap_or_default();
        let duration = run.duration_ms().map(spans::of_ms).unwrap_or_default();
        table.row([
            run.id.as_str().into(),
            run.task.as_str().into(),
            format!("v{}", run.version).into(),
            Cell::from(run.status.as_str()).coloured(status_colour(&run.status)),
            age.into(),
            duration.into(),
        ]);
    }
    table
}
