//! Requests that succeed: what the server sees and what the caller gets.

use fermata_connect::egress::{Gate, NoSecrets};
use fermata_connect::http::{Body, Request};

use super::server::{Server, respond};
use super::{get, header, local, send};

#[tokio::test]
async fn text_goes_out_and_comes_back() {
    let server = Server::start(|seen| respond(201, &[("x-kind", "echo")], &seen.body)).await;
    let mut request = Request::new("post", server.url("/echo?q=1#part"));
    request.body = Some(Body::Text("grüße".to_owned()));

    let response = send(request, &local()).await.unwrap();

    assert_eq!((response.status, response.status_text.as_str()), (201, "Created"));
    assert_eq!(response.url, server.url("/echo?q=1"));
    assert_eq!(header(&response.headers, "x-kind"), Some("echo"));
    assert_eq!(response.body, "grüße".as_bytes());
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/echo?q=1"));
    assert_eq!(header(&seen.headers, "content-type"), Some("text/plain;charset=UTF-8"));
}

#[tokio::test]
async fn bytes_go_out_and_come_back() {
    let server = Server::start(|seen| respond(200, &[], &seen.body)).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let mut request = Request::new("PUT", server.url("/"));
    request.body = Some(Body::Bytes(bytes.clone()));

    let response = send(request, &local()).await.unwrap();

    assert_eq!(response.body, bytes);
    assert_eq!(header(&server.seen()[0].headers, "content-type"), None);
}

#[tokio::test]
async fn an_error_status_is_a_response() {
    let server = Server::start(|_| respond(503, &[("retry-after", "7")], b"later")).await;
    let response = send(get(server.url("/")), &local()).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (503, &b"later"[..]));
}

#[tokio::test]
async fn a_head_request_has_a_length_and_no_body() {
    let server = Server::start(|_| {
        vec![super::server::Step::Send(super::server::head(200, &[("content-length", "99999999999")]))]
    })
    .await;
    let response = send(Request::new("HEAD", server.url("/")), &local()).await.unwrap();
    assert_eq!(header(&response.headers, "content-length"), Some("99999999999"));
    assert!(response.body.is_empty());
}

#[tokio::test]
async fn a_name_is_resolved_and_allowed_explicitly() {
    let server = Server::ok().await;
    let url = format!("http://localhost:{}/", server.address.port());
    assert_eq!(send(get(&url), &local()).await.unwrap().body, b"ok");
}

#[tokio::test]
async fn one_gate_serves_many_requests() {
    let server = Server::ok().await;
    let gate = Gate::new();
    for _ in 0..20 {
        assert_eq!(gate.send(get(server.url("/")), &local(), &NoSecrets).await.unwrap().status, 200);
    }
    assert_eq!(server.seen().len(), 20);
}
