//! Plain connections are held to the rules of requests.

use fermata_connect::Error;
use fermata_connect::egress::{Connection, Gate, HostPattern, Policy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{local, policy};

async fn connect(host: &str, port: u16, policy: &Policy) -> Result<Connection, Error> {
    Gate::new().connect(host, port, policy).await
}

/// A listener, and its port.
async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test]
async fn bytes_go_both_ways() {
    let (listener, port) = listener().await;
    for host in ["127.0.0.1", "localhost"] {
        let mut ours = connect(host, port, &local()).await.unwrap();
        let (mut theirs, _) = listener.accept().await.unwrap();
        ours.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        theirs.read_exact(&mut heard).await.unwrap();
        theirs.write_all(&heard).await.unwrap();
        drop(theirs);
        let mut answer = Vec::new();
        ours.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"ping");
    }
}

#[tokio::test]
async fn no_spelling_of_a_private_address_is_connected_to() {
    let (_listener, port) = listener().await;
    for host in [
        "localhost",
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "127.1",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
    ] {
        let refused = connect(host, port, &policy(&[])).await.unwrap_err();
        assert!(matches!(refused, Error::PrivateAddress { .. }), "{host}: {refused:?}");
        assert!(!refused.retryable());
    }
    let refused = connect("127.0.0.2", port, &policy(&["127.0.0.1/32"])).await.unwrap_err();
    assert_eq!(refused.code(), "private_address");
}

#[tokio::test]
async fn hosts_and_ports_are_those_of_the_policy() {
    let (_listener, port) = listener().await;
    let here = || vec!["localhost".parse::<HostPattern>().unwrap()];
    let cases = [
        (Policy { hosts: here(), ..local() }, "localhost", true),
        (Policy { hosts: here(), ..local() }, "LOCALHOST", true),
        (Policy { hosts: here(), ..local() }, "127.0.0.1", false),
        (Policy { hosts: Vec::new(), ..local() }, "localhost", false),
        (Policy { narrowed_to: vec![vec!["a.example".parse().unwrap()]], ..local() }, "localhost", false),
        (Policy { ports: Some(vec![port]), ..local() }, "localhost", true),
        (Policy { ports: Some(vec![443]), ..local() }, "localhost", false),
    ];
    for (policy, host, is_allowed) in cases {
        let connected = connect(host, port, &policy).await;
        assert_eq!(connected.is_ok(), is_allowed, "{host} {policy:?}");
        assert!(connected.is_ok() || connected.unwrap_err().code() == "not_allowed", "{host} {policy:?}");
    }
}

#[tokio::test]
async fn each_way_to_fail_has_its_name() {
    let (listener, port) = listener().await;
    drop(listener);
    let long = "a".repeat(64) + ".invalid";
    let hosts = [("127.0.0.1", "connect", true), (&long, "dns", true), ("", "bad_host", false)];
    for (host, code, retryable) in
        hosts.into_iter().chain([("::1", "bad_host", false), ("a b", "bad_host", false)])
    {
        let error = connect(host, port, &local()).await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (code, retryable), "{host}: {error:?}");
    }
}

#[tokio::test]
async fn sizes_bound_a_connection() {
    let (listener, port) = listener().await;
    let small = Policy { request_bytes_max: 4, response_bytes_max: 4, ..local() };
    let mut ours = connect("127.0.0.1", port, &small).await.unwrap();
    let (mut theirs, _) = listener.accept().await.unwrap();
    theirs.write_all(b"12345").await.unwrap();
    let written = ours.write_all(b"12345").await.unwrap_err();
    let mut heard = [0; 8];
    assert_eq!(theirs.read(&mut heard).await.unwrap(), 4);
    let read = ours.read_to_end(&mut Vec::new()).await.unwrap_err();
    for error in [written, read] {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()).unwrap();
        assert_eq!(cause.code(), "too_large");
    }
}
