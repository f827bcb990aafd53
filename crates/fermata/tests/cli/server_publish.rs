//! Publishing.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::Signal;

use crate::program::{Place, signal};

const HELLO: &str = "export async function runTask(input) { return { hello: input.name }; }\n";

#[test]
fn a_folder_is_published_and_mistakes_are_shown_at_their_place() {
    let place = Place::new();
    let server = place.serve();
    place.file("tasks/hello.js", HELLO);
    place.file(
        "tasks/team/mail.ts",
        "export async function runTask(input: { to: string }) { return input.to; }\n",
    );
    let ended = place.ask(&server, ["publish", "tasks"]).with_code(0);
    assert_eq!(ended.stdout, "published hello v1\npublished team/mail v1\n");
    let ended = place.ask(&server, ["publish", "tasks/hello.js"]).with_code(0);
    assert_eq!(ended.stdout, "unchanged hello v1\n");

    place.file("tasks/broken.js", "export async function runTask() {\n  const x = ;\n}\n");
    let ended = place.ask(&server, ["publish", "tasks"]).with_code(1);
    assert_eq!(ended.stdout, "unchanged hello v1\nunchanged team/mail v1\n", "the others are published");
    let ended = ended.telling(&["tasks/broken.js:2:", "  const x = ;"]);
    assert!(ended.stderr.lines().any(|line| line.trim() == "^"), "a caret: {}", ended.stderr);
}

#[test]
fn json_is_one_object_a_file() {
    let place = Place::new();
    let server = place.serve();
    place.file("a.js", HELLO);
    place.file("b.js", "export const nothing = 1;\n");
    let ended = place.ask(&server, ["publish", "--json", "a.js", "b.js"]).with_code(1);
    let lines: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["task"]["name"], "a");
    assert_eq!(lines[1]["file"], "b.js");
    assert!(lines[1]["error"]["message"].as_str().unwrap().contains("b.js"), "{}", ended.stdout);
}

#[test]
fn a_changed_file_is_published_again() {
    let place = Place::new();
    let server = place.serve();
    let file = place.file("tasks/hello.js", HELLO);
    let mut command = place.asking(&server, ["publish", "--watch", "tasks"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "published hello v1");
    assert!(told.next().unwrap().starts_with("watching"));
    // As editors do it: another file takes the name.
    let draft = place.file("draft", &HELLO.replace("hello", "hi"));
    fs::rename(draft, &file).unwrap();
    assert_eq!(lines.next().unwrap(), "published hello v2");
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
