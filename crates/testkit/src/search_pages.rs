//! A server on loopback that answers searches in the forms of DuckDuckGo's page, SearXNG, Brave and Tavily.
//!
//! The pages are written here; of the real ones they have only the structure. What is found is made of the query:
//! `none` finds nothing, `robot` meets the question whether one is a robot, everything else finds as much as is
//! asked for, up to a number. The pages that are found may be had as well, but for every fifth.

mod duckduckgo;
mod found_page;

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::http_peer::{HttpPeer, Reply, Seen};

/// How much there is to find.
pub const FOUND: usize = 47;
/// How many results SearXNG and DuckDuckGo give on a page.
const PAGE: usize = 10;
/// Where the pages are that are found, unless the server has them itself.
const ELSEWHERE: &str = "https://example.org";

/// A running server; it ends when this is dropped.
pub struct SearchPeer {
    peer: HttpPeer,
}

/// One thing there is to find.
struct Item {
    title: String,
    url: String,
    snippet: String,
}

impl SearchPeer {
    /// Starts one that knows these keys of Brave and Tavily. What it finds is elsewhere.
    ///
    /// # Panics
    ///
    /// As [`HttpPeer::start`].
    pub fn start(brave_key: &str, tavily_key: &str) -> Self {
        Self::of(brave_key, tavily_key, |_| ELSEWHERE.to_owned())
    }

    /// Starts one without keys that also has the pages that it finds.
    ///
    /// # Panics
    ///
    /// As [`HttpPeer::start`].
    pub fn with_pages() -> Self {
        Self::of("", "", |seen| format!("http://{}", seen.header("host").unwrap_or_default()))
    }

    fn of(
        brave_key: &str,
        tavily_key: &str,
        place: impl Fn(&Seen) -> String + Send + Sync + 'static,
    ) -> Self {
        let (brave, tavily) = (brave_key.to_owned(), format!("Bearer {tavily_key}"));
        let answer = move |seen: &Seen| match (seen.method.as_str(), seen.path.as_str()) {
            ("POST", "/html/") => duckduckgo::answer(&fields(&seen.body), &place(seen)),
            ("GET", "/search") => searxng(&fields(seen.query.as_bytes()), &place(seen)),
            ("GET", "/res/v1/web/search") if seen.header("x-subscription-token") == Some(&brave) => {
                self::brave(&fields(seen.query.as_bytes()), &place(seen))
            }
            ("POST", "/search") if seen.header("authorization") == Some(&tavily) => {
                self::tavily(&seen.json(), &place(seen))
            }
            ("GET", path) if found_page::number(path).is_some() => found_page::answer(seen),
            ("POST", "/search") | ("GET", "/res/v1/web/search") => Reply::json(
                401,
                &json!({ "detail": { "error": "Unauthorized: missing or invalid API key." } }),
            ),
            _ => Reply::new(404, "text/plain", "not here"),
        };
        Self { peer: HttpPeer::start(answer) }
    }

    /// The URL of DuckDuckGo's page.
    pub fn duckduckgo_url(&self) -> String {
        self.peer.url("/html/")
    }

    /// The base URL of the others.
    pub fn url(&self) -> String {
        self.peer.url("")
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.peer.seen()
    }

    /// All requests since this was last asked.
    pub fn take_seen(&self) -> Vec<Seen> {
        self.peer.take_seen()
    }
}

/// What a query finds, from a number on, and where.
fn find(query: &str, from: usize, most: usize, place: &str) -> Vec<Item> {
    let found = if query == "none" { 0 } else { FOUND };
    let item = |number: usize| Item {
        title: format!("{query} & more, part {number}"),
        url: format!(
            "{place}/{number}?about={}",
            form_urlencoded::byte_serialize(query.as_bytes()).collect::<String>()
        ),
        snippet: format!("Part {number} of what is known of <{query}>"),
    };
    (from..found).take(most).map(item).collect()
}

fn fields(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn number(fields: &[(String, String)], name: &str, otherwise: usize) -> usize {
    field(fields, name).parse().unwrap_or(otherwise)
}

fn searxng(query: &[(String, String)], place: &str) -> Reply {
    if field(query, "format") != "json" {
        return Reply::new(200, "text/html", "<!doctype html><title>SearXNG</title>");
    }
    let page = number(query, "pageno", 1).max(1);
    let items = find(field(query, "q"), (page - 1) * PAGE, PAGE, place);
    let result = |item: Item| json!({ "url": item.url, "title": item.title, "content": item.snippet, "engine": "peer", "score": 1.0 });
    let results: Vec<Value> = items.into_iter().map(result).collect();
    let answer = json!({
        "query": field(query, "q"), "number_of_results": 0, "results": results,
        "answers": [], "corrections": [], "infoboxes": [], "suggestions": [], "unresponsive_engines": [],
    });
    Reply::json(200, &answer)
}

fn brave(query: &[(String, String)], place: &str) -> Reply {
    let count = number(query, "count", 20);
    if !(1..=20).contains(&count) {
        return Reply::json(422, &json!({ "error": { "code": "VALIDATION", "detail": "count is 1 to 20" } }));
    }
    let items = find(field(query, "q"), number(query, "offset", 0) * count, count, place);
    let result = |item: Item| json!({ "type": "search_result", "url": item.url, "title": item.title, "description": item.snippet });
    let results: Vec<Value> = items.into_iter().map(result).collect();
    let web = if results.is_empty() { Value::Null } else { json!({ "type": "search", "results": results }) };
    Reply::json(200, &json!({ "type": "search", "query": { "original": field(query, "q") }, "web": web }))
}

fn tavily(body: &Value, place: &str) -> Reply {
    let Some(query) = body["query"].as_str() else {
        return Reply::json(400, &json!({ "detail": { "error": "Query is missing." } }));
    };
    let most = body["max_results"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(5).min(20);
    let result = |item: Item| json!({ "url": item.url, "title": item.title, "content": item.snippet, "score": 0.5, "raw_content": null });
    let results: Vec<Value> = find(query, 0, most, place).into_iter().map(result).collect();
    let answer = json!({
        "query": query, "answer": null, "follow_up_questions": null, "images": [], "results": results,
        "response_time": 0.1, "request_id": "peer",
    });
    Reply::json(200, &answer)
}
