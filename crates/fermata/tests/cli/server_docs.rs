//! Every request in the user documents, made as it stands.

use std::fs;
use std::process::Command;

use crate::documents::{Block, blocks};
use crate::program::{Place, example};

#[test]
fn every_request_in_the_documents_is_understood() {
    let place = Place::new();
    let server = place.serve();
    place.ask(&server, ["publish", &example("approval.ts")]).with_code(0);
    let token = fs::read_to_string(place.path("token")).unwrap();
    let requests: Vec<(String, String)> =
        blocks("").iter().filter(|b| b.document == "api.md").flat_map(curls).collect();
    assert!(requests.len() >= 20, "only {} requests were found", requests.len());
    for (whence, curl) in requests {
        let started = place.ask(&server, ["run", "approval", "--detach", "--input", r#"{"subject":"x"}"#]);
        let run = started.with_code(0).stdout.trim().to_owned();
        // The run waits for an event: asking for its end would wait as long.
        let curl = curl.replace("wait=30s", "wait=1s");
        let script = format!("{curl} --max-time 2 -o answer -w '%{{http_code}}'");
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(place.path("")).env("FERMATA", &server.url);
        shell.env("auth", format!("Authorization: Bearer {}", token.trim())).env("run", run);
        let output = shell.output().unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        let answer = fs::read_to_string(place.path("answer")).unwrap_or_default();
        let understood = status.starts_with('2') || status == "404" && curl.contains("DELETE");
        assert!(understood, "{whence}: {curl}\nanswered {status}: {answer}");
    }
}

/// The `curl` commands of a block, each on one line.
fn curls(block: &Block) -> Vec<(String, String)> {
    if block.language != "sh" {
        return Vec::new();
    }
    let whence = format!("{}:{}", block.document, block.line);
    let joined = block.text.replace("\\\n", " ");
    let bare = |line: &str| line.split("   #").next().unwrap_or(line).trim().to_owned();
    let commands = joined.lines().filter(|line| line.starts_with("curl ")).map(bare);
    commands.map(|command| (whence.clone(), command)).collect()
}
