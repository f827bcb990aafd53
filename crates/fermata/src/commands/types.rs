//! `fermata types`: writes the types of everything that a task meets, for editors and `tsc`.

mod discovery;
mod google;
mod project;
mod schema;
mod sdk;
mod tasks;

use std::path::PathBuf;

use crate::client::{Document, Task};
use crate::commands::publish::publish;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::node::Embedded;
use crate::settings::EgressArgs;
use crate::sources::{self, SourceFile};
use discovery::Discovery;
use project::Project;

/// Most APIs that are asked for at once.
const APIS_MAX: usize = 32;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder with task files
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// Types of a Google API too: its name, or NAME:VERSION (repeatable)
    #[arg(long, value_name = "API")]
    google: Vec<String>,
    /// Server to ask for Google's descriptions of APIs [default: Google's]
    #[arg(long, value_name = "URL", requires = "google")]
    discovery: Option<String>,
    #[command(flatten)]
    egress: EgressArgs,
}

pub(super) async fn run(args: Args, console: &Console) -> Result<Exit, Failure> {
    if args.google.len() > APIS_MAX {
        return Err(Failure::usage(format!("--google can be given {APIS_MAX} times")));
    }
    let project = Project::at(&args.folder)?;
    let policy = args.egress.validate()?;
    let discovery = Discovery::new(policy.clone(), args.discovery.as_deref());
    let mut apis = Vec::new();
    for name in &args.google {
        apis.push((name, discovery.types(name).await?));
    }
    let tasks = known_tasks(&args, policy, console).await?;
    for (name, text) in sdk::FILES {
        project.write(name, text)?;
    }
    project.write("workspace.d.ts", &tasks::file(&tasks))?;
    for (name, text) in &apis {
        project.write(&format!("google/{}.d.ts", name.replace([':', '.'], "_")), text)?;
    }
    tell(&project, tasks.len(), apis.len(), console)?;
    Ok(Exit::Ok)
}

/// The tasks of the folder, each published into a store that does not last. What cannot be is told and left out.
async fn known_tasks(
    args: &Args,
    policy: fermata_connect::egress::Policy,
    console: &Console,
) -> Result<Vec<Task>, Failure> {
    let Ok(files) = sources::collect(std::slice::from_ref(&args.folder)) else { return Ok(Vec::new()) };
    let embedded = Embedded::open(None, policy, fermata_engine::World::default()).await?;
    let mut tasks = Vec::new();
    for file in &files {
        match publish(&embedded.client, file).await.map(Document::into_value) {
            Ok(task) => tasks.push(task),
            Err(failure) => tell_left_out(file, &failure, console),
        }
    }
    embedded.close().await;
    Ok(tasks)
}

fn tell_left_out(file: &SourceFile, failure: &Failure, console: &Console) {
    console.tell(&format!("left out {}: {}", file.path.display(), failure.message));
}

fn tell(project: &Project, tasks: usize, apis: usize, console: &Console) -> Result<(), Failure> {
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let folder = project.types().display().to_string();
    let apis = if apis > 0 { format!(" and of {}", counted(apis, "Google API")) } else { String::new() };
    console.tell(&format!("wrote the types of tools, of {}{apis} into {folder}", counted(tasks, "task")));
    if project.configure()? {
        console.tell("wrote tsconfig.json, by which editors find them");
    } else if !project.is_configured() {
        let name = project.settings();
        console.tell(&format!("to let editors find them, put this into {name}:\n{}", project::LINES));
    }
    Ok(())
}
