//! What Python's standard library makes of something.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a script, which gets JSON on its input and gives JSON on its output.
pub(crate) fn run(script: &str, input: &serde_json::Value) -> serde_json::Value {
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the script failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
