//! `fermata runs show`.

use jiff::Timestamp;

use super::status_colour;
use crate::client::{Call, Client, Document, Run};
use crate::commands::json_array;
use crate::console::{Colour, Console, printable};
use crate::exit::{Exit, Failure};
use crate::settings::ConnectArgs;
use crate::table::{Cell, Table};
use crate::{json_text, spans};

/// Longest input or result that is shown whole, in bytes.
const SHOWN_BYTES_MAX: usize = 2_000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the run
    run: String,
    /// Print the run and its calls as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let client = Client::remote(args.connect.server()?);
    let run = client.run(&args.run).await?;
    let calls = client.calls(&args.run).await?;
    if args.json {
        console.say(&format!(r#"{{"run":{},"calls":{}}}"#, run.text.get(), json_array(&calls)))?;
        return Ok(Exit::Ok);
    }
    for (label, value) in facts(&run, console) {
        let label = console.stdout.paint(Colour::Grey, &format!("{label:<10}"));
        console.say(&format!("{label} {}", value.replace('\n', "\n           ")))?;
    }
    if !calls.is_empty() {
        console.say("")?;
        console.write(&table(&calls).render(console.stdout))?;
    }
    Ok(Exit::Ok)
}

fn facts(run: &Run, console: &Console) -> Vec<(&'static str, String)> {
    let status = match status_colour(&run.status) {
        Some(colour) => console.stdout.paint(colour, &run.status),
        None => run.status.clone(),
    };
    let mut facts =
        vec![("run", run.id.clone()), ("task", format!("{} v{}", run.task, run.version)), ("status", status)];
    let moments = [("created", run.created_at), ("started", run.started_at), ("ended", run.ended_at)];
    facts.extend(moments.into_iter().filter_map(|(label, at)| at.map(|at| (label, moment(at)))));
    facts.extend(run.duration_ms().map(|ms| ("duration", spans::of_ms(ms))));
    facts.extend(run.cpu_ms.map(|ms| ("CPU", format!("{ms:.1} ms"))));
    facts.extend(run.deliveries.map(|count| ("deliveries", count.to_string())));
    facts
        .extend(run.parent.as_ref().map(|parent| ("parent", format!("{} call {}", parent.run, parent.call))));
    facts.extend(run.input.as_ref().map(|input| ("input", shown(input.get()))));
    facts.extend(run.result.as_ref().map(|result| ("result", shown(result.get()))));
    facts.extend(run.error.as_ref().map(|error| {
        let stack = error.stack.as_deref().map(|stack| format!("\n{}", stack.trim_end())).unwrap_or_default();
        ("error", printable(&format!("{}: {}{stack}", error.name, error.message)))
    }));
    facts
}

fn moment(at: Timestamp) -> String {
    format!("{at:.3} ({} ago)", spans::age(at, Timestamp::now())).replace("(now ago)", "(now)")
}

fn shown(json: &str) -> String {
    if json.len() > SHOWN_BYTES_MAX {
        return format!("{} bytes of JSON (--json shows them)", json.len());
    }
    printable(&json_text::pretty(json))
}

fn table(calls: &[Document<Call>]) -> Table {
    let mut table = Table::new(["CALL", "METHOD", "STATUS", "DURATION", "ATTEMPTS", "NOTE"]);
    for call in calls {
        let duration = call.created_at.zip(call.ended_at);
        let duration = duration.map(|(from, to)| spans::of_ms(to.as_millisecond() - from.as_millisecond()));
        let failed = call.error.as_ref().map(|error| printable(&error.message).replace('\n', " "));
        table.row([
            call.number.to_string().into(),
            format!("{}.{}", call.service, call.method).into(),
            Cell::from(call.status.as_str()).coloured(status_colour(&call.status)),
            duration.unwrap_or_default().into(),
            call.attempts.map(|count| count.to_string()).unwrap_or_default().into(),
            failed.or_else(|| call.child.clone()).unwrap_or_default().into(),
        ]);
    }
    table
}
