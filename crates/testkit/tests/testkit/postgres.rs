//! Private servers, and databases on them.

use std::net::TcpStream;
use std::path::Path;
use std::process::{self, Command};
use std::thread;
use std::time::{Duration, Instant};

use fermata_testkit::postgres::{Database, Server};
use fermata_testkit::proxy::Proxy;

#[test]
fn server_keeps_what_was_committed_when_it_crashes() {
    let database = Database::create().unwrap();
    database.execute("create table notes (text text); insert into notes values ('kept'), (null)").unwrap();
    let Some(server) = database.server() else {
        return; // Somebody else's server is not ours to stop.
    };
    let url = server.url();
    server.restart_immediately().unwrap();
    assert_eq!(server.url(), url);
    let rows = database.query_text("select text from notes order by text nulls last").unwrap();
    assert_eq!(rows, [vec![Some("kept".to_owned())], vec![None]]);
}

#[test]
fn server_is_careful_even_in_tests() {
    let server = Server::start().unwrap();
    let database = Database::create_on(&server.url()).unwrap();
    assert!(database.server().is_none());
    let rows = database.query_text("show fsync; show server_encoding; show max_connections").unwrap();
    let values: Vec<_> = rows.into_iter().flatten().flatten().collect();
    assert_eq!(values, ["on", "UTF8", "200"]);
    assert!(server.binaries().join("initdb").is_file());
}

#[test]
fn server_refuses_connections_while_it_is_stopped_and_is_gone_when_dropped() {
    let server = Server::start().unwrap();
    let address = ("127.0.0.1", server.port());
    assert!(TcpStream::connect(address).is_ok());
    server.stop_immediately().unwrap();
    server.stop_immediately().unwrap();
    assert!(TcpStream::connect(address).is_err());
    server.start_again().unwrap();
    assert!(server.start_again().is_err());
    let rows = Database::create_on(&server.url()).unwrap().query_text("select 1").unwrap();
    assert_eq!(rows, [[Some("1".to_owned())]]);
    drop(server);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn server_holds_databases_that_know_nothing_of_each_other() {
    let server = Server::start().unwrap();
    let create = || Database::create_on(&server.url()).unwrap();
    let (one, other) = (create(), create());
    one.execute("create table notes (text text)").unwrap();
    assert!(other.execute("select * from notes").is_err());
    other.execute("create table notes (text text)").unwrap();

    let count = "select count(*) from pg_database where datname like 'fermata_test_%'";
    assert_eq!(create().query_text(count).unwrap(), [[Some("3".to_owned())]]);
    drop(other);
    assert_eq!(create().query_text(count).unwrap(), [[Some("2".to_owned())]]);
}

#[test]
fn server_wants_the_password() {
    let server = Server::start().unwrap();
    let url = server.url();
    let (before, after) = (url.rfind(':').unwrap(), url.find('@').unwrap());
    let password = url[..before].rfind(':').unwrap();
    let without = format!("{}:wrong{}", &url[..password], &url[after..]);
    let refused = Database::create_on(&without).err().unwrap();
    assert!(format!("{refused:#}").contains("password authentication failed"), "{refused:#}");
}

#[test]
fn server_is_reached_through_a_proxy() {
    let server = Server::start().unwrap();
    let proxy = Proxy::start(([127, 0, 0, 1], server.port()).into());
    let port = |port: u16| format!(":{port}/");
    let url = server.url().replace(&port(server.port()), &port(proxy.address().port()));
    let database = Database::create_on(&url).unwrap();
    proxy.cut();
    let asked = thread::spawn(move || {
        database.execute("create table notes (text text)").unwrap();
        database
    });
    proxy.heal();
    let database = asked.join().unwrap();
    proxy.drop_all();
    assert!(database.query_text("select * from notes").unwrap().is_empty());
    assert!(proxy.to_target_bytes() > 0);
}

#[test]
fn server_starts_beside_others() {
    let started: Vec<_> = (0..3).map(|_| thread::spawn(Server::start)).collect();
    let servers: Vec<_> = started.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
    let mut ports: Vec<_> = servers.iter().map(Server::port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), servers.len());
}

#[tokio::test]
async fn server_can_be_used_from_async_tests() {
    let database = Database::create().unwrap();
    database.execute("create table notes (text text)").unwrap();
    assert!(database.query_text("select * from notes").unwrap().is_empty());
    if let Some(server) = database.server() {
        server.restart_immediately().unwrap();
    }
}

#[test]
fn server_ends_with_the_process_that_started_it() {
    let mut test = Command::new(std::env::current_exe().unwrap());
    test.args(["postgres::server_is_left_behind", "--exact", "--ignored", "--nocapture"]);
    let said = String::from_utf8(test.output().unwrap().stdout).unwrap();
    let mut left = said.split("left behind: ").nth(1).unwrap().split_whitespace();
    let port: u16 = left.next().unwrap().parse().unwrap();
    let folder = Path::new(left.next().unwrap());
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_ok() || folder.exists() {
        assert!(began.elapsed() < Duration::from_secs(30), "it is still there");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
#[ignore = "a part of the test before"]
fn server_is_left_behind() {
    let server = Server::start().unwrap();
    let database = Database::create_on(&server.url()).unwrap();
    let rows = database.query_text("show unix_socket_directories").unwrap();
    println!("left behind: {} {}", server.port(), rows[0][0].as_ref().unwrap());
    process::exit(0);
}
