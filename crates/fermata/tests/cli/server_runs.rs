//! Looking at runs, ending them, and sending them events.

use crate::program::{Place, WAITING};

#[test]
fn runs_are_listed_shown_and_their_lines_read() {
    let place = Place::new();
    let server = place.serve();
    let loud = place.file(
        "loud.js",
        "export async function runTask(input, tools) {
  tools.log.warn('careful', { n: 1 });
  await tools.sleep(1);
  return 'done';
}",
    );
    let ended = place.ask(&server, ["run", &loud, "--json"]).with_code(0);
    let run: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let id = run["id"].as_str().unwrap();

    let list = place.ask(&server, ["runs", "list"]).with_code(0).stdout;
    let mut lines = list.lines();
    assert!(lines.next().unwrap().starts_with("RUN "), "{list}");
    assert!(lines.next().unwrap().contains("loud  v1       completed"), "{list}");
    let none = place.ask(&server, ["runs", "list", "--status", "failed"]).with_code(0);
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "no runs\n"));

    let shown = place.ask(&server, ["runs", "show", id]).with_code(0).stdout;
    for part in ["status     completed", "task       loud v1", "result     \"done\"", "CALL  METHOD"] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    let logs = place.ask(&server, ["runs", "logs", id]).with_code(0).stdout;
    assert!(logs.trim_end().ends_with("WARN  careful {\"n\":1}"), "{logs}");
    let logs = place.ask(&server, ["runs", "logs", id, "--json"]).with_code(0).stdout;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&logs).unwrap()["message"], "careful");
}

#[test]
fn an_event_lets_a_run_go_on() {
    let place = Place::new();
    let server = place.serve();
    let task = place.file("waiting.js", WAITING);
    let id = place.ask(&server, ["run", &task, "--detach"]).with_code(0).stdout;
    place.ask(&server, ["send-event", id.trim(), "go", "{\"n\": 1}"]).with_code(0);
    place.ask(&server, ["runs", "logs", id.trim(), "--follow"]).with_code(0).telling(&["completed"]);
    let shown = place.ask(&server, ["runs", "show", id.trim()]).with_code(0).stdout;
    assert!(shown.contains("\"n\": 1"), "{shown}");
}

#[test]
fn a_cancelled_and_a_killed_run() {
    let place = Place::new();
    let server = place.serve();
    let task = place.file("waiting.js", WAITING);
    for way in ["cancel", "kill"] {
        let id = place.ask(&server, ["run", &task, "--detach"]).with_code(0).stdout;
        place.ask(&server, ["runs", way, id.trim()]).with_code(0);
        place.ask(&server, ["runs", "logs", id.trim(), "--follow"]).with_code(0).telling(&["is cancelled"]);
    }
}
