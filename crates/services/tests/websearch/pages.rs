//! Pages as readable text.

use fermata_services::Attempted;
use fermata_services::websearch::WebSearch;
use fermata_testkit::http_peer::{HttpPeer, Reply};
use serde_json::{Value, json};

use crate::outside::{Outside, value};

async fn fetch(reply: Reply, max_chars: Option<usize>) -> Attempted {
    let peer = HttpPeer::start(move |_| reply.clone());
    let wanted = json!([{ "url": peer.url("/page"), "maxChars": max_chars }]);
    Outside::with(&[]).attempt(&WebSearch, "fetchPage", &wanted.to_string()).await
}

async fn html(text: impl Into<Vec<u8>>) -> Value {
    value(fetch(Reply::new(200, "text/html; charset=utf-8", text), None).await)
}

#[tokio::test]
async fn an_article_is_freed_from_its_surroundings() {
    let page = html(include_str!("pages/article.html")).await;
    assert_eq!(page["title"], "How bees find their way");
    assert_eq!(page["byline"], "Ada Example");
    assert_eq!(page["lang"], "en");
    assert_eq!(page["truncated"], false);
    assert!(page["url"].as_str().unwrap().ends_with("/page"));
    let text = page["text"].as_str().unwrap();
    assert!(text.contains("A bee that leaves the hive"), "{text}");
    assert!(text.contains("“The sun is their compass,”"), "{text}");
    for other in ["Subscribe now", "Cookie settings", "console.log", "Related stories"] {
        assert!(!text.contains(other), "{other}: {text}");
    }
}

#[tokio::test]
async fn a_page_without_an_article_is_taken_whole() {
    let page =
        html("<html lang=de><title> Liste </title><script>no()</script><ul><li>Eins<li>Zwei</ul>").await;
    assert_eq!((&page["title"], &page["lang"]), (&json!("Liste"), &json!("de")));
    let text = page["text"].as_str().unwrap();
    assert!(text.contains("Eins") && text.contains("Zwei") && !text.contains("no()"), "{text}");
}

#[tokio::test]
async fn a_long_text_is_cut_between_characters() {
    let page = value(fetch(Reply::new(200, "text/plain; charset=utf-8", "äöü".repeat(100)), Some(4)).await);
    assert_eq!((&page["text"], &page["truncated"]), (&json!("äöüä"), &json!(true)));
    let page = value(fetch(Reply::new(200, "application/json", "{}"), Some(2)).await);
    assert_eq!((&page["text"], &page["truncated"]), (&json!("{}"), &json!(false)));
}

#[tokio::test]
async fn a_redirect_is_followed_and_told() {
    let peer = HttpPeer::start(|seen| match seen.path.as_str() {
        "/old" => Reply::new(301, "text/html", "").with("location", "/new"),
        _ => Reply::new(200, "text/plain", "here"),
    });
    let args = json!([peer.url("/old")]).to_string();
    let page = value(Outside::with(&[]).attempt(&WebSearch, "fetchPage", &args).await);
    assert_eq!((&page["url"], &page["text"]), (&json!(peer.url("/new")), &json!("here")));
}

#[tokio::test]
async fn what_has_no_text_is_refused() {
    let cases = [
        (Reply::new(200, "image/png", "x"), "unsupported_content", false),
        (Reply::new(404, "text/html", "x"), "http_status", false),
        (Reply::new(503, "text/html", "x"), "http_status", true),
        (Reply::new(200, "text/plain", vec![b'x'; (4 << 20) + 1]), "response_too_large", false),
    ];
    for (reply, code, retryable) in cases {
        let error = fetch(reply, None).await.unwrap_err().error;
        assert_eq!((error.code.as_str(), error.retryable), (code, retryable));
    }
}

/// Each would take a stack, a memory or a minute of one that does not look out.
#[tokio::test]
async fn hostile_pages_are_survived() {
    let deep = |tag: &str| {
        format!("{}deep{}", format!("<{tag}>").repeat(100_000), format!("</{tag}>").repeat(100_000))
    };
    let pages = [
        deep("div"),
        deep("b"),
        deep("span"),
        deep("table"),
        deep("blockquote"),
        format!("<p>{}", "<a>".repeat(50_000)),
        format!("<div {}>x</div>", "a=1 ".repeat(100_000)),
        "<".repeat(1_000_000),
        "&".repeat(1_000_000),
        format!("<p>{}</p>", "word ".repeat(200_000)),
        "<p>x</p>".repeat(100_000),
        format!("<script type=\"application/ld+json\">{}", "[".repeat(200_000)),
        format!("<table>{}", "<div>".repeat(100_000)),
        // As deep and as large as a page may be in which an article is looked for.
        format!("{}{}", "<div>".repeat(380), "<p>word, word</p>".repeat(19_000)),
        format!("{}{}", "<div>".repeat(380), "<a href=x>word</a><br>".repeat(9_000)),
        "<div><p>word, word, word</p></div>".repeat(9_000),
        format!("<p>{}", "&".repeat(199_000)),
        format!("<p>{}</p>", "&".repeat(1_900)).repeat(100),
    ];
    for page in pages {
        let begin: String = page.chars().take(30).collect();
        let attempted = fetch(Reply::new(200, "text/html", page), None).await;
        if let Err(failure) = attempted {
            assert_eq!(failure.error.code, "page_too_complex", "{begin}");
        }
    }
}
