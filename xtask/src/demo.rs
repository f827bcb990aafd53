//! The demonstration: a server of its own, the examples published, and a report made by hundreds of runs.

mod options;
mod probe;
mod report;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use self::options::Options;
use self::server::Server;
use crate::arguments::Arguments;
use crate::interrupt::Interrupt;
use crate::{process, repository, setup};

/// Shows it all, then serves until it is told to stop, or with `--exit` ends with the report.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let options = Options::parse(arguments)?;
    probe::check_free(&options.listen)?;
    setup::run()?;
    let program = build()?;

    let interrupt = Interrupt::listen()?;
    let mut server = Server::start(&program, &options)?;
    server.wait_until_ready(&interrupt)?;
    process::run(client(&program, &server).args(["publish", "examples"]))?;
    let completed = make_report(&program, &server)?;
    if !options.exits && !interrupt.came() {
        println!("\nServing. Ctrl-C stops the server.");
        server.wait_for(&interrupt)?;
        println!("\nStopping.");
    }
    server.stop()?;
    Ok(if completed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn build() -> Result<PathBuf> {
    let program = repository::target_folder()?.join("debug/fermata");
    if !program.exists() {
        println!("building Fermata; the first build takes some minutes");
    }
    // The whole workspace, as in the tests: a part alone has other features and would be built anew.
    process::run(repository::cargo().args(["build", "--workspace"]))?;
    Ok(program)
}

/// The command-line client, pointed at the server.
fn client(program: &Path, server: &Server) -> Command {
    let mut client = Command::new(program);
    client.current_dir(repository::root());
    client.env("FERMATA_URL", server.url()).env("FERMATA_TOKEN_FILE", server.token_file());
    client
}

/// Runs the lockfile report on this repository's `Cargo.lock`; whether it completed.
fn make_report(program: &Path, server: &Server) -> Result<bool> {
    println!("\nfermata run lockfile-report, on this repository's Cargo.lock");
    let mut run = client(program, server);
    run.args(["run", "lockfile-report", "--json", "--input"]).arg(input_file()?);
    let output = run
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("`fermata run` cannot be started")?;
    let answer: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("`fermata run --json` gave no run ({})", output.status))?;

    let completed = output.status.success() && answer["status"] == "completed";
    if completed {
        report::print(&answer["result"]);
    } else {
        println!("{answer:#}");
    }
    print_addresses(server, &answer);
    Ok(completed)
}

fn input_file() -> Result<PathBuf> {
    let lockfile = repository::root().join("Cargo.lock");
    let text =
        fs::read_to_string(&lockfile).with_context(|| format!("cannot read {}", lockfile.display()))?;
    let file = repository::scratch_folder()?.join("lockfile-input.json");
    fs::write(&file, json!({ "lockfile": text }).to_string())
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn print_addresses(server: &Server, run: &Value) {
    let url = server.url();
    let token = server.token_file().display();
    println!("\nstatus  {}", run["status"].as_str().unwrap_or("unknown"));
    println!("API     {url}/v1/tasks");
    println!("OpenAPI {url}/openapi.json");
    if let Some(id) = run["id"].as_str() {
        println!("run     {url}/v1/runs/{id}");
    }
    println!("token   {token}\nlog     {}", server.log_file().display());
    println!("try     curl -H \"Authorization: Bearer $(cat {token})\" {url}/v1/runs");
}
