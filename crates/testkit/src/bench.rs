//! The benchmark: a load generator and the server process that it measures.
//!
//! The server is the one that ships, started as a process of its own on an empty folder, reached
//! over HTTP, with full sync. Nothing is called in process. Client and server share the machine,
//! so the client's CPU time is told apart from the server's, and what others take beside it.

mod answer;
mod closed_loop;
mod connection;
mod goal;
mod latency;
mod loopback;
mod machine;
mod options;
mod report;
mod server;
pub mod table;
mod task;
mod usage;
mod workload;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use options::{Options, Workload};
pub use report::Report;

use report::Row;

/// What a workload needs to run.
pub(crate) struct Bench<'a> {
    /// What was asked for.
    pub(crate) options: &'a Options,
    /// The server's executable.
    program: PathBuf,
    /// Where servers have their folders.
    folder: tempfile::TempDir,
}

impl Bench<'_> {
    /// The large size, or the small one for `--quick`.
    pub(crate) fn size<T>(&self, whole: T, quick: T) -> T {
        if self.options.quick { quick } else { whole }
    }

    /// Tells a person what is being done.
    #[expect(clippy::print_stderr, reason = "a measurement takes minutes and somebody waits")]
    pub(crate) fn say(&self, what: &str) {
        eprintln!("{what}");
    }
}

/// Measures what was asked for, one workload after the other.
///
/// # Errors
/// When the server does not start or does not answer as it should, or the machine cannot be read.
pub async fn run(options: &Options) -> Result<Report> {
    let own = std::env::current_exe().context("find this executable")?;
    let beside = own.parent().context("find the folder of this executable")?;
    let place = options.folder.clone().unwrap_or_else(|| beside.to_owned());
    let bench = Bench { options, program: program(beside)?, folder: folder_in(&place)? };
    let machine = machine::look(&bench.program, bench.folder.path())?;
    let mut rows: Vec<Row> = Vec::new();
    for workload in options.workloads() {
        bench.say(&format!("{} …", workload.name()));
        let measured = workload::run(&bench, workload).await;
        rows.extend(measured.with_context(|| format!("workload {}", workload.name()))?);
    }
    Ok(Report { machine, quick: options.quick, rows })
}

fn program(folder: &Path) -> Result<PathBuf> {
    let program = folder.join("fermata");
    let found = program.is_file();
    found.then_some(program).context("there is no `fermata` beside this executable: build the workspace")
}

fn folder_in(place: &Path) -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix("fermata-bench-").tempdir_in(place);
    made.with_context(|| format!("make a folder in {}", place.display()))
}
