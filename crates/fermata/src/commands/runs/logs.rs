//! `fermata runs logs`.

use crate::client::{Client, Document, LogLine, RunEvent};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::progress::{Clock, log_line};
use crate::settings::ConnectArgs;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the run
    run: String,
    /// Go on until the run has ended
    #[arg(long, short)]
    follow: bool,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let client = Client::remote(args.connect.server()?);
    if args.follow {
        return follow(&client, &args, console).await;
    }
    for line in client.logs(&args.run).await? {
        say(&line, args.json, console)?;
    }
    Ok(Exit::Ok)
}

async fn follow(client: &Client, args: &Args, console: &Console) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen();
    let mut events = client.events(&args.run);
    loop {
        let event = tokio::select! {
            event = events.next() => event?,
            () = interrupts.next() => return Ok(Exit::Interrupted),
        };
        match event {
            RunEvent::Log(line) => say(&line, args.json, console)?,
            RunEvent::Ended(run) => {
                console.tell(&format!("{} is {}", run.id, run.status));
                return Ok(Exit::Ok);
            }
            _ => {}
        }
    }
}

fn say(line: &Document<LogLine>, is_json: bool, console: &Console) -> Result<(), Failure> {
    if is_json {
        console.say(line.text.get())
    } else {
        console.say(&log_line(line, Clock::Full, console.stdout))
    }
}
