//! Tavily's search API (docs.tavily.com).

use serde_json::json;

use super::{Found, Page, read};
use crate::call::Failure;
use crate::rest::{Api, Asked};
use crate::way::Way;

/// The most results of one request; there are no further pages.
const RESULTS_MAX: usize = 20;

static API: Api = Api {
    name: "tavily",
    base_url: ("TAVILY_URL", "https://api.tavily.com"),
    headers: &[("accept", "application/json"), ("authorization", "Bearer {{secret:TAVILY_API_KEY}}")],
};

pub(super) async fn find(query: &str, limit: usize, way: &Way<'_>) -> Result<Vec<Found>, Failure> {
    let body = json!({ "query": query, "max_results": limit.min(RESULTS_MAX) });
    let asked = Asked { repeats: true, ..Asked::new("POST", "/search").json(body.to_string()) };
    let replied = API.ask(asked, way).await?;
    let page: Page = read("Tavily", &replied.body)?;
    Ok(page.results.into_iter().map(Found::from).collect())
}
