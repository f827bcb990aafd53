//! Running tasks, without a server and on one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::Signal;

use crate::program::{Place, WAITING, collect, example, finish, finish_with, first_task, signal};

#[test]
fn a_file_runs_without_a_server() {
    let place = Place::new();
    let hello = example("hello.js");
    let ended = place.run(["run", &hello, "--input", "{\"name\": \"Ada\"}"]).with_code(0);
    assert_eq!(ended.stdout, "{\n  \"greeting\": \"Hello, Ada!\"\n}\n");
    assert!(ended.stderr.contains("INFO  greeting Ada"), "{}", ended.stderr);
    let left: Vec<_> = fs::read_dir(place.path("tmp")).unwrap().collect();
    assert!(left.is_empty(), "the temporary store is removed: {left:?}");
}

#[test]
fn a_workspace_keeps_its_rows() {
    let place = Place::new();
    let page = include_str!("../../../../docs/services/sql.md");
    let file = place.file("greet.js", first_task(page));
    for times in 1..=2 {
        let mut command = place.fermata(["run", &file, "--data", "data", "--input", "{\"name\": \"Ada\"}"]);
        // Over PostgreSQL there is no file.
        command.env_remove("FERMATA_DATABASE_URL");
        let ended = finish(command).with_code(0);
        assert_eq!(ended.stdout, format!("\"Hello Ada, for the {times}. time\"\n"));
    }
    assert!(place.path("data/sql/default.sqlite").exists());
}

#[test]
fn a_file_finds_itself_and_its_neighbours() {
    let place = Place::new();
    let nested = example("nested-calls.ts");
    let ended = place.run(["run", &nested, "--json"]).with_code(0);
    let run: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(run["result"], serde_json::json!({ "runs": 7, "depth": 2 }));
    place.file(
        "tasks/a.js",
        "export async function runTask(i, tools) { return tools.tasks.execute('b', 1); }",
    );
    place.file("tasks/b.js", "export async function runTask(input) { return input + 1; }");
    place.file("tasks/broken.js", "not a task(");
    let ended = place.run(["run", "tasks/a.js"]).with_code(0);
    assert_eq!(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("2\n", ""),
        "a broken neighbour is no matter"
    );
    place.run(["run", "tasks/a.js", "--verbose"]).with_code(0).telling(&[
        "left out",
        "broken.js",
        "published b v1",
    ]);
}

#[test]
fn a_failed_run_shows_the_authors_stack() {
    let place = Place::new();
    let file = place.file("fail.ts", "interface Nothing {}\n\nexport async function runTask() {\n  boom();\n}\nfunction boom() {\n  throw new TypeError('no luck');\n}\n");
    let ended = place.run(["run", &file]).with_code(1);
    let ended = ended.telling(&["error: TypeError: no luck", "boom", "fail.ts:7:"]);
    assert_eq!(ended.stdout, "");
}

#[test]
fn the_input_comes_from_everywhere() {
    let place = Place::new();
    let echo = place.file("echo.js", "export async function runTask(input) { return input; }");
    place.file("input.json", "{\"b\": 1.50, \"a\": []}");
    for input in ["input.json", "@input.json"] {
        let ended = place.run(["run", &echo, "--input", input]).with_code(0);
        assert_eq!(ended.stdout, "{\n  \"b\": 1.5,\n  \"a\": []\n}\n");
    }
    let ended = finish_with(place.fermata(["run", &echo, "--input", "-"]), "[1, 2]").with_code(0);
    assert_eq!(ended.stdout, "[\n  1,\n  2\n]\n");
    place.run(["run", &echo, "--input", "{oops"]).with_code(2).telling(&["the argument is not JSON"]);
    place.run(["run", &echo, "--input", "gone.json"]).with_code(2).telling(&["neither JSON nor a file"]);
}

#[test]
fn an_interrupted_embedded_run_is_cancelled_and_leaves_nothing() {
    let place = Place::new();
    let task = place.file("waiting.js", WAITING);
    let mut command = place.fermata(["run", &task]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(told.next().unwrap().ends_with("waiting"));
    signal(&child, Signal::INT);
    let rest: Vec<String> = told.collect();
    assert!(rest.iter().any(|line| line.contains("cancelled run_")), "{rest:?}");
    collect(child).with_code(130);
    assert_eq!(fs::read_dir(place.path("tmp")).unwrap().count(), 0);
}

#[test]
fn server_run_goes_on_when_the_client_is_interrupted() {
    let place = Place::new();
    let server = place.serve();
    let task = place.file("waiting.js", WAITING);
    let mut command = place.asking(&server, ["run", &task]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(told.next().unwrap().ends_with("waiting"));
    signal(&child, Signal::INT);
    let rest: Vec<String> = told.collect();
    assert!(rest[0].starts_with("run_") && rest[0].ends_with("goes on"), "{rest:?}");
    assert!(rest[2].contains("fermata runs cancel run_"), "{rest:?}");
    collect(child).with_code(130);
    let id = rest[0].split(' ').next().unwrap();
    place.ask(&server, ["runs", "cancel", id]).with_code(0);
    place.ask(&server, ["runs", "logs", id, "--follow"]).with_code(0).telling(&["is cancelled"]);
}

#[test]
fn server_run_goes_on_when_waiting_is_over() {
    let place = Place::new();
    let server = place.serve();
    let task = place.file("waiting.js", WAITING);
    place.ask(&server, ["publish", &task]).with_code(0);
    let ended =
        place.ask(&server, ["run", "waiting", "--wait", "50ms", "--json"]).with_code(0).telling(&["goes on"]);
    let run: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_ne!(run["status"], "completed");
}

#[test]
fn server_finds_the_runs_of_a_named_store() {
    let place = Place::new();
    let hello = example("hello.js");
    place.run(["run", &hello, "--data", "data"]).with_code(0);
    place.run(["run", &hello, "--data", "data", "--input", "{\"name\": \"again\"}"]).with_code(0);
    assert!(place.path("data/token").exists(), "clients find the token");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--token-file", "data/token"];
    let server = crate::program::Server::start(place.fermata(arguments));
    let ended = place.run(["runs", "list", "--url", &server.url, "--json"]).with_code(0);
    let runs: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 2);
}
