//! `fermata-bench`: measures a real server over HTTP, with every write on disk before it counts.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use fermata_testkit::bench::{self, Options, table};

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    // One thread: what the client needs is taken from the server, which has the same cores.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("start tokio")?;
    let report = runtime.block_on(async {
        tokio::select! {
            report = bench::run(&options) => report,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        }
    })?;
    let text = if options.json { serde_json::to_string_pretty(&report)? + "\n" } else { table::of(&report) };
    io::stdout().write_all(text.as_bytes()).context("write the report")?;
    Ok(ExitCode::SUCCESS)
}
