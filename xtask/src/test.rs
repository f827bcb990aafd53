//! Every check there is, one after the other. A check that fails does not keep the others from running.

mod checks;
mod summary;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use self::checks::Check;
use self::summary::Summary;
use crate::arguments::Arguments;

/// Runs the checks; fails when one of them does.
pub(crate) fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let is_fast = match arguments.next().as_deref() {
        None => false,
        Some("--fast") => true,
        Some(word) => bail!("unexpected argument {word:?}; see `cargo xtask help`"),
    };
    arguments.end()?;

    let mut summary = Summary::default();
    let set_up = perform(&mut summary, &checks::SET_UP, is_fast);
    if set_up {
        for check in checks::list(is_fast) {
            perform(&mut summary, &check, is_fast);
        }
    }
    println!("\n{summary}");
    Ok(if summary.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn perform(summary: &mut Summary, check: &Check, is_fast: bool) -> bool {
    println!("\n── {} ──", check.name);
    let began = Instant::now();
    let result = (check.run)(is_fast);
    if let Err(error) = &result {
        println!("{error:#}");
    }
    let passed = result.is_ok();
    println!(
        "{} {} in {:.1} s",
        check.name,
        if passed { "passed" } else { "FAILED" },
        began.elapsed().as_secs_f64()
    );
    summary.add(check.name, passed, began.elapsed());
    passed
}
