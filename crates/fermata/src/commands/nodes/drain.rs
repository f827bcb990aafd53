//! `fermata nodes drain`.

use std::time::{Duration, Instant};

use fermata_store::{Admin, NodeState};
use indicatif::ProgressBar;

use super::{connect, nodes};
use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure, with_causes};
use crate::node::blocking;
use crate::settings::SharedArgs;
use crate::spans;

/// How often it is looked how far the node is.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often the line on the terminal is drawn.
const TICK: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The node's name
    #[arg(value_name = "NODE")]
    name: String,
    /// How long to wait for its end; exit code 1 when it has not ended by then
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    wait: String,
    #[command(flatten)]
    shared: SharedArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let wait = spans::parse(&args.wait).map_err(|error| Failure::usage(format!("--wait: {error}")))?;
    let (admin, node) = find(connect(&args.shared).await?, &args.name).await?;
    if node.node.state == "down" {
        console.tell(&format!("{} is down already", args.name));
        return Ok(Exit::Ok);
    }
    let mut admin = ask(admin, &args.name).await?;
    let began = Instant::now();
    let line = Line::new(console);
    loop {
        let (given_back, node) = find(admin, &args.name).await?;
        admin = given_back;
        if node.node.state == "down" {
            line.clear();
            let word = console.stdout.paint(Colour::Green, "drained");
            console.say(&format!("{word} {}", args.name))?;
            return Ok(Exit::Ok);
        }
        line.show(&node);
        if began.elapsed() >= wait {
            line.clear();
            return Err(too_long(&node, &args.wait));
        }
        tokio::time::sleep(LOOK_EVERY.min(wait)).await;
    }
}

async fn find(admin: Admin, name: &str) -> Result<(Admin, NodeState), Failure> {
    let (admin, found) = nodes(admin).await?;
    let node = found.into_iter().find(|node| node.node.name == name);
    let unknown = || {
        Failure::new(Exit::NotFound, format!("there is no node {name:?}"))
            .note("`fermata nodes list` shows those there are")
    };
    Ok((admin, node.ok_or_else(unknown)?))
}

async fn ask(mut admin: Admin, name: &str) -> Result<Admin, Failure> {
    let name = name.to_owned();
    let (admin, asked) = blocking(move || {
        let asked = admin.drain(&name);
        (admin, asked)
    })
    .await?;
    // One that was not up any more has ended meanwhile, which is seen next.
    asked.map_err(|error| Failure::io(with_causes(&error)))?;
    Ok(admin)
}

fn too_long(node: &NodeState, wait: &str) -> Failure {
    let name = &node.node.name;
    let failure = Failure::new(
        Exit::Failed,
        format!("{name} is not down after {wait}; it still has {} runs", node.runs),
    );
    if node.is_lost() {
        let silent = spans::of_ms(node.silent_ms);
        return failure.note(format!(
            "it has given no sign of life for {silent}; another node that is up takes its runs over"
        ));
    }
    failure.note("it goes on handing over; wait again with the same command")
}

/// The line that shows how far it is: on a terminal one that moves, else one at the beginning.
struct Line {
    bar: Option<ProgressBar>,
}

impl Line {
    fn new(console: &Console) -> Self {
        if !console.stderr.is_terminal {
            console.tell("waiting until its runs are handed over");
            return Self { bar: None };
        }
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(TICK);
        Self { bar: Some(bar) }
    }

    fn show(&self, node: &NodeState) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} has {} runs left", node.node.name, node.runs));
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
