//! The checks, in the order in which they run: what is quick and often wrong first.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{openapi, process, repository, setup, tidy};

/// One check.
pub(crate) struct Check {
    /// What the heading and the summary call it.
    pub(crate) name: &'static str,
    /// Performs it; it is told whether the slow parts are to be left out.
    pub(crate) run: fn(bool) -> Result<()>,
    is_slow: bool,
}

const fn quick(name: &'static str, run: fn(bool) -> Result<()>) -> Check {
    Check { name, run, is_slow: false }
}

const fn slow(name: &'static str, run: fn(bool) -> Result<()>) -> Check {
    Check { name, run, is_slow: true }
}

/// Without it no other check can run.
pub(crate) const SET_UP: Check = quick("set-up", |_| setup::run());

/// All checks, or the quick ones.
pub(crate) fn list(is_fast: bool) -> impl Iterator<Item = Check> {
    let all = [
        quick("format", |_| process::run(repository::cargo().args(["fmt", "--check"]))),
        quick("tidy", |_| tidy::check()),
        quick("sdk types", |_| {
            process::run_quietly(setup::npm(setup::SDK).args(["run", "--silent", "check"]))
        }),
        quick("guest tests", |_| process::run_quietly(setup::npm(setup::GUEST).args(["test", "--silent"]))),
        quick("lints", |_| lints()),
        quick("tests", tests),
        slow("tests on PostgreSQL", |_| tests_on_postgres()),
        slow("doc tests", |_| process::run(repository::cargo().args(["test", "--workspace", "--doc"]))),
        slow("openapi", |_| openapi::check()),
    ];
    all.into_iter().filter(move |check| !(is_fast && check.is_slow))
}

fn lints() -> Result<()> {
    process::run(repository::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// What names of slow tests contain (`.config/nextest.toml` knows them too).
const SLOW_TESTS: [&str; 3] = ["kill_test", "property_", "server_"];

/// Whose tests keep a ledger without being about it.
const ABOVE_THE_LEDGER: &str = "(package(fermata-engine) + package(fermata-runtime) + package(fermata)) \
     - test(/^doctor|store_failures|named_store|server_backup|^kill_test_nodes/) - binary(sql_clients) \
     - binary(cluster_kill_test)";

fn tests(is_fast: bool) -> Result<()> {
    if process::ask("cargo-nextest", "--version").is_some() {
        return with_nextest(is_fast);
    }
    println!("cargo-nextest is missing, so `cargo test` runs instead: slower, and without time limits.");
    println!("To install it: cargo install cargo-nextest --locked");
    with_cargo_test(is_fast)
}

fn with_nextest(is_fast: bool) -> Result<()> {
    let slow = SLOW_TESTS.join("|");
    let filter = if is_fast { format!("not test(/{slow}/)") } else { "all()".to_owned() };
    process::run(&mut nextest_of(&filter))
}

/// The tests of what stands on the ledger, once more with the ledger in PostgreSQL. The tests of `store`
/// itself use both databases anyway. Each test starts a server of its own, unless
/// `FERMATA_TEST_DATABASE_URL` names one.
fn tests_on_postgres() -> Result<()> {
    let is_nextest = process::ask("cargo-nextest", "--version").is_some();
    let mut tests = if is_nextest { nextest_of(ABOVE_THE_LEDGER) } else { cargo_test(false) };
    process::run(tests.env("FERMATA_TEST_STORE", "postgres"))
}

fn nextest_of(filter: &str) -> Command {
    let mut nextest = repository::cargo();
    nextest.args(["nextest", "run", "--workspace", "-E", filter]);
    nextest
}

fn with_cargo_test(is_fast: bool) -> Result<()> {
    if !process::succeeds(&mut cargo_test(is_fast))? {
        bail!("tests failed");
    }
    Ok(())
}

fn cargo_test(is_fast: bool) -> Command {
    let mut test = repository::cargo();
    test.args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast", "--"]);
    if is_fast {
        for slow in SLOW_TESTS {
            test.args(["--skip", slow]);
        }
    }
    test
}
