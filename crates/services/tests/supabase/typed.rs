//! The types for authors take every chain that is compared, but for those that are mistakes on purpose.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::recorded::Recorded;

/// Chains that the official client's types refuse too: a value is missing, and one is of the wrong kind.
const MISTAKES: [&str; 2] =
    ["db.from('t').select().eq('a')", "db.from('t').select().order('data->>key', { ascending: null })"];

#[derive(Deserialize)]
struct Typed {
    refusals: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    chain: String,
    message: String,
}

#[test]
fn the_types_take_what_is_right_and_refuse_what_is_not() {
    let chains: Vec<String> = Recorded::run().requests.into_iter().map(|compared| compared.chain).collect();
    let chains: BTreeSet<&str> = chains.iter().map(String::as_str).collect();
    let refused = refusals(&chains);
    let unexpected: Vec<String> = refused
        .iter()
        .filter(|refusal| !MISTAKES.contains(&refusal.chain.as_str()))
        .map(|refusal| format!("{}: {}", refusal.chain, refusal.message))
        .collect();
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    assert_eq!(refused.len(), MISTAKES.len(), "every mistake is noticed");
}

/// What the compiler has against chains.
fn refusals(chains: &BTreeSet<&str>) -> Vec<Refusal> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/test/methods.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    // The script reads all of it before it writes.
    node.stdin.take().unwrap().write_all(&serde_json::to_vec(chains).unwrap()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the script failed; is `cargo xtask setup` done?");
    serde_json::from_slice::<Typed>(&output.stdout).unwrap().refusals
}
