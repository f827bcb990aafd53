//! A backup of a server at work, and a server on what was restored from it.

use std::fs;

use crate::program::{Place, WAITING};

const DOUBLE: &str = "export async function runTask(n) { return n * 2; }";

/// Counts its runs in the SQLite file of the workspace.
const COUNTING: &str = "export async function runTask(input, { sql }) {
  await sql.query('create table if not exists runs (id integer primary key)');
  await sql.query('insert into runs default values');
  return (await sql.query('select count(*) as n from runs')).rows[0].n;
}";

#[test]
fn server_goes_on_elsewhere_from_a_backup_made_while_it_worked() {
    let place = Place::new();
    let server = place.serve();
    let double = place.file("double.js", DOUBLE);
    let ended: Vec<String> = (0..5)
        .map(|n: u32| {
            let id = place.ask(&server, ["run", &double, "--input", &n.to_string(), "--detach"]);
            let id = id.with_code(0).stdout.trim().to_owned();
            place.ask(&server, ["runs", "logs", &id, "--follow"]).with_code(0);
            id
        })
        .collect();
    let task = place.file("waiting.js", WAITING);
    let waiting = place.ask(&server, ["run", &task, "--detach"]).with_code(0).stdout.trim().to_owned();
    let counting = place.file("counting.js", COUNTING);
    let has_files = !fermata_testkit::postgres::is_wanted();
    if has_files {
        assert_eq!(place.ask(&server, ["run", &counting]).with_code(0).stdout.trim(), "1");
    }
    let file = place.path("fermata.archive");
    let file = file.to_str().unwrap();
    let made = place.run(["backup", file]).with_code(0).telling(&["master key is not in it"]);
    assert!(made.stdout.contains("backed up"), "{}", made.stdout);
    assert_eq!(made.stdout.contains("1 SQLite file,"), has_files, "{}", made.stdout);
    place.run(["backup", file]).with_code(74).telling(&["exists", "--replace"]);
    let checked = place.run(["restore", "--check", file]).with_code(0);
    assert!(checked.stdout.contains("whole"), "{}", checked.stdout);
    let checked = place.run(["restore", "--check", "--json", file]).with_code(0).stdout;
    let checked: serde_json::Value = serde_json::from_str(&checked).unwrap();
    assert_eq!(checked["sql_files"], u64::from(has_files));
    place.run(["restore", file]).with_code(74);
    drop(server);

    let elsewhere = Place::new();
    let key = elsewhere.path("data/master.key");
    elsewhere.run(["restore", file]).with_code(0).telling(&["data/master.key", "FERMATA_MASTER_KEY"]);
    fs::copy(place.path("data/master.key"), &key).unwrap();
    fs::copy(place.path("token"), elsewhere.path("token")).unwrap();
    let server = elsewhere.serve();
    for (n, id) in ended.iter().enumerate() {
        let shown = elsewhere.ask(&server, ["runs", "show", id, "--json"]).with_code(0).stdout;
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let run = &shown["run"];
        assert_eq!((&run["status"], &run["result"]), (&"completed".into(), &(2 * n).into()), "{shown}");
    }
    elsewhere.ask(&server, ["send-event", &waiting, "go", "{\"n\": 1}"]).with_code(0);
    elsewhere.ask(&server, ["runs", "logs", &waiting, "--follow"]).with_code(0).telling(&["completed"]);
    let shown = elsewhere.ask(&server, ["runs", "show", &waiting]).with_code(0).stdout;
    assert!(shown.contains("\"n\": 1"), "{shown}");
    if has_files {
        assert_eq!(elsewhere.ask(&server, ["run", &counting]).with_code(0).stdout.trim(), "2");
    }
}

#[test]
fn server_at_work_is_not_copied_and_a_stopped_one_is() {
    if fermata_testkit::postgres::is_wanted() {
        return; // The store's own tests copy databases.
    }
    let place = Place::new();
    let server = place.serve();
    let double = place.file("double.js", DOUBLE);
    let id = place.ask(&server, ["run", &double, "--input", "21", "--detach"]).with_code(0).stdout;
    place.ask(&server, ["runs", "logs", id.trim(), "--follow"]).with_code(0);
    let counting = place.file("counting.js", COUNTING);
    place.ask(&server, ["run", &counting]).with_code(0);
    let copy = ["store", "copy", "--from-data", "data", "--to-data", "copied"];
    place.run(copy).with_code(74).telling(&["in use", &server.pid().to_string()]);
    assert!(!place.path("copied").exists());
    drop(server);
    let copied = place.run(copy).with_code(0).telling(&["copied/master.key", "the same runs"]);
    assert!(
        copied.stdout.contains("copied") && copied.stdout.contains("1 SQLite file,"),
        "{}",
        copied.stdout
    );
    assert!(place.path("copied/sql/default.sqlite").is_file());
    let database = fermata_testkit::postgres::Database::create().unwrap();
    let there = ["store", "copy", "--from-data", "data", "--to-database", database.url()];
    place.run(there).with_code(0).telling(&["do not use the SQLite files of tools.sql", "data/sql"]);
    assert!(place.path("data/sql/default.sqlite").is_file());
    place.run(copy).with_code(74).telling(&["not empty"]);
    place.run(["store", "copy"]).with_code(2).telling(&["--to-database"]);
}

#[test]
fn damaged_and_foreign_files_are_refused() {
    let place = Place::new();
    let file = place.file("other", "something else");
    place.run(["restore", &file]).with_code(1).telling(&["not an archive"]);
    assert!(!place.path("data").exists());
    place.run(["restore", "gone"]).with_code(74).telling(&["gone"]);
    place.run(["restore", "--check", &file]).with_code(1);
}
