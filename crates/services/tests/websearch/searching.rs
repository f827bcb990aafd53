//! One shape of results, whoever is asked.

use fermata_services::websearch::WebSearch;
use fermata_services::{Attempted, Failure};
use fermata_testkit::http_peer::{HttpPeer, Reply};
use fermata_testkit::search_pages::{FOUND, SearchPeer};
use serde_json::{Value, json};

use crate::outside::{Outside, value};

const PROVIDERS: [&str; 4] = ["duckduckgo", "searxng", "brave", "tavily"];

fn peer() -> (SearchPeer, Outside) {
    let peer = SearchPeer::start("{{secret:BRAVE_API_KEY}}", "{{secret:TAVILY_API_KEY}}");
    let outside = Outside::with(&[
        ("DUCKDUCKGO_URL", &peer.duckduckgo_url()),
        ("SEARXNG_URL", &peer.url()),
        ("BRAVE_URL", &peer.url()),
        ("TAVILY_URL", &peer.url()),
    ]);
    (peer, outside)
}

async fn search(outside: &Outside, what: Value) -> Attempted {
    outside.attempt(&WebSearch, "search", &json!([what]).to_string()).await
}

async fn page(reply: Reply) -> Attempted {
    let peer = HttpPeer::start(move |_| reply.clone());
    search(&Outside::with(&[("DUCKDUCKGO_URL", &peer.url("/html/"))]), "x".into()).await
}

fn code(attempted: Attempted) -> (String, bool) {
    let Failure { error, .. } = attempted.unwrap_err();
    (error.code, error.retryable)
}

#[tokio::test]
async fn every_provider_gives_the_same_shape() {
    let (_peer, outside) = peer();
    for provider in PROVIDERS {
        let answer = value(
            search(&outside, json!({ "query": " ice & fire ", "provider": provider, "limit": 3 })).await,
        );
        assert_eq!((&answer["query"], &answer["provider"]), (&json!("ice & fire"), &json!(provider)));
        assert!(answer["timestamp"].as_str().unwrap().ends_with('Z'));
        let results = answer["results"].as_array().unwrap();
        assert_eq!(results.len(), 3, "{provider}");
        assert_eq!(results[1]["url"], "https://example.org/1?about=ice+%26+fire", "{provider}");
        assert_eq!(results[1]["title"], "ice & fire & more, part 1", "{provider}");
        let snippet = results[1]["snippet"].as_str().unwrap();
        assert!(snippet.starts_with("Part 1 of what is known of <ice & fire>"), "{provider}: {snippet}");
    }
}

#[tokio::test]
async fn more_pages_are_asked_for_until_there_is_enough() {
    let (peer, outside) = peer();
    // How many results come, and in how many requests, when the most is asked for.
    let expected = [("duckduckgo", FOUND, 5), ("searxng", FOUND, 5), ("brave", FOUND, 3), ("tavily", 20, 1)];
    for (provider, results, requests) in expected {
        let answer =
            value(search(&outside, json!({ "query": "x", "provider": provider, "limit": 50 })).await);
        assert_eq!(answer["results"].as_array().unwrap().len(), results, "{provider}");
        assert_eq!(peer.take_seen().len(), requests, "{provider}");
    }
}

#[tokio::test]
async fn nothing_found_is_no_error() {
    let (_peer, outside) = peer();
    for provider in PROVIDERS {
        let answer = value(search(&outside, json!({ "query": "none", "provider": provider })).await);
        assert_eq!(answer["results"], json!([]), "{provider}");
    }
}

#[tokio::test]
async fn a_text_alone_asks_for_five_results_of_duckduckgo() {
    let (peer, outside) = peer();
    let answer = value(search(&outside, "x".into()).await);
    assert_eq!((answer["results"].as_array().unwrap().len(), &answer["provider"]), (5, &json!("duckduckgo")));
    let seen = peer.take_seen();
    assert_eq!(
        (seen[0].method.as_str(), String::from_utf8_lossy(&seen[0].body).as_ref()),
        ("POST", "q=x&b=")
    );
}

#[tokio::test]
async fn the_keystore_says_who_is_asked_otherwise() {
    let peer = SearchPeer::start("", "");
    let settings = [("WEBSEARCH_PROVIDER", "searxng"), ("SEARXNG_URL", &peer.url())];
    assert_eq!(value(search(&Outside::with(&settings), "x".into()).await)["provider"], "searxng");
    let wrong = Outside::with(&[("WEBSEARCH_PROVIDER", "google")]);
    assert_eq!(code(search(&wrong, "x".into()).await), ("bad_setting".into(), false));
    let missing = search(&Outside::with(&[]), json!({ "query": "x", "provider": "searxng" })).await;
    assert_eq!(code(missing), ("setting_missing".into(), false));
}

#[tokio::test]
async fn a_wrong_key_is_final() {
    let peer = SearchPeer::start("another", "another");
    let outside = Outside::with(&[("BRAVE_URL", &peer.url()), ("TAVILY_URL", &peer.url())]);
    for provider in ["brave", "tavily"] {
        let failed = search(&outside, json!({ "query": "x", "provider": provider })).await;
        assert_eq!(code(failed), ("http_401".into(), false));
    }
}

#[tokio::test]
async fn the_question_for_a_robot_may_pass() {
    let (_peer, outside) = peer();
    assert_eq!(code(search(&outside, "robot".into()).await), ("captcha".into(), true));
    let html = r#"<form id="challenge-form" action="//duckduckgo.com/anomaly.js"></form>"#;
    assert_eq!(code(page(Reply::new(200, "text/html", html)).await), ("captcha".into(), true));
}

#[tokio::test]
async fn what_is_no_page_of_results_is_told() {
    assert_eq!(code(page(Reply::new(200, "text/html", "<p>Welcome")).await), ("bad_answer".into(), true));
    assert_eq!(code(page(Reply::new(500, "text/html", "")).await), ("http_status".into(), true));
    assert_eq!(code(page(Reply::new(404, "text/html", "")).await), ("http_status".into(), false));
}

#[tokio::test]
async fn links_that_lead_elsewhere_than_they_say_are_left_out() {
    let link = |href: &str| {
        format!(
            "<div class=\"result\"><a class=\"result__a\" href=\"{href}\">T</a><p class=\"result__snippet\">S</p></div>"
        )
    };
    let links = [
        "javascript:alert(1)",
        "//duckduckgo.com/l/?uddg=javascript%3Aalert(1)",
        "//duckduckgo.com/l/?rut=1",
        "//duckduckgo.com/l/?uddg=https%3A%2F%2Fduckduckgo.com%2Fy.js%3Fad",
        "/settings",
        "https://example.org/direct",
        "//duckduckgo.com/l/?uddg=https%3A%2F%2Fexample.org%2Fdirect",
    ];
    let body: String = links.iter().map(|href| link(href)).collect();
    let answer = value(page(Reply::new(200, "text/html", format!("<div id=\"links\">{body}</div>"))).await);
    let expected = json!([{ "title": "T", "url": "https://example.org/direct", "snippet": "S" }]);
    assert_eq!(answer["results"], expected);
}
