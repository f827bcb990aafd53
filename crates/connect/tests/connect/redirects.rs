//! Redirects: methods and headers change as in the Fetch standard, and every hop is checked anew.

use fermata_connect::Error;
use fermata_connect::egress::Policy;
use fermata_connect::http::{Body, Redirect, Request, Response};

use super::server::{Seen, Server, Step, respond};
use super::{get, header, local, pairs, policy, send};

#[tokio::test]
async fn methods_change_as_the_standard_says() {
    for (status, method, expected) in [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "GET", "GET"),
    ] {
        let seen = followed(status, method).await;
        assert_eq!(seen.method, expected, "{status} {method}");
        let kept = expected == method && method != "HEAD";
        assert_eq!(seen.body == b"body", kept, "{status} {method}");
        assert_eq!(header(&seen.headers, "content-type").is_some(), expected == method, "{status} {method}");
    }
}

#[tokio::test]
async fn the_final_url_is_reported_and_targets_are_relative() {
    let server = Server::start(|seen| redirect_once(seen, "../c?d#e")).await;
    let response = send(get(server.url("/a/b")), &local()).await.unwrap();
    assert_eq!((response.status, response.url), (200, server.url("/c?d")));
}

#[tokio::test]
async fn credentials_stay_on_their_origin() {
    let other = Server::ok().await;
    let target = other.url("/");
    let server = Server::start(move |_| redirect_to(302, &target)).await;
    let seen = with_credentials(&server, &other).await;
    assert_eq!(header(&seen.headers, "authorization"), None);
    assert_eq!(header(&seen.headers, "cookie"), None);
    assert_eq!(header(&seen.headers, "x-other"), Some("kept"));

    let same = Server::start(|seen| redirect_once(seen, "/final")).await;
    let seen = with_credentials(&same, &same).await;
    assert_eq!(header(&seen.headers, "authorization"), Some("Bearer t"));
    assert_eq!(header(&seen.headers, "cookie"), Some("a=b"));
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    let only_one = policy(&["127.0.0.1/32"]);
    for target in [
        "http://127.0.0.2/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://0x7f000002/",
        "http://2130706434/",
        "http://0177.0.0.2/",
        "http://[::ffff:127.0.0.2]/",
        "//127.2/",
    ] {
        let refused = redirected(target, &only_one).await.unwrap_err();
        assert!(matches!(refused, Error::PrivateAddress { .. }), "{target}: {refused}");
    }
}

#[tokio::test]
async fn a_redirect_is_held_against_the_whole_policy() {
    let mut narrow = local();
    narrow.hosts = vec!["127.0.0.1".parse().unwrap()];
    assert_eq!(redirected("http://elsewhere.example/", &narrow).await.unwrap_err().code(), "not_allowed");
    assert_eq!(redirected("file:///etc/passwd", &local()).await.unwrap_err().code(), "bad_url");
    assert_eq!(redirected("http://user:pass@127.0.0.1/", &local()).await.unwrap_err().code(), "bad_url");
    assert_eq!(redirected("http://[", &local()).await.unwrap_err().code(), "bad_url");
}

#[tokio::test]
async fn redirects_are_counted() {
    let server = Server::start(|_| redirect_to(302, "/again")).await;
    let mut few = local();
    few.redirects_max = 3;
    let refused = send(get(server.url("/")), &few).await.unwrap_err();
    assert!(matches!(refused, Error::TooManyRedirects { limit: 3 }));
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn the_caller_may_refuse_or_take_over() {
    let server = Server::start(|_| redirect_to(307, "/next")).await;
    let mut request = get(server.url("/"));
    request.redirect = Redirect::Manual;
    let response = send(request.clone(), &local()).await.unwrap();
    assert_eq!((response.status, header(&response.headers, "location")), (307, Some("/next")));
    request.redirect = Redirect::Error;
    assert_eq!(send(request, &local()).await.unwrap_err().code(), "unexpected_redirect");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_redirect_without_a_target_is_the_response() {
    let server = Server::start(|_| respond(302, &[], b"nowhere")).await;
    assert_eq!(send(get(server.url("/")), &local()).await.unwrap().body, b"nowhere");
}

fn redirect_to(status: u16, target: &str) -> Vec<Step> {
    respond(status, &[("location", target)], b"")
}

/// Redirects with the status in the path (302 when there is none), then answers 200.
fn redirect_once(seen: &Seen, target: &str) -> Vec<Step> {
    let landed = ["/c?d", "/final"].contains(&seen.path.as_str());
    let status = seen.path.trim_start_matches('/').parse().unwrap_or(302);
    if landed { respond(200, &[], b"") } else { redirect_to(status, target) }
}

async fn followed(status: u16, method: &str) -> Seen {
    let server = Server::start(|seen| redirect_once(seen, "/final")).await;
    let mut request = Request::new(method, server.url(&format!("/{status}")));
    request.headers = pairs(&[("content-type", "text/x-test")]);
    request.body = (method != "HEAD").then(|| Body::Bytes(b"body".to_vec()));
    send(request, &local()).await.unwrap();
    server.seen()[1].clone()
}

async fn with_credentials(server: &Server, landing: &Server) -> Seen {
    let mut request = get(server.url("/"));
    request.headers = pairs(&[("Authorization", "Bearer t"), ("Cookie", "a=b"), ("x-other", "kept")]);
    send(request, &local()).await.unwrap();
    landing.seen().last().unwrap().clone()
}

async fn redirected(target: &'static str, policy: &Policy) -> Result<Response, Error> {
    let server = Server::start(move |_| redirect_to(302, target)).await;
    send(get(server.url("/")), policy).await
}
