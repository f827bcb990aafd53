//! The types for authors and the program know the same methods.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::json;

use crate::program::{Place, finish_with};

/// Fewer would mean that the types were not read.
const METHODS_MIN: usize = 150;

/// Calls each method without arguments, and one that no service has; gives the codes and messages.
const PROBE: &str = "export default async ({ methods, services }, tools) => {
  const failure = async (path) => {
    const names = path.split('.');
    const method = names.pop();
    const owner = names.reduce((object, name) => object?.[name], tools);
    if (typeof owner?.[method] !== 'function') return { code: 'no_function', message: '' };
    try {
      await owner[method]();
    } catch ({ code, message }) {
      return { code, message };
    }
  };
  const unknown = [];
  for (const path of methods) {
    const { code } = (await failure(path)) ?? {};
    if (['no_function', 'unknown_service', 'unknown_method'].includes(code)) unknown.push(`${path}: ${code}`);
  }
  const told = {};
  for (const service of services) told[service] = (await failure(`${service}.noSuchMethod`))?.message ?? '';
  return { unknown, told };
}";

#[derive(Deserialize)]
struct Typed {
    methods: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Probed {
    /// Methods of the types that the program does not know.
    unknown: Vec<String>,
    /// What each service says about a method that it has not.
    told: std::collections::BTreeMap<String, String>,
}

/// The methods that the types promise.
fn typed() -> BTreeSet<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/test/methods.mjs");
    let mut node = Command::new("node");
    node.arg(script);
    let ended = finish_with(node, "[]");
    assert_eq!(ended.code, 0, "{}; is `cargo xtask setup` done?", ended.stderr);
    serde_json::from_str::<Typed>(&ended.stdout).unwrap().methods
}

fn probe(methods: &BTreeSet<String>) -> Probed {
    let place = Place::new();
    let services: BTreeSet<&str> =
        methods.iter().filter_map(|method| Some(method.split_once('.')?.0)).collect();
    let input = json!({ "methods": methods, "services": services }).to_string();
    let task = place.file("probe.js", PROBE);
    let mock = place.file("mock.json", "[]");
    // Calls that are well-formed without arguments are not answered, so the command itself fails.
    let ended = place.run(["run", &task, "--input", &input, "--mock", &mock]);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stderr))
}

#[test]
fn every_method_of_the_types_is_known_and_every_known_one_is_in_the_types() {
    let methods = typed();
    assert!(methods.len() >= METHODS_MIN, "{methods:?}");
    let probed = probe(&methods);
    assert!(probed.unknown.is_empty(), "{:?}", probed.unknown);
    let mut listed = 0;
    for (service, message) in &probed.told {
        let Some((_, known)) = message.split_once("; it has ") else { continue };
        for name in known.split(", ") {
            listed += 1;
            assert!(methods.contains(&format!("{service}.{name}")), "sdk/ has no tools.{service}.{name}");
        }
    }
    assert!(listed * 2 >= METHODS_MIN, "only {listed} methods were told: {:?}", probed.told);
}
