//! The S3 server, as far as an unsigned request gets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use fermata_testkit::s3::S3Server;

#[test]
fn an_unsigned_request_is_refused() {
    let server = S3Server::start().unwrap();
    let answer = get(&server).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("AccessDenied"), "{answer}");
}

#[test]
fn a_stopped_server_refuses_connections_until_it_is_started_again() {
    let server = S3Server::start().unwrap();
    let url = server.url();
    server.stop().unwrap();
    server.stop().unwrap();
    assert!(get(&server).is_err());
    server.start_again().unwrap();
    assert!(server.start_again().is_err());
    assert_eq!(server.url(), url);
    assert!(get(&server).unwrap().starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn it_can_be_used_from_async_tests() {
    let server = S3Server::start().unwrap();
    server.stop().unwrap();
    server.start_again().unwrap();
}

fn get(server: &S3Server) -> std::io::Result<String> {
    let address = server.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let bucket = server.bucket();
    write!(stream, "GET /{bucket}/missing HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
