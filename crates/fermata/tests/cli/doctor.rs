//! The doctor.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::program::Place;

const DOCTOR: [&str; 3] = ["doctor", "--listen", "127.0.0.1:0"];

#[test]
fn a_fresh_folder_is_healthy() {
    let place = Place::new();
    let ended = place.run(DOCTOR).with_code(0);
    assert_eq!(ended.stdout.matches('✓').count(), 8, "{}", ended.stdout);
    assert!(!place.path("data").exists(), "looking makes nothing");
}

#[test]
fn server_at_work_and_at_rest() {
    let place = Place::new();
    let server = place.serve();
    let listen = server.url.trim_start_matches("http://").to_owned();
    let ended = place.ask(&server, ["doctor", "--listen", &listen]).with_code(0);
    assert!(ended.stdout.contains("a Fermata server answers on"), "{}", ended.stdout);
    assert!(ended.stdout.contains("the server takes it"), "{}", ended.stdout);
    server.stop(Signal::TERM).with_code(0);
    let ended = place.run(DOCTOR).with_code(0);
    assert!(ended.stdout.contains("every page is whole"), "{}", ended.stdout);
}

#[test]
fn server_faults_are_told_with_what_to_do() {
    let place = Place::new();
    place.serve().stop(Signal::TERM).with_code(0);
    fs::set_permissions(place.path("data/master.key"), Permissions::from_mode(0o644)).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    // What listens there hangs up at once.
    let hanging_up = std::thread::spawn(move || taken.incoming().take(3).for_each(drop));
    let ended = place.run(["doctor", "--listen", &listen]).with_code(1);
    assert!(ended.stdout.contains("chmod 600"), "{}", ended.stdout);
    assert!(ended.stdout.contains("another program listens on"), "{}", ended.stdout);
    assert_eq!(ended.stdout.matches('✗').count(), 2, "{}", ended.stdout);
    hanging_up.join().unwrap();
}
