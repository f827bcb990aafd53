//! `fermata doctor`: checks that a server can work here, and says what to do when it cannot.

mod clock;
mod database;
mod disk;
mod engine;
mod folder;
mod key;
mod objects;
mod port;
mod store;
mod token;

use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure};
use crate::settings::{ConnectArgs, ListenArgs, PlaceArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// What a check found.
struct Finding {
    about: &'static str,
    is_good: bool,
    message: String,
    /// What to do; of a good finding, more to know.
    notes: Vec<String>,
}

impl Finding {
    fn good(about: &'static str, message: impl Into<String>) -> Self {
        Self { about, is_good: true, message: message.into(), notes: Vec::new() }
    }

    fn bad(about: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, is_good: false, message: message.into(), notes: vec![advice.into()] }
    }

    /// A failure as a finding.
    fn failed(about: &'static str, failure: Failure) -> Self {
        Self { about, is_good: false, message: failure.message, notes: failure.notes }
    }

    fn tell(&self, console: &Console) -> Result<(), Failure> {
        let (sign, colour) = if self.is_good { ("✓", Colour::Green) } else { ("✗", Colour::Red) };
        let message = self.message.replace('\n', "\n                  ");
        console.say(&format!("{} {:<15} {message}", console.stdout.paint(colour, sign), self.about))?;
        for note in &self.notes {
            console.say(&format!("                  {note}"))?;
        }
        Ok(())
    }
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let place = args.place.validate()?;
    let data = &place.folder;
    let mut doctor = Doctor { console, has_bad: false };
    doctor.note(&folder::check(data))?;
    doctor.note(&disk::check(data))?;
    let newest_run = match &place.options.database {
        Some(_) => {
            let found = database::check(&place).await;
            doctor.note(&key::check(data, found.is_empty))?;
            found.findings.iter().try_for_each(|finding| doctor.note(finding))?;
            None
        }
        None => {
            doctor.note(&key::check(data, !data.join("fermata.db").exists()))?;
            let (finding, newest_run) = store::check(data).await;
            doctor.note(&finding)?;
            newest_run
        }
    };
    if let Some(objects) = place.options.objects.clone() {
        doctor.note(&objects::check(objects).await)?;
    }
    doctor.note(&clock::check(newest_run))?;
    doctor.note(&engine::check().await)?;
    let (finding, server) = port::check(&args.listen, &args.connect).await;
    doctor.note(&finding)?;
    doctor.note(&token::check(&args.connect, server).await)?;
    Ok(if doctor.has_bad { Exit::Failed } else { Exit::Ok })
}

/// Tells findings and remembers whether one was bad.
struct Doctor<'a> {
    console: &'a Console,
    has_bad: bool,
}

impl Doctor<'_> {
    fn note(&mut self, finding: &Finding) -> Result<(), Failure> {
        self.has_bad |= !finding.is_good;
        finding.tell(self.console)
    }
}
