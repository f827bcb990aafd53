//! Lines that are cut, healed, torn and slow.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use fermata_testkit::proxy::Proxy;

/// How long nothing is waited for.
const QUIET: Duration = Duration::from_millis(100);
/// How long something is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_whole_line_carries_and_counts() {
    let proxy = Proxy::start(echo());
    let mut client = connect(&proxy);
    assert_eq!(ask(&mut client, "hello"), "hello");
    drop(client);
    let mut next = connect(&proxy);
    assert_eq!(ask(&mut next, "again!"), "again!");
    assert_eq!((proxy.connections(), proxy.to_target_bytes()), (2, 11));
    assert_eq!(proxy.from_target_bytes(), 11);
}

#[test]
fn a_cut_line_holds_everything_back_until_it_is_healed() {
    let proxy = Proxy::start(echo());
    let mut client = connect(&proxy);
    assert_eq!(ask(&mut client, "before"), "before");
    proxy.cut();
    client.write_all(b"meanwhile").unwrap();
    let mut late = connect(&proxy);
    late.write_all(b"late").unwrap();
    assert!(is_quiet(&mut client) && is_quiet(&mut late));
    assert_eq!(proxy.to_target_bytes(), 6);
    proxy.heal();
    assert_eq!(read(&mut client, 9), "meanwhile");
    assert_eq!(read(&mut late, 4), "late");
}

#[test]
fn the_end_of_a_connection_is_held_back_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap());
    let mut client = connect(&proxy);
    client.write_all(b"x").unwrap();
    let (mut server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(read(&mut server, 1), "x");
    proxy.cut();
    client.write_all(b"last words").unwrap();
    drop(client);
    assert!(is_quiet(&mut server));
    proxy.heal();
    assert_eq!(read(&mut server, 10), "last words");
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_torn_line_resets_every_connection_and_carries_further_ones() {
    let proxy = Proxy::start(echo());
    let mut client = connect(&proxy);
    assert_eq!(ask(&mut client, "before"), "before");
    proxy.drop_all();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(ask(&mut connect(&proxy), "after"), "after");
}

#[test]
fn a_slow_line_takes_its_time_both_ways() {
    let proxy = Proxy::start(echo());
    let mut client = connect(&proxy);
    assert_eq!(ask(&mut client, "fast"), "fast");
    proxy.delay(QUIET);
    let began = Instant::now();
    assert_eq!(ask(&mut client, "slow"), "slow");
    assert!(began.elapsed() >= 2 * QUIET);
}

#[test]
fn a_missing_server_is_a_reset_and_a_dropped_proxy_is_gone() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::start(nobody);
    let mut client = connect(&proxy);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let address = proxy.address();
    drop(proxy);
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

/// A server that says everything again.
fn echo() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut stream));
        }
    });
    address
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn ask(stream: &mut TcpStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).unwrap();
    read(stream, text.len())
}

fn read(stream: &mut TcpStream, bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    stream.read_exact(&mut buffer).unwrap();
    String::from_utf8(buffer).unwrap()
}

fn is_quiet(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(QUIET)).unwrap();
    let kind = stream.read(&mut [0]).map_err(|error| error.kind());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    matches!(kind, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
}
