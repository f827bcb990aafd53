//! Sizes and times are bounded, whatever the server does.

use std::time::Duration;

use fermata_connect::egress::Policy;
use fermata_connect::http::{Body, Request};
use fermata_connect::{Direction, Error};

use super::server::{Server, Step, head, respond};
use super::{get, local, send};

const SOON: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_request_body_is_bounded() {
    let server = Server::ok().await;
    check_request_body(&server, 10, true).await;
    check_request_body(&server, 11, false).await;
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn an_announced_response_body_is_bounded() {
    check_response_body(respond(200, &[], &[b'x'; 10]), true).await;
    check_response_body(respond(200, &[], &[b'x'; 11]), false).await;
    // Refused on the announcement alone.
    check_response_body(vec![Step::Send(head(200, &[("content-length", "11")])), Step::Hang], false).await;
}

#[tokio::test]
async fn a_response_body_of_unknown_length_is_bounded() {
    let start = head(200, &[("connection", "close")]);
    check_response_body(vec![Step::Send(start.clone()), Step::Send(vec![b'x'; 10]), Step::Close], true).await;
    check_response_body(vec![Step::Send(start.clone()), Step::Send(vec![b'x'; 11]), Step::Close], false)
        .await;
    check_response_body(vec![Step::Send(start), Step::Drip], false).await;
    let chunked = head(200, &[("transfer-encoding", "chunked")]);
    let chunks = b"6\r\nxxxxxx\r\n6\r\nxxxxxx\r\n0\r\n\r\n".to_vec();
    check_response_body(vec![Step::Send(chunked), Step::Send(chunks)], false).await;
}

#[tokio::test]
async fn a_silent_server_times_out() {
    check_timeout(vec![Step::Hang]).await;
}

#[tokio::test]
async fn a_body_that_stops_times_out() {
    check_timeout(vec![
        Step::Send(head(200, &[("content-length", "5")])),
        Step::Send(b"12".to_vec()),
        Step::Hang,
    ])
    .await;
}

#[tokio::test]
async fn a_body_that_trickles_times_out_as_a_whole() {
    check_timeout(vec![Step::Send(head(200, &[("content-length", "1000000")])), Step::Drip]).await;
}

#[tokio::test]
async fn the_shorter_time_applies() {
    let server = Server::start(|_| vec![Step::Hang]).await;
    let mut request = get(server.url("/"));
    request.timeout = Some(Duration::from_secs(3600));
    let late = send(request, &Policy { timeout: SOON, ..local() }).await.unwrap_err();
    assert!(matches!(late, Error::Timeout { after } if after == SOON), "{late:?}");
}

async fn check_timeout(steps: Vec<Step>) {
    let server = Server::start(move |_| steps.clone()).await;
    let mut request = get(server.url("/"));
    request.timeout = Some(SOON);
    let late = send(request, &local()).await.unwrap_err();
    assert!(matches!(late, Error::Timeout { after } if after == SOON), "{late:?}");
    assert!(late.retryable());
}

async fn check_request_body(server: &Server, size: usize, accepted: bool) {
    let mut request = Request::new("POST", server.url("/"));
    request.body = Some(Body::Bytes(vec![b'x'; size]));
    let result = send(request, &Policy { request_bytes_max: 10, ..local() }).await;
    match result {
        Ok(_) => assert!(accepted),
        Err(Error::TooLarge { direction: Direction::Request, limit: 10 }) => assert!(!accepted),
        Err(other) => panic!("{other:?}"),
    }
}

async fn check_response_body(steps: Vec<Step>, accepted: bool) {
    let server = Server::start(move |_| steps.clone()).await;
    let result = send(get(server.url("/")), &Policy { response_bytes_max: 10, ..local() }).await;
    match result {
        Ok(response) => assert!(accepted && response.body.len() == 10),
        Err(Error::TooLarge { direction: Direction::Response, limit: 10 }) => assert!(!accepted),
        Err(other) => panic!("{other:?}"),
    }
}
