//! Brave's search API (api-dashboard.search.brave.com).

use serde::Deserialize;

use super::{Found, Page, read};
use crate::call::Failure;
use crate::encode::{self, Style};
use crate::rest::{Api, Asked};
use crate::way::Way;

/// The most results of one request.
const COUNT_MAX: usize = 20;

static API: Api = Api {
    name: "brave",
    base_url: ("BRAVE_URL", "https://api.search.brave.com"),
    headers: &[("accept", "application/json"), ("x-subscription-token", "{{secret:BRAVE_API_KEY}}")],
};

#[derive(Deserialize)]
struct Answer {
    web: Option<Page>,
}

pub(super) async fn find(query: &str, limit: usize, way: &Way<'_>) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    let count = limit.min(COUNT_MAX);
    for offset in 0..limit.div_ceil(COUNT_MAX) {
        let pairs = [
            ("q", query.to_owned()),
            ("count", count.to_string()),
            ("offset", offset.to_string()),
            // Else words that match stand in HTML elements.
            ("text_decorations", "false".to_owned()),
        ];
        let query = encode::joined(&pairs.map(|(name, value)| (name.to_owned(), value)), Style::Strict);
        let replied = API.ask(Asked { query, ..Asked::new("GET", "/res/v1/web/search") }, way).await?;
        let answer: Answer = read("Brave", &replied.body)?;
        let page = answer.web.unwrap_or_default();
        let is_last = page.results.len() < count;
        found.extend(page.results.into_iter().map(Found::from));
        if is_last {
            break;
        }
    }
    Ok(found)
}
