//! The allow-list: which pattern covers which host, and which requests it stops.

use fermata_connect::egress::{HostPattern, Policy};

use super::server::Server;
use super::{get, local, send};

#[test]
fn patterns_cover_whole_names() {
    check("*", "anything.example", true);
    check("api.example.com", "api.example.com", true);
    check("API.Example.COM.", "api.example.com", true);
    check("api.example.com", "api.example.com.", true);
    check("api.example.com", "xapi.example.com", false);
    check("api.example.com", "api.example.com.evil.test", false);
    check("*.example.com", "a.example.com", true);
    check("*.example.com", "a.b.example.com", true);
    check("*.example.com", "example.com", false);
    check("*.example.com", ".example.com", false);
    check("*.example.com", "evilexample.com", false);
    check("bücher.example", "xn--bcher-kva.example", true);
    check("127.1", "127.0.0.1", true);
    check("[::1]", "[::1]", true);
}

#[test]
fn what_is_no_pattern_is_refused() {
    for text in ["", "*.", "a b", "http://example.com", "example.com:80", "*.127.0.0.1", "a.*.com", "**"] {
        assert!(text.parse::<HostPattern>().is_err(), "{text:?}");
    }
}

#[test]
fn patterns_print_as_they_are_read() {
    for text in ["*", "*.example.com", "api.example.com", "[::1]"] {
        assert_eq!(text.parse::<HostPattern>().unwrap().to_string(), text);
    }
}

#[tokio::test]
async fn nothing_is_allowed_by_default() {
    let refused = send(get("http://example.com/"), &Policy::default()).await.unwrap_err();
    assert_eq!(refused.to_string(), "requests to example.com are not allowed");
    assert_eq!((refused.code(), refused.retryable()), ("not_allowed", false));
}

#[tokio::test]
async fn ports_are_held_to_the_rule() {
    let server = Server::ok().await;
    let port = server.address.port();
    let named = Policy { ports: Some(vec![443, port]), ..local() };
    assert_eq!(send(get(server.url("/")), &named).await.unwrap().status, 200);
    let refused = send(get("http://127.0.0.1/"), &named).await.unwrap_err();
    assert_eq!(refused.to_string(), "requests to 127.0.0.1:80 are not allowed");
}

fn check(pattern: &str, host: &str, expected: bool) {
    let covers = pattern.parse::<HostPattern>().unwrap().covers(host);
    assert_eq!(covers, expected, "{pattern} {host}");
}
