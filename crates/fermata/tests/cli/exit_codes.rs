//! The exit codes that scripts rely on.

use std::net::TcpListener;

use crate::program::{Place, example, finish};

#[test]
fn the_help_lists_them() {
    let help = Place::new().run(["--help"]).with_code(0).stdout;
    for code in [0, 1, 2, 3, 4, 5, 6, 64, 70, 74, 130] {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))),
            "{code}: {help}"
        );
    }
}

#[test]
fn without_a_server() {
    let place = Place::new();
    place.run(["--wrong"]).with_code(2);
    place.run(["runs", "list", "--status", "sleeping"]).with_code(2).telling(&["unknown run status"]);
    place.run(["publish", "gone.js"]).with_code(2).telling(&["gone.js"]);
    place.run(["run", "gone.js"]).with_code(2).telling(&["gone.js"]);
    place.run(["run", &example("hello.js"), "--detach"]).with_code(2).telling(&["--data"]);
    place.run(["tasks", "list", "--url", "https://example.com"]).with_code(64).telling(&["https"]);
    place.run(["tasks", "list", "--token-file", "gone"]).with_code(64).telling(&["gone"]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    place.run(["tasks", "list", "--url", &url]).with_code(4).telling(&[&url, "fermata serve"]);
}

#[test]
fn server_refusals() {
    let place = Place::new();
    let server = place.serve();
    let unknown = format!("run_{}", "0".repeat(32));
    place.ask(&server, ["runs", "show", &unknown]).with_code(3).telling(&[&unknown]);
    place.ask(&server, ["run", "nobody"]).with_code(3).telling(&["nobody"]);
    place.ask(&server, ["runs", "show", "nonsense"]).with_code(2);
    place.run(["tasks", "list", "--url", &server.url]).with_code(5).telling(&["FERMATA_TOKEN"]);
    let mut wrong = place.fermata(["tasks", "list", "--url", &server.url]);
    wrong.env("FERMATA_TOKEN", "fm_wrong");
    finish(wrong).with_code(5);
    let task = place.file("stop.js", "export async function runTask() { throw new Error('no'); }");
    let ended = place.ask(&server, ["run", &task, "--json"]).with_code(1).telling(&["Error: no"]);
    assert!(ended.stdout.contains("\"status\":\"failed\""), "{}", ended.stdout);
    let documented = place.run(["openapi"]).with_code(0).stdout;
    assert!(documented.contains("/v1/runs/{id}/cancel"));
}

#[test]
fn server_run_that_somebody_else_cancels() {
    let place = Place::new();
    let server = place.serve();
    let task = place.file("waiting.js", crate::program::WAITING);
    let mut command = place.asking(&server, ["run", &task]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    assert!(line.contains("waiting"), "{line}");
    let list = place.ask(&server, ["runs", "list", "--json"]).with_code(0).stdout;
    let runs: serde_json::Value = serde_json::from_str(&list).unwrap();
    place.ask(&server, ["runs", "cancel", runs[0]["id"].as_str().unwrap()]).with_code(0);
    crate::program::collect(child).with_code(6);
}
