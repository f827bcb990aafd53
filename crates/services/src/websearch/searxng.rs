//! SearXNG, on somebody's own server (docs.searxng.org/dev/search_api.html). Its JSON has to be switched on there.

use serde::Deserialize;

use super::{Found, PAGES_MAX, bad_answer};
use crate::call::Failure;
use crate::encode::{self, Style};
use crate::rest::{Api, Asked};
use crate::way::Way;

static API: Api =
    Api { name: "searxng", base_url: ("SEARXNG_URL", ""), headers: &[("accept", "application/json")] };

#[derive(Deserialize)]
struct Answer {
    results: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    url: String,
    #[serde(default)]
    title: String,
    content: Option<String>,
}

pub(super) async fn find(query: &str, limit: usize, way: &Way<'_>) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for number in 1..=PAGES_MAX {
        let pairs = [("q", query.to_owned()), ("format", "json".to_owned()), ("pageno", number.to_string())];
        let query = encode::joined(&pairs.map(|(name, value)| (name.to_owned(), value)), Style::Strict);
        let replied = API.ask(Asked { query, ..Asked::new("GET", "/search") }, way).await?;
        let answer = serde_json::from_str::<Answer>(replied.body.get());
        let answer = answer.map_err(|error| bad_answer("SearXNG", &error.to_string()))?;
        if answer.results.is_empty() {
            break;
        }
        found.extend(answer.results.into_iter().map(|item| Found {
            title: item.title,
            url: item.url,
            snippet: item.content.unwrap_or_default(),
        }));
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}
