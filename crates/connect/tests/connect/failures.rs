//! Each way to fail has its own name, and says whether to try again.

use std::error::Error as _;

use fermata_connect::Error;
use fermata_connect::egress::{Policy, URL_BYTES_MAX};
use fermata_connect::http::Request;
use tokio::net::TcpListener;

use super::server::{Server, Step, head};
use super::{get, local, send};

/// Too long for a label: every resolver refuses it without asking the network.
const UNRESOLVABLE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid";

#[tokio::test]
async fn half_a_body_is_a_broken_connection() {
    let half =
        vec![Step::Send(head(200, &[("content-length", "100")])), Step::Send(vec![b'x'; 50]), Step::Close];
    check_server(half, "body", true).await;
    let chunk = b"32\r\nonly this".to_vec();
    let half =
        vec![Step::Send(head(200, &[("transfer-encoding", "chunked")])), Step::Send(chunk), Step::Close];
    check_server(half, "body", true).await;
}

#[tokio::test]
async fn no_response_is_a_broken_connection() {
    check_server(vec![Step::Close], "body", true).await;
    check_server(vec![Step::Send(b"HTTP/1.1 200".to_vec()), Step::Close], "body", true).await;
    check_server(vec![Step::Send(b"SMTP ready\r\n\r\n".to_vec()), Step::Close], "body", true).await;
}

#[tokio::test]
async fn nobody_listening_is_no_connection() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    check(get(format!("http://{free}/")), &local(), "connect", true).await;
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_a_tls_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let speaking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail ready\r\n").await.unwrap();
        stream
    });
    check(get(url), &local(), "tls", false).await;
    speaking.await.unwrap();
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let impatient = Policy { connect_timeout: std::time::Duration::from_millis(100), ..local() };
    check(get(url), &impatient, "timeout", true).await;
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_failure() {
    check(get(format!("http://{UNRESOLVABLE}/")), &local(), "dns", true).await;
}

#[tokio::test]
async fn urls_that_cannot_be_used_are_refused() {
    for url in [
        "",
        "/relative",
        "http://",
        "ftp://example.com/",
        "file:///etc/passwd",
        "data:,x",
        "http://a:b@127.0.0.1/",
        "http://a@127.0.0.1/",
    ] {
        check(get(url), &local(), "bad_url", false).await;
    }
}

#[tokio::test]
async fn the_length_of_a_url_is_bounded() {
    let server = Server::ok().await;
    let room = URL_BYTES_MAX - server.url("/").len();
    let fits = send(get(server.url(&format!("/{}", "a".repeat(room)))), &local()).await.unwrap();
    assert_eq!(fits.url.len(), URL_BYTES_MAX);
    check(get(server.url(&format!("/{}", "a".repeat(room + 1)))), &local(), "bad_url", false).await;
}

#[tokio::test]
async fn unusual_urls_are_sent_or_refused_but_never_broken() {
    let server = Server::ok().await;
    for path in [
        "/{}|^`\"<>\\",
        "/%zz%",
        "/?q=[]{}|\\^`\"<>'",
        "/\u{e9}\u{1f600}?\u{e9}",
        "//double",
        "/a b",
        "/;:@&=+$,",
    ] {
        let result = send(get(server.url(path)), &local()).await;
        assert!(matches!(result, Ok(_) | Err(Error::BadUrl { .. })), "{path}: {result:?}");
    }
    for host in ["a_b", "-a-", "a!b", "a$b", "a'b", "a(b)", "a;b", "a~b", "a{b}", "a`b", "a\"b"] {
        let url = format!("http://{host}.{UNRESOLVABLE}/");
        let code = send(get(&url), &local()).await.unwrap_err().code();
        assert!(["bad_url", "dns"].contains(&code), "{url}: {code}");
    }
}

#[tokio::test]
async fn methods_that_cannot_be_used_are_refused() {
    for method in ["", "BAD METHOD", "connect", "TRACE", "Track"] {
        check(Request::new(method, "http://127.0.0.1:9/"), &local(), "bad_method", false).await;
    }
}

#[tokio::test]
async fn no_message_holds_the_url() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = send(get(format!("http://{free}/?key=hush")), &local()).await.unwrap_err();
    let mut said = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        said += &format!(" {inner}");
        cause = inner.source();
    }
    assert!(!said.contains("hush"), "{said}");
}

async fn check_server(steps: Vec<Step>, code: &str, retryable: bool) {
    let server = Server::start(move |_| steps.clone()).await;
    check(get(server.url("/")), &local(), code, retryable).await;
}

async fn check(request: Request, policy: &Policy, code: &str, retryable: bool) {
    let error = send(request, policy).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (code, retryable), "{error:?}");
}
