//! The official clients, which Node runs.

use std::io::Write;
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

/// Runs a script where the clients are installed. It gets JSON on its input and gives JSON on its output.
pub(crate) fn run<T: DeserializeOwned>(script: &str, input: &serde_json::Value) -> T {
    let clients = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
    // As text, so that the script's imports are looked up from the folder it runs in.
    let mut node = Command::new("node")
        .args(["--input-type=module", "--eval", script])
        .current_dir(clients)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut stdin = node.stdin.take().unwrap();
    let text = input.to_string();
    let writing = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = node.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success(), "the script failed; is `npm ci` done in {clients}?");
    serde_json::from_slice(&output.stdout).unwrap()
}
