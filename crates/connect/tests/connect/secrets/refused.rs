//! Where a secret may not go or cannot stand, nothing is sent, and nothing says its value.

use fermata_connect::Error;
use fermata_connect::egress::{Gate, SECRETS_MAX};
use fermata_connect::http::Request;

use super::super::server::Server;
use super::super::{get, local, policy};
use super::{bound_to, said, send, with_body, with_header};

#[tokio::test]
async fn another_host_gets_nothing() {
    let server = Server::ok().await;
    let elsewhere = format!("http://localhost:{}", server.address.port());
    for request in [
        with_header(format!("{elsewhere}/"), "authorization", "Bearer {{secret:KEY}}"),
        get(format!("{elsewhere}/{{{{secret:KEY}}}}")),
        get(format!("{elsewhere}/?k=%7B%7Bsecret:KEY%7D%7D")),
        with_body(format!("{elsewhere}/"), "application/json", r#"{"$secret":"KEY"}"#),
    ] {
        let refused = check(&server, request, "secret_not_bound").await;
        assert!(
            said(&refused).contains(r#"the secret "KEY" is not bound to localhost"#),
            "{}",
            said(&refused)
        );
    }
    let request = with_header(server.url("/"), "x-key", "{{secret:KEY}}");
    let refused = Gate::new().send(request, &local(), &bound_to("*.example.com")).await.unwrap_err();
    assert_eq!((refused.code(), server.connections()), ("secret_not_bound", 0));
}

/// 0.0.0.0 reaches this machine and is no address of it or of a private network: it stands for any other host.
#[tokio::test]
async fn what_strangers_can_read_on_the_way_holds_no_secret() {
    let server = Server::ok().await;
    let far = format!("http://0.0.0.0:{}", server.address.port());
    let reachable = policy(&["0.0.0.0/8"]);
    let requests = || {
        [
            with_header(format!("{far}/"), "authorization", "Bearer {{secret:KEY}}"),
            get(format!("{far}/{{{{secret:KEY}}}}")),
            with_body(format!("{far}/"), "application/json", r#"{"$secret":"KEY"}"#),
        ]
    };
    for request in requests() {
        let refused = Gate::new().send(request, &reachable, &bound_to("*")).await.unwrap_err();
        assert_eq!((refused.code(), refused.retryable()), ("secret_not_encrypted", false));
        assert!(said(&refused).contains("use https, or bind it to http://0.0.0.0"), "{}", said(&refused));
        assert!(!said(&refused).contains("Marked"));
    }
    assert_eq!(server.connections(), 0);
    for request in requests() {
        Gate::new().send(request, &reachable, &bound_to("http://0.0.0.0")).await.unwrap();
    }
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn refusals_have_their_own_codes() {
    let server = Server::ok().await;
    for (name, code, retryable) in [
        ("nothing", "secret_unknown", false),
        ("withheld", "secret_not_granted", false),
        ("away", "secret_unavailable", true),
    ] {
        let request = with_header(server.url("/"), "x-key", &format!("{{{{secret:{name}}}}}"));
        let refused = check(&server, request, code).await;
        assert_eq!(refused.retryable(), retryable, "{name}");
        assert!(said(&refused).contains(name));
    }
}

#[tokio::test]
async fn a_gate_without_secrets_knows_none() {
    let server = Server::ok().await;
    let request = with_header(server.url("/"), "x-key", "{{secret:KEY}}");
    let refused = super::super::send(request, &local()).await.unwrap_err();
    assert_eq!((refused.code(), server.connections()), ("secret_unknown", 0));
}

#[tokio::test]
async fn malformed_references() {
    let server = Server::ok().await;
    let form = "application/x-www-form-urlencoded";
    for request in [
        with_header(server.url("/"), "x-key", "{{secret:KEY"),
        with_header(server.url("/"), "x-key", "{{secret:}}"),
        get(server.url("/{{secret:KEY/x}}")),
        get(server.url("/%7B%7Bsecret:KEY%7D/")),
        get(server.url("/{{secret:KEY?}}")),
        get(server.url("/{{secret:KEY#}}")),
        get(server.url("/?a={{secret:KEY&b}}")),
        get(server.url("/?a={{secret:K%00}}")),
        with_body(server.url("/"), "text/plain", "{{secret:KEY}"),
        with_body(server.url("/"), "application/json", r#"{"a":{{secret:KEY}}}"#),
        with_body(server.url("/"), "application/json", r#"{"a":"{{secret:KEY}}"#),
        with_body(server.url("/"), form, "a={{secret:KEY&b=}}"),
    ] {
        assert!(!check(&server, request, "bad_secret").await.retryable());
    }
}

#[tokio::test]
async fn only_path_and_query_of_a_url_may_refer_to_secrets() {
    let server = Server::ok().await;
    let port = server.address.port();
    for url in [
        "{{secret:KEY}}://127.0.0.1/".to_owned(),
        "http://{{secret:KEY}}/".to_owned(),
        "http://%7B%7Bsecret%3AKEY%7D%7D/".to_owned(),
        "http://{{secret:KEY}}.127.0.0.1/".to_owned(),
        format!("http://{{{{secret:KEY}}}}@127.0.0.1:{port}/"),
        format!("http://a:{{{{secret:KEY}}}}@127.0.0.1:{port}/"),
        format!("http://%7B%7Bsecret:KEY%7D%7D@127.0.0.1:{port}/"),
        "http://127.0.0.1:{{secret:KEY}}/".to_owned(),
    ] {
        check(&server, get(url), "bad_url").await;
    }
}

#[tokio::test]
async fn values_that_cannot_stand_there() {
    let server = Server::ok().await;
    for request in [
        with_header(server.url("/"), "x-key", "{{secret:LINES}}"),
        get(server.url("/a/{{secret:UP}}")),
        get(server.url("/a/{{secret:UP}}/b")),
        get(server.url("/a/{{secret:HERE}}")),
        get(server.url("/a/.{{secret:HERE}}/b")),
        get(server.url("/a/%2e{{secret:HERE}}")),
        with_body(server.url("/"), "text/plain", "{{secret:LONGER}}"),
    ] {
        let refused = check(&server, request, "bad_secret").await;
        assert!(!said(&refused).contains("injected"), "{}", said(&refused));
    }
    send(with_body(server.url("/"), "text/plain", "{{secret:LONG}}")).await.unwrap();
    assert_eq!(server.seen()[0].body.len(), 64 * 1024);
}

#[tokio::test]
async fn references_are_counted() {
    let server = Server::ok().await;
    let many = |count: usize| {
        let half = "{{secret:KEY}}".repeat(count / 2);
        let mut request =
            with_body(server.url("/"), "text/plain", &"{{secret:KEY}}".repeat(count - count / 2));
        request.headers.push(("x-keys".to_owned(), half));
        request
    };
    check(&server, many(SECRETS_MAX + 1), "bad_secret").await;
    send(many(SECRETS_MAX)).await.unwrap();
}

#[tokio::test]
async fn sizes_are_checked_with_the_values() {
    let server = Server::ok().await;
    let mut small = local();
    small.request_bytes_max = 20;
    let request = with_body(server.url("/"), "text/plain", "{{secret:HARD}}");
    let refused = Gate::new().send(request, &small, &super::vault()).await.unwrap_err();
    assert!(matches!(refused, Error::TooLarge { limit: 20, .. }), "{refused:?}");

    check(&server, get(server.url("/{{secret:LONG}}")), "bad_url").await;
}

async fn check(server: &Server, request: Request, code: &str) -> Error {
    let refused = send(request).await.unwrap_err();
    assert_eq!(refused.code(), code, "{refused:?}");
    assert!(!said(&refused).contains("Marked"), "{}", said(&refused));
    assert_eq!(server.connections(), 0);
    refused
}
