//! Bringing ledgers up to date, and looking after the nodes that share one.

use std::process::Command;

use fermata_testkit::postgres::Database;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{Ended, Place, Server, finish};

/// What the third migration makes.
const UNDO_THIRD_AND_LATER: &str = "
    delete from fermata.migrations where number >= 3;
    drop index fermata.idempotency_keys_of_run;
    alter table fermata.keystore drop column grants, drop column used_at, drop column since,
      drop column written_by;
    drop table fermata.keystore_versions;
    drop table fermata.task_state;
    alter table fermata.task_runs drop column used_calls, drop column used_bytes, drop column used_tokens,
      drop column used_cost_micros;
    alter table fermata.stack_runs drop column usage, drop column failures;
    drop function fermata.enqueue, fermata.run_status, fermata.complete_run, fermata.announce_run,
      fermata.check_input, fermata.new_run_id, fermata.span_ms, fermata.now_ms cascade";

/// A database that servers share, whatever the ledgers of other tests are in.
struct Shared {
    place: Place,
    database: Database,
}

impl Shared {
    fn new() -> Self {
        Self { place: Place::new(), database: Database::create().unwrap() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.fermata(arguments);
        command.env("FERMATA_DATABASE_URL", self.database.url()).env("FERMATA_MASTER_KEY", "ab".repeat(32));
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        finish(self.command(arguments))
    }

    /// Starts a node that has the compiled engine already, if another one has been here.
    fn serve(&self, node: &str) -> Server {
        let data = format!("data-{node}");
        self.place.bring_engine_from("data-a", &data);
        Server::start(self.command(&["serve", "--listen", "127.0.0.1:0", "--node", node, "--data", &data]))
    }

    /// The nodes by `fermata nodes list --json`: name and state.
    fn states(&self) -> Vec<(String, String)> {
        let listed = self.run(&["nodes", "list", "--json"]).with_code(0).stdout;
        let nodes: Vec<Value> = serde_json::from_str(&listed).unwrap();
        let word = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
        nodes.iter().map(|node| (word(node, "name"), word(node, "state"))).collect()
    }
}

#[test]
fn a_ledger_is_made_and_found_up_to_date() {
    let shared = Shared::new();
    let of_both = |command: &str| {
        let mut in_folder = shared.place.fermata(["migrate", command, "--data", "ledger"]);
        in_folder.env_remove("FERMATA_DATABASE_URL");
        [finish(in_folder), shared.run(&["migrate", command])]
    };
    for ended in of_both("status") {
        let ended = ended.with_code(1).telling(&["fermata migrate up"]);
        assert!(ended.stdout.contains("0001       core         pending"), "{}", ended.stdout);
    }
    for ended in of_both("up") {
        assert!(ended.with_code(0).stdout.contains("applied 0008 history"));
    }
    for ended in of_both("up") {
        ended.with_code(0).telling(&["up to date"]);
    }
    for ended in of_both("status") {
        let ended = ended.with_code(0);
        assert!(!ended.stdout.contains("pending"), "{}", ended.stdout);
    }
    let json = shared.run(&["migrate", "status", "--json"]).with_code(0).stdout;
    let migrations: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert!(migrations.iter().all(|migration| migration["state"] == "applied"), "{migrations:?}");
    assert_eq!(migrations[1]["name"], "nodes");
}

#[test]
fn an_older_schema_is_refused_until_it_is_brought_up_to_date() {
    let shared = Shared::new();
    shared.serve("a").stop(Signal::TERM).with_code(0);
    shared.database.execute(UNDO_THIRD_AND_LATER).unwrap();
    let advice = ["schema 2", "fermata migrate up", "fermata migrate status"];
    shared.run(&["serve", "--listen", "127.0.0.1:0"]).with_code(64).telling(&advice);
    shared.run(&["nodes", "list"]).with_code(64).telling(&["fermata migrate up"]);
    let status = shared.run(&["migrate", "status"]).with_code(1);
    assert!(status.stdout.contains("0003       sql_clients  pending"), "{}", status.stdout);
    let up = shared.run(&["migrate", "up"]).with_code(0);
    assert_eq!(
        up.stdout,
        "applied 0003 sql_clients\napplied 0004 retention\napplied 0005 grants\napplied 0006 by_key\n\
         applied 0007 state\napplied 0008 history\n"
    );
    shared.serve("a").stop(Signal::TERM).with_code(0);
}

#[test]
fn a_newer_schema_is_refused() {
    let shared = Shared::new();
    shared.run(&["migrate", "up"]).with_code(0);
    shared.database.execute("insert into fermata.migrations values (999, 'later', 0)").unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate", "up"], &["nodes", "list"]] {
        shared.run(command).with_code(74).telling(&["schema 999", "newer"]);
    }
    let status = shared.run(&["migrate", "status"]).with_code(1).telling(&["newer version"]);
    assert!(status.stdout.contains("0999       later        unknown"), "{}", status.stdout);
}

