//! The token in a file.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::program::Place;

#[test]
fn it_is_private_used_again_and_made_anew_when_it_is_gone() {
    let place = Place::new();
    let file = place.path("token");
    let server = place.serve();
    let first = fs::read_to_string(&file).unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!server.said.contains(first.trim()), "a token in a file is not shown");
    server.stop(Signal::TERM).with_code(0);

    place.serve().stop(Signal::TERM).with_code(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), first);

    fs::remove_file(&file).unwrap();
    let server = place.serve();
    assert_ne!(fs::read_to_string(&file).unwrap(), first);
    place.ask(&server, ["tasks", "list"]).with_code(0);
}

#[test]
fn a_token_that_was_brought_along_is_taken() {
    let place = Place::new();
    place.file("token", "a-secret-that-a-deployment-has-mounted-here\n");
    let server = place.serve();
    place.ask(&server, ["tasks", "list"]).with_code(0);
    drop(server);
    place.file("token", "short\n");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--token-file", "token"];
    place.run(arguments).with_code(64).telling(&["does not hold a token"]);
}
