//! Headers: defaults, what a task may set, and what it may not.

use fermata_connect::Error;
use fermata_connect::egress::HEADERS_MAX;
use fermata_connect::http::Request;

use super::server::{Seen, Server, respond};
use super::{get, header, local, pairs, send};

#[tokio::test]
async fn defaults_are_sent() {
    let seen = seen_with(&[], Some("run-1/call-2")).await;
    let agent = concat!("Fermata/", env!("CARGO_PKG_VERSION"));
    assert_eq!(header(&seen.headers, "user-agent"), Some(agent));
    assert_eq!(header(&seen.headers, "idempotency-key"), Some("run-1/call-2"));
    assert_eq!(header(&seen.headers, "cookie"), None);
    assert_eq!(header(&seen.headers, "referer"), None);
}

#[tokio::test]
async fn a_task_may_replace_the_defaults() {
    let own = [("User-Agent", "mine"), ("Idempotency-Key", "mine-too"), ("X-Latin", " é ")];
    let seen = seen_with(&own, Some("ours")).await;
    assert_eq!(header(&seen.headers, "user-agent"), Some("mine"));
    assert_eq!(header(&seen.headers, "idempotency-key"), Some("mine-too"));
    assert_eq!(header(&seen.headers, "x-latin"), Some("é"));
}

#[tokio::test]
async fn a_header_given_twice_is_kept_twice() {
    let seen = seen_with(&[("x-tag", "a"), ("X-Tag", "b")], None).await;
    let values: Vec<_> =
        seen.headers.iter().filter(|(name, _)| name == "x-tag").map(|(_, value)| value).collect();
    assert_eq!(values, ["a", "b"]);

    let server = Server::start(|_| respond(200, &[("set-cookie", "a=1"), ("Set-Cookie", "b=é")], b"")).await;
    let response = send(get(server.url("/")), &local()).await.unwrap();
    let cookies: Vec<_> = response.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(cookies.len(), 2);
}

#[tokio::test]
async fn headers_that_frame_the_message_are_refused() {
    for name in [
        "Host",
        "Content-Length",
        "connection",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Upgrade",
        "Keep-Alive",
        "Expect",
        "Proxy-Authorization",
        "proxy-connection",
    ] {
        check_refused(name, "1").await;
    }
}

#[tokio::test]
async fn malformed_headers_are_refused_by_name() {
    for (name, value) in [
        ("", "v"),
        ("sp ace", "v"),
        ("naïve", "v"),
        ("x-a", "one\r\nx-b: two"),
        ("x-a", "nul\0"),
        ("x-a", "日本"),
    ] {
        check_refused(name, value).await;
    }
    let mut request = get("http://127.0.0.1:9/");
    request.idempotency_key = Some("a\nb".to_owned());
    let refused = send(request, &local()).await.unwrap_err();
    assert!(matches!(refused, Error::BadHeader { name } if name == "idempotency-key"));
}

#[tokio::test]
async fn the_number_of_headers_is_bounded() {
    let many: Vec<(String, String)> =
        (0..40_000).map(|number| (format!("x-{number}"), String::new())).collect();
    let server = Server::ok().await;
    for (count, refused) in [(HEADERS_MAX, false), (HEADERS_MAX + 1, true), (many.len(), true)] {
        let mut request = get(server.url("/"));
        request.headers = many[..count].to_vec();
        let error = send(request, &local()).await.err();
        assert_eq!(error.map(|error| error.code()), refused.then_some("bad_header"), "{count}");
    }
}

async fn check_refused(name: &str, value: &str) {
    let mut request = get("http://127.0.0.1:9/");
    request.headers = pairs(&[(name, value)]);
    match send(request, &local()).await.unwrap_err() {
        Error::BadHeader { name: named } => assert_eq!(named, name),
        other => panic!("{name:?}: {other}"),
    }
}

async fn seen_with(headers: &[(&str, &str)], idempotency_key: Option<&str>) -> Seen {
    let server = Server::ok().await;
    let mut request = Request::new("GET", server.url("/"));
    request.headers = pairs(headers);
    request.idempotency_key = idempotency_key.map(str::to_owned);
    send(request, &local()).await.unwrap();
    server.seen()[0].clone()
}
