//! A store that does not open: what is said, and that nothing is harmed.

use std::fs;

use crate::program::{Place, Server, finish};

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

#[test]
fn a_second_server_names_the_first() {
    let place = Place::new();
    let server = Server::start(place.fermata(SERVE));
    let pid = server.pid().to_string();
    place.run(SERVE).with_code(74).telling(&["in use", &pid, "--data"]);
}

#[test]
fn a_folder_that_cannot_be_made() {
    let place = Place::new();
    let ended = place.run(["serve", "--listen", "127.0.0.1:0", "--data", "/proc/fermata"]);
    ended.with_code(74).telling(&["/proc/fermata"]);
}

#[test]
fn a_damaged_database_is_left_as_it_is() {
    let place = Place::new();
    let database = place.file("data/fermata.db", &"this is no database ".repeat(500));
    let before = fs::read(&database).unwrap();
    place.run(SERVE).with_code(74).telling(&["damaged", "backup", "doctor"]);
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn another_master_key_is_refused() {
    let place = Place::new();
    drop(Server::start(place.fermata(SERVE)));
    let with_key = |key: &str| {
        let mut command = place.fermata(SERVE);
        command.env("FERMATA_MASTER_KEY", key);
        finish(command)
    };
    with_key(&"ab".repeat(32)).with_code(64).telling(&["not the one this database was made with"]);
    with_key("secret").with_code(64).telling(&["FERMATA_MASTER_KEY", "64 hex digits"]);
    fs::remove_file(place.path("data/master.key")).unwrap();
    place.run(SERVE).with_code(64).telling(&["master key is missing", "FERMATA_MASTER_KEY"]);
}
