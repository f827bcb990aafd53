//! A redirect takes a secret no further than its hosts, and adds none.

use fermata_connect::egress::Gate;
use fermata_connect::http::{Redirect, Request};

use super::super::server::{Seen, Server, Step, respond};
use super::super::{get, header, policy};
use super::{bound_to, said, send, with_body, with_header};

#[tokio::test]
async fn another_host_gets_nothing() {
    let other = Server::ok().await;
    let target = format!("http://localhost:{}/", other.address.port());
    for status in [302, 307] {
        let target = target.clone();
        let server = Server::start(move |_| to(status, &target)).await;
        let mut requests = vec![with_header(server.url("/"), "x-key", "{{secret:KEY}}")];
        if status == 307 {
            requests.push(with_body(server.url("/"), "text/plain", "{{secret:KEY}}"));
        }
        for request in requests {
            let refused = send(request).await.unwrap_err();
            assert_eq!(refused.code(), "secret_not_bound");
            assert!(!said(&refused).contains("Marked"));
        }
        assert!(server.connections() > 0);
    }
    assert_eq!(other.connections(), 0);
}

/// As the Fetch standard says, and so does what held a secret: the other host gets the request without it.
#[tokio::test]
async fn authorization_and_a_dropped_body_stay_behind() {
    let other = Server::ok().await;
    let target = format!("http://localhost:{}/", other.address.port());
    let server = Server::start(move |_| to(303, &target)).await;
    let mut request = with_body(server.url("/{{secret:KEY}}"), "text/plain", "{{secret:KEY}}");
    request.headers.push(("authorization".to_owned(), "Bearer {{secret:KEY}}".to_owned()));
    assert_eq!(send(request).await.unwrap().status, 200);
    assert!(!format!("{:?}", other.seen()).contains("Marked"));
    assert_eq!(server.seen()[0].body, b"sk-Marked0123");
}

#[tokio::test]
async fn inside_the_bound_host_it_goes_along() {
    let server = Server::start(|seen| redirect_once(seen, "end?a=b")).await;
    let request = with_header(server.url("/x/{{secret:KEY}}/begin"), "x-key", "{{secret:KEY}}");
    let response = send(request).await.unwrap();

    let seen = server.seen();
    assert_eq!(seen[1].path, "/x/sk-Marked0123/end?a=b");
    assert_eq!(header(&seen[1].headers, "x-key"), Some("sk-Marked0123"));
    assert_eq!(response.url, server.url("/x/%7B%7Bsecret:KEY%7D%7D/end?a=b"));
}

#[tokio::test]
async fn a_server_refers_to_no_secret() {
    for target in [
        "/end?leak={{secret:KEY}}",
        "/end/%7B%7bsecret%3AKEY%7D%7D",
        "end/{{sec\tret:KEY}}",
        "?{{secret:KEY}}",
        "/end/{{secret:",
    ] {
        let server = Server::start(move |seen| redirect_once(seen, target)).await;
        let refused = send(get(server.url("/x/begin"))).await.unwrap_err();
        assert_eq!(refused.code(), "bad_url", "{target}");
        assert_eq!(server.seen().len(), 1, "{target}");
    }
}

#[tokio::test]
async fn a_value_that_a_server_redirects_with_goes_only_to_its_hosts() {
    let other = Server::ok().await;
    let elsewhere = format!("http://localhost:{}", other.address.port());
    let server = Server::start(move |seen| {
        let value = seen.path.rsplit('=').next().unwrap_or_default();
        redirect_once(seen, &format!("{elsewhere}/?k={value}"))
    })
    .await;
    let refused = send(get(server.url("/?k={{secret:HARD}}"))).await.unwrap_err();
    assert_eq!((refused.code(), other.connections()), ("secret_not_bound", 0));

    let server = Server::start(|seen| redirect_once(seen, &format!("/end{}", seen.path))).await;
    let response = send(get(server.url("/?k={{secret:KEY}}"))).await.unwrap();
    assert_eq!(server.seen()[1].path, "/end/?k=sk-Marked0123");
    assert_eq!(response.url, server.url("/end/?k=[redacted]"));
}

/// 0.0.0.0 stands for a host that is neither on this machine nor in a private network.
#[tokio::test]
async fn no_redirect_leads_it_to_where_strangers_read_on_the_way() {
    let other = Server::ok().await;
    let far = format!("http://0.0.0.0:{}", other.address.port());
    let server = Server::start(move |seen| {
        let value = seen.path.rsplit('=').next().unwrap_or_default();
        redirect_once(seen, &format!("{far}/end?k={value}"))
    })
    .await;
    let reachable = policy(&["127.0.0.0/8", "0.0.0.0/8"]);
    for request in [
        with_header(server.url("/?k=none"), "x-key", "{{secret:KEY}}"),
        get(server.url("/?k={{secret:KEY}}")),
    ] {
        let refused = Gate::new().send(request, &reachable, &bound_to("*")).await.unwrap_err();
        assert_eq!(refused.code(), "secret_not_encrypted");
        assert!(!said(&refused).contains("Marked"));
    }
    assert_eq!((server.seen().len(), other.connections()), (2, 0));
}

#[tokio::test]
async fn a_host_made_of_a_value_is_not_told() {
    let server = Server::start(|_| to(302, "http://sk-Marked0123.example/")).await;
    let refused = send(with_header(server.url("/"), "authorization", "{{secret:KEY}}")).await.unwrap_err();
    assert_eq!(refused.code(), "secret_not_bound");
    let said = said(&refused).to_ascii_lowercase();
    assert!(said.contains("[redacted].example") && !said.contains("marked"), "{said}");
}

#[tokio::test]
async fn a_redirect_handed_back_is_redacted() {
    let server = Server::start(|seen| to(302, &format!("/end{}", seen.path))).await;
    let request = Request { redirect: Redirect::Manual, ..get(server.url("/?k={{secret:KEY}}")) };
    let response = send(request).await.unwrap();
    assert_eq!(header(&response.headers, "location"), Some("/end/?k=[redacted]"));
}

fn to(status: u16, target: &str) -> Vec<Step> {
    respond(status, &[("location", target)], b"")
}

fn redirect_once(seen: &Seen, target: &str) -> Vec<Step> {
    if seen.path.contains("end") { respond(200, &[], b"") } else { to(302, target) }
}
