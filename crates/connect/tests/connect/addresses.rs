//! No spelling of a private address gets through, and one policy's connections do not serve another.

use fermata_connect::Error;
use fermata_connect::egress::{Gate, NoSecrets};

use super::server::Server;
use super::{get, local, policy, send};

#[tokio::test]
async fn a_name_for_this_machine_is_refused() {
    let server = Server::ok().await;
    for name in ["localhost", "LOCALHOST"] {
        check(&format!("http://{name}:{}/", server.address.port())).await;
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn every_spelling_of_an_address_is_refused() {
    let server = Server::ok().await;
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "0",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
    ] {
        check(&format!("http://{host}:{port}/")).await;
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn other_special_addresses_are_refused() {
    for host in [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[::ffff:169.254.169.254]",
    ] {
        check(&format!("http://{host}/")).await;
    }
}

#[tokio::test]
async fn an_allowed_range_is_no_wider_than_it_says() {
    let server = Server::ok().await;
    let one = policy(&["127.0.0.1/32"]);
    assert_eq!(send(get(server.url("/")), &one).await.unwrap().status, 200);
    let refused = send(get(format!("http://127.0.0.2:{}/", server.address.port())), &one).await;
    assert_eq!(refused.unwrap_err().code(), "private_address");
}

#[tokio::test]
async fn an_open_connection_does_not_serve_a_stricter_policy() {
    let server = Server::ok().await;
    let url = format!("http://localhost:{}/", server.address.port());
    let gate = Gate::new();
    assert_eq!(gate.send(get(&url), &local(), &NoSecrets).await.unwrap().status, 200);
    assert_eq!(gate.send(get(&url), &policy(&[]), &NoSecrets).await.unwrap_err().code(), "private_address");
    assert_eq!(gate.send(get(&url), &local(), &NoSecrets).await.unwrap().status, 200);
    assert_eq!(server.seen().len(), 2);
}

async fn check(url: &str) {
    let refused = send(get(url), &policy(&[])).await.unwrap_err();
    assert!(matches!(refused, Error::PrivateAddress { .. }), "{url}: {refused:?}");
    assert!(!refused.retryable());
}
