//! `fermata nodes list`.

use fermata_store::NodeState;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{connect, nodes, state};
use crate::console::{Colour, Console, printable};
use crate::exit::{Exit, Failure};
use crate::settings::SharedArgs;
use crate::spans;
use crate::table::{Cell, Table};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    shared: SharedArgs,
    /// Print the nodes as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let (_, found) = nodes(connect(&args.shared).await?).await?;
    if args.json {
        let lines: Vec<String> = found.iter().map(|node| json_of(node).to_string()).collect();
        let array = if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n]", lines.join(",\n")) };
        console.say(&array)?;
    } else if found.is_empty() {
        console.tell("no nodes yet");
    } else {
        console.write(&table(&found).render(console.stdout))?;
    }
    Ok(Exit::Ok)
}

fn table(found: &[NodeState]) -> Table {
    let mut table = Table::new(["NODE", "STATE", "EPOCH", "VERSION", "LAST SEEN", "LEASE", "RUNS"]);
    for state_of in found {
        let node = &state_of.node;
        let state = state(state_of);
        table.row([
            printable(&node.name).into(),
            Cell::from(state).coloured(colour(state)),
            node.epoch.to_string().into(),
            printable(&node.version).into(),
            format!("{} ago", spans::of_ms(state_of.silent_ms)).into(),
            spans::of_ms(node.lease_ms).into(),
            state_of.runs.to_string().into(),
        ]);
    }
    table
}

fn colour(state: &str) -> Option<Colour> {
    match state {
        "up" => Some(Colour::Green),
        "draining" => Some(Colour::Yellow),
        "lost" => Some(Colour::Red),
        _ => Some(Colour::Grey),
    }
}

fn json_of(found: &NodeState) -> Value {
    let node = &found.node;
    let moment = |ms| Timestamp::from_millisecond(ms).ok().map(|at| format!("{at:.3}"));
    json!({
        "name": node.name,
        "state": state(found),
        "epoch": node.epoch,
        "version": node.version,
        "started_at": moment(node.started_at),
        "seen_at": moment(node.seen_at),
        "silent_ms": found.silent_ms.max(0),
        "lease_ms": node.lease_ms,
        "runs": found.runs,
    })
}
