//! Which crate uses which: exactly what the crate table says, and `model` uses nothing that waits.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use super::sources::Sources;
use super::violation::Violation;
use super::{map, table};
use crate::repository;

/// Libraries that only some crates may depend on, in their product.
const HOMES: [(&str, &[&str]); 4] = [
    ("rusqlite", &["store", "services"]),
    ("wasmtime", &["vm"]),
    ("wasmtime-wizer", &["vm"]),
    ("reqwest", &["connect"]),
];

/// What has no place in a crate without clock, waiting and input.
const NOT_PURE: [&str; 9] =
    ["tokio", "futures", "async-trait", "mio", "rusqlite", "wasmtime", "reqwest", "hyper", "rand"];

/// Compares the table with the manifests.
pub(super) fn check(sources: &Sources, found: &mut Vec<Violation>) -> Result<()> {
    let crates = crates()?;
    let rows = table::rows(&sources.get(map::FILE)?.text);
    for (name, row) in &rows {
        match crates.get(name) {
            None => found.push(Violation::error(map::FILE, row.line, format!("there is no crate `{name}`"))),
            Some(uses) => compare(name, &crates, row, uses, found),
        }
    }
    for name in crates.keys().filter(|name| !rows.contains_key(*name)) {
        found.push(Violation::error(map::FILE, 1, format!("the crate table has no row `{name}`")));
    }
    homes(&crates, found);
    Ok(())
}

type Crates = BTreeMap<String, BTreeSet<String>>;

fn compare(
    name: &str,
    crates: &Crates,
    row: &table::Row,
    uses: &BTreeSet<String>,
    found: &mut Vec<Violation>,
) {
    let ours: BTreeSet<String> = uses.iter().filter(|used| crates.contains_key(*used)).cloned().collect();
    for extra in ours.difference(&row.may_use) {
        found.push(Violation::error(
            &manifest(name),
            1,
            format!("uses `{extra}`, which the crate table does not allow"),
        ));
    }
    for missing in row.may_use.difference(&ours) {
        found.push(Violation::error(map::FILE, row.line, format!("`{name}` does not use `{missing}`")));
    }
}

fn homes(crates: &Crates, found: &mut Vec<Violation>) {
    for (name, uses) in crates {
        let strays =
            |(library, homes): &&(&str, &[&str])| uses.contains(*library) && !homes.contains(&name.as_str());
        for (library, homes) in HOMES.iter().filter(strays) {
            let message = format!("uses {library}, which is for {} alone", homes.join(" and "));
            found.push(Violation::error(&manifest(name), 1, message));
        }
        for library in NOT_PURE.iter().filter(|library| name == "model" && uses.contains(**library)) {
            found.push(Violation::error(&manifest(name), 1, format!("uses {library}, but `model` is pure")));
        }
    }
}

fn manifest(name: &str) -> String {
    if name == "xtask" { "xtask/Cargo.toml".to_owned() } else { format!("crates/{name}/Cargo.toml") }
}

/// Every crate of the repository with its normal dependencies, our own by their short names.
fn crates() -> Result<Crates> {
    let packages =
        repository::metadata()?["packages"].as_array().context("cargo metadata names no packages")?;
    Ok(packages.iter().map(|package| (short_name(&package["name"]), normal_dependencies(package))).collect())
}

fn normal_dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().filter(|each| each["kind"].is_null()).map(|each| short_name(&each["name"])).collect()
}

fn short_name(name: &Value) -> String {
    let name = name.as_str().unwrap_or_default();
    name.strip_prefix("fermata-").unwrap_or(name).to_owned()
}
