//! `fermata publish`: publishes task files.

mod watch;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::{Client, ClientError, Document, Task};
use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure};
use crate::settings::ConnectArgs;
use crate::sources::{self, SourceFile};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task files, or folders that hold some
    ///
    /// Of a folder every .js, .mjs, .cjs, .ts and .mts file is published, except declarations
    /// (.d.ts) and what lies in node_modules. A task in a folder below is named FOLDER/NAME.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Publish again whenever a file changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Print one JSON object for each file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    let files = sources::collect(&args.paths)?;
    let publisher = Publisher { client: Client::remote(args.connect.server()?), is_json: args.json, console };
    if args.watch {
        return watch::run(&publisher, &args.paths, files).await;
    }
    let mut has_failed = false;
    for file in &files {
        has_failed |= !publisher.publish(file).await?;
    }
    Ok(if has_failed { Exit::Failed } else { Exit::Ok })
}

/// Publishes files and tells how it went.
struct Publisher<'a> {
    client: Client,
    is_json: bool,
    console: &'a Console,
}

impl Publisher<'_> {
    /// Publishes a file. False when the server does not take it, or it cannot be read.
    ///
    /// # Errors
    /// When there is no point in going on with other files: no server, a wrong token.
    async fn publish(&self, file: &SourceFile) -> Result<bool, Failure> {
        match publish(&self.client, file).await {
            Ok(task) => self.tell_success(file, &task).map(|()| true),
            Err(failure) if matches!(failure.exit, Exit::Failed | Exit::Io | Exit::Usage) => {
                self.tell_failure(file, &failure).map(|()| false)
            }
            Err(failure) => Err(failure),
        }
    }

    fn tell_success(&self, file: &SourceFile, task: &Document<Task>) -> Result<(), Failure> {
        if self.is_json {
            return self.console.say(&format!(
                r#"{{"file":{},"task":{}}}"#,
                json_of(&file.path),
                task.text.get()
            ));
        }
        let (word, colour) =
            if task.is_new { ("published", Colour::Green) } else { ("unchanged", Colour::Grey) };
        let word = self.console.stdout.paint(colour, word);
        self.console.say(&format!("{word} {} v{}", task.name, task.version))
    }

    fn tell_failure(&self, file: &SourceFile, failure: &Failure) -> Result<(), Failure> {
        if self.is_json {
            let error = json!({ "message": failure.message, "notes": failure.notes });
            return self.console.say(&format!(r#"{{"file":{},"error":{error}}}"#, json_of(&file.path)));
        }
        failure.report(self.console);
        Ok(())
    }
}

fn json_of(path: &Path) -> Value {
    Value::from(path.to_string_lossy())
}

/// Publishes a file; a mistake in it is told with the path the user knows.
///
/// # Errors
/// When the file cannot be read, or the server does not take it.
pub(super) async fn publish(client: &Client, file: &SourceFile) -> Result<Document<Task>, Failure> {
    let request = file.read()?;
    client.publish(&request).await.map_err(|error| locate(error, file))
}

/// Puts the path where the server's message has only the file's name.
fn locate(error: ClientError, file: &SourceFile) -> Failure {
    let is_refused = matches!(error, ClientError::Refused(_));
    let mut failure = Failure::from(error);
    let path = file.path.display();
    if let Some(rest) = failure.message.strip_prefix(&format!("{}:", file.file_name())) {
        failure.message = format!("{path}:{rest}");
    } else if is_refused && failure.exit == Exit::Failed {
        failure.message = format!("{path}: {}", failure.message);
    }
    failure
}
