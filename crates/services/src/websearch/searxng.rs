//! SearXNG, on somebody's own server (docs.searxng.org/dev/search_api.html). Its JSON has to be switched on there.

use super::{Found, PAGES_MAX, Page, read};
use crate::call::Failure;
use crate::encode::{self, Style};
use crate::rest::{Api, Asked};
use crate::way::Way;

static API: Api =
    Api { name: "searxng", base_url: ("SEARXNG_URL", ""), headers: &[("accept", "application/json")] };

pub(super) async fn find(query: &str, limit: usize, way: &Way<'_>) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for number in 1..=PAGES_MAX {
        let pairs = [("q", query.to_owned()), ("format", "json".to_owned()), ("pageno", number.to_string())];
        let query = encode::joined(&pairs.map(|(name, value)| (name.to_owned(), value)), Style::Strict);
        let replied = API.ask(Asked { query, ..Asked::new("GET", "/search") }, way).await?;
        let page: Page = read("SearXNG", &replied.body)?;
        if page.results.is_empty() {
            break;
        }
        found.extend(page.results.into_iter().map(Found::from));
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}
