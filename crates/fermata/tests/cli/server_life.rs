//! Starting and stopping the server.

use std::net::TcpListener;

use rustix::process::Signal;

use crate::program::{Place, Server};

#[test]
fn it_says_where_it_is_and_ends_cleanly() {
    let place = Place::new();
    let server = Server::start(place.fermata(["serve", "--listen", "127.0.0.1:0"]));
    assert!(server.url.starts_with("http://127.0.0.1:") && !server.url.ends_with(":0"), "{}", server.url);
    let token = server.said.split("FERMATA_TOKEN=").nth(1).expect("the token is shown");
    let token = token.split_whitespace().next().unwrap().to_owned();
    let mut list = place.fermata(["tasks", "list", "--url", &server.url]);
    list.env("FERMATA_TOKEN", &token);
    crate::program::finish(list).with_code(0).telling(&["no tasks yet"]);
    let ended = server.stop(Signal::TERM).with_code(0);
    assert!(!ended.stderr.contains(&token), "the token is never logged");

    let again = Server::start(place.fermata(["serve", "--listen", "127.0.0.1:0"]));
    assert!(!again.said.contains("FERMATA_TOKEN"), "the token is shown only once: {}", again.said);
    again.stop(Signal::INT).with_code(0);
}

#[test]
fn a_taken_port_is_told_before_anything_is_opened() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.run(["serve", "--listen", &address]).with_code(74).telling(&[&address, "--listen"]);
    assert!(!place.path("data").exists(), "the store was not touched");
}

#[test]
fn wrong_settings_are_told_by_name() {
    let place = Place::new();
    let cases: [(&[&str], &str); 6] = [
        (&["--listen", "8787"], "FERMATA_LISTEN"),
        (&["--egress-allow", "no host"], "FERMATA_EGRESS_ALLOW"),
        (&["--egress-allow-private", "10.0.0.0/99"], "FERMATA_EGRESS_ALLOW_PRIVATE"),
        (&["--resident-max", "0"], "FERMATA_RESIDENT_MAX"),
        (&["--resident-for", "soon"], "FERMATA_RESIDENT_FOR"),
        (&["--log-format", "xml"], "FERMATA_LOG_FORMAT"),
    ];
    for (flags, variable) in cases {
        let ended = place.run(["serve"].iter().chain(flags)).with_code(64);
        assert!(ended.stderr.contains(variable), "{}", ended.stderr);
    }
    let mut command = place.fermata(["serve", "--listen", "127.0.0.1:0"]);
    command.env("FERMATA_EXECUTORS", "many");
    crate::program::finish(command).with_code(64).telling(&["--executors (FERMATA_EXECUTORS)"]);
}

#[test]
fn a_run_goes_on_after_the_server_was_stopped() {
    let place = Place::new();
    let task = place.file("waiting.js", crate::program::WAITING);
    let server = place.serve();
    let started = place.ask(&server, ["run", &task, "--detach"]).with_code(0);
    let id = started.stdout.trim();
    server.stop(Signal::TERM).with_code(0);
    let server = place.serve();
    place.ask(&server, ["send-event", id, "go", "{\"n\": 1}"]).with_code(0);
    place.ask(&server, ["runs", "logs", id, "--follow"]).with_code(0).telling(&["completed"]);
}