#[test]
fn nodes_are_listed_and_drained() {
    let shared = Shared::new();
    shared.run(&["migrate", "up"]).with_code(0);
    shared.run(&["nodes", "list"]).with_code(0).telling(&["no nodes yet"]);
    let (a, b) = (shared.serve("a"), shared.serve("b"));
    let table = shared.run(&["nodes", "list"]).with_code(0).stdout;
    assert!(table.starts_with("NODE  STATE  EPOCH"), "{table}");
    let named = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    assert_eq!(shared.states(), [named("a", "up"), named("b", "up")]);

    let drained = shared.run(&["nodes", "drain", "a"]).with_code(0).telling(&["handed over"]);
    assert_eq!(drained.stdout, "drained a\n");
    a.wait().with_code(0).telling(&["Drained"]);
    assert_eq!(shared.states(), [named("a", "down"), named("b", "up")]);
    shared.run(&["nodes", "drain", "a"]).with_code(0).telling(&["down already"]);
    shared.run(&["nodes", "drain", "c"]).with_code(3).telling(&["no node \"c\"", "nodes list"]);
    shared.run(&["nodes", "drain", "b", "--wait", "soon"]).with_code(2).telling(&["--wait"]);

    // One that cannot hear it.
    let pid = Pid::from_raw(i32::try_from(b.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    shared.run(&["nodes", "drain", "b", "--wait", "1s"]).with_code(1).telling(&["b is not down after 1s"]);
    kill_process(pid, Signal::CONT).unwrap();
    shared.run(&["nodes", "drain", "b"]).with_code(0);
    b.wait().with_code(0);
}

#[test]
fn a_folder_has_no_nodes() {
    let place = Place::new();
    let mut list = place.fermata(["nodes", "list"]);
    list.env_remove("FERMATA_DATABASE_URL");
    finish(list).with_code(64).telling(&["FERMATA_DATABASE_URL"]);
}

#[test]
fn an_internal_token_is_long_and_in_one_place() {
    let place = Place::new();
    let file = place.file("internal", "too short");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--internal-token-file", &file];
    place.run(serve).with_code(64).telling(&["internal", "32 letters"]);
    let mut both = place.fermata(serve);
    both.env("FERMATA_INTERNAL_TOKEN", "x".repeat(32));
    finish(both).with_code(64).telling(&["both set"]);
}

#[test]
fn server_the_doctor_looks_at_a_shared_ledger() {
    let shared = Shared::new();
    let doctor = ["doctor", "--listen", "127.0.0.1:0"];
    let said = |parts: &[&str], code: i32| {
        let ended = shared.run(&doctor).with_code(code);
        parts.iter().for_each(|part| assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout));
    };
    said(&["is empty: the first start makes its tables"], 0);
    let server = shared.serve("a");
    said(&["is up to date (", "1 works on it"], 0);
    server.stop(Signal::TERM).with_code(0);
    said(&["none works on it at the moment"], 0);

    let mut elsewhere = shared.command(&doctor);
    elsewhere.env_remove("FERMATA_MASTER_KEY").args(["--objects", "s3://bucket"]);
    elsewhere.envs([("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ALLOW_HTTP", "true")]);
    elsewhere.envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")]);
    let ended = finish(elsewhere).with_code(1);
    assert!(ended.stdout.contains("copy it from another node"), "{}", ended.stdout);
    assert!(ended.stdout.contains("check the address with --objects"), "{}", ended.stdout);
    assert_eq!(ended.stdout.matches('✗').count(), 2, "{}", ended.stdout);

    shared.database.execute("delete from fermata.migrations where number >= 3").unwrap();
    said(&["migrations are not applied", "fermata migrate up"], 1);
    let mut nobody = shared.command(&doctor);
    nobody.env("FERMATA_DATABASE_URL", "postgres://nobody@127.0.0.1:1/x");
    let ended = finish(nobody).with_code(1);
    assert!(ended.stdout.contains("✗ database"), "{}", ended.stdout);
}
