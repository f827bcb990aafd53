//! The host that a secret is bound to gets its value, in the form that its place asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::http::{Body, Request};

use super::super::server::Server;
use super::super::{get, header, pairs};
use super::{HARD, send, with_body};

const HARD_ENCODED: &str = "a%2F..%2Fb%3Fc%23d%26e%3Df%2Bg%25h%40i%3A%20%22j%5C%C3%A9";

#[tokio::test]
async fn headers() {
    let server = Server::ok().await;
    let mut request = get(server.url("/"));
    request.headers = pairs(&[
        ("authorization", "Bearer {{secret:KEY}}"),
        ("x-login", "Basic {{secret:LOGIN|base64}}"),
        ("x-two", "{{secret:KEY}}{{{secret:HARD}}}"),
        ("x-none", "{{ secret:KEY }} %7B%7Bsecret:KEY%7D%7D"),
        ("accept-encoding", "gzip"),
    ]);
    send(request).await.unwrap();

    let seen = &server.seen()[0];
    assert_eq!(header(&seen.headers, "authorization"), Some("Bearer sk-Marked0123"));
    let login = format!("Basic {}", BASE64.encode("user:pass/word?"));
    assert_eq!(header(&seen.headers, "x-login"), Some(login.as_str()));
    assert_eq!(header(&seen.headers, "x-two"), Some(format!("sk-Marked0123{{{HARD}}}").as_str()));
    assert_eq!(header(&seen.headers, "x-none"), Some("{{ secret:KEY }} %7B%7Bsecret:KEY%7D%7D"));
    let encodings: Vec<_> = seen.headers.iter().filter(|(name, _)| name == "accept-encoding").collect();
    assert_eq!(encodings, [&("accept-encoding".to_owned(), "identity".to_owned())]);
}

#[tokio::test]
async fn without_secrets_the_task_says_what_it_accepts() {
    let server = Server::ok().await;
    let mut request = get(server.url("/"));
    request.headers = pairs(&[("accept-encoding", "gzip")]);
    send(request).await.unwrap();
    assert_eq!(header(&server.seen()[0].headers, "accept-encoding"), Some("gzip"));
}

#[tokio::test]
async fn paths_and_queries() {
    let server = Server::ok().await;
    for (asked, expected) in [
        ("/v1/{{secret:HARD}}/x%20y", format!("/v1/{HARD_ENCODED}/x%20y")),
        ("/%7b%7Bsecret%3AHARD%7d%7D?", format!("/{HARD_ENCODED}?")),
        ("/bot{{secret:KEY}}/send?a=%2F", "/botsk-Marked0123/send?a=%2F".to_owned()),
        ("/?k={{secret:HARD}}&l=m", format!("/?k={HARD_ENCODED}&l=m")),
        ("/?%7B%7Bsecret%3AKEY%7D%7D=1&b", "/?sk-Marked0123=1&b".to_owned()),
        ("/?k={{secret:LOGIN|base64}}", "/?k=dXNlcjpwYXNzL3dvcmQ%2F".to_owned()),
        ("/{{sec\tret:KEY}}", "/sk-Marked0123".to_owned()),
        ("/{{secret:UP}}b", "/..b".to_owned()),
        ("/a#{{secret:nothing", "/a".to_owned()),
    ] {
        let response = send(get(server.url(asked))).await.unwrap();
        assert_eq!(server.seen().last().unwrap().path, expected, "{asked}");
        let shown = url::Url::parse(&server.url(asked.split('#').next().unwrap())).unwrap();
        assert_eq!(response.url, shown.as_str(), "the response shows the reference");
    }
}

#[tokio::test]
async fn bodies_by_their_content_type() {
    let json = r#"{ "a":1.0e5,"k":"<{{secret:HARD}}>","o":{"$secret":"HARD"},"a":"\ud83d" }"#;
    let escaped = r#"a/../b?c#d&e=f+g%h@i: \"j\\é"#;
    let filled = format!(r#"{{ "a":1.0e5,"k":"<{escaped}>","o":"{escaped}","a":"\ud83d" }}"#);
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/vnd.x+json",
        "application/x-ndjson",
    ] {
        check_body(kind, json, &filled).await;
    }
    let form = "a={{secret:HARD}}&b=%7B%7Bsecret%3AKEY%7D%7D&c=+%20";
    let filled = format!("a={HARD_ENCODED}&b=sk-Marked0123&c=+%20");
    check_body("application/x-www-form-urlencoded;charset=UTF-8", form, &filled).await;
    check_body("text/plain", "<{{secret:HARD}}>", &format!("<{HARD}>")).await;
    check_body("application/xml", "%7B%7Bsecret:KEY%7D%7D", "%7B%7Bsecret:KEY%7D%7D").await;
}

#[tokio::test]
async fn bytes_are_not_searched() {
    let server = Server::ok().await;
    let mut request = Request::new("POST", server.url("/"));
    request.body = Some(Body::Bytes(b"{{secret:KEY}} {{secret:".to_vec()));
    send(request).await.unwrap();
    assert_eq!(server.seen()[0].body, b"{{secret:KEY}} {{secret:");
}

async fn check_body(kind: &str, text: &str, expected: &str) {
    let server = Server::ok().await;
    send(with_body(server.url("/"), kind, text)).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(String::from_utf8_lossy(&seen.body), expected, "{kind}");
    assert_eq!(header(&seen.headers, "content-length"), Some(expected.len().to_string().as_str()));
}
