//! `tools.websearch`: searching the web, and reading a page.

mod brave;
mod duckduckgo;
mod html;
mod page;
mod searxng;
mod tavily;

use std::time::Duration;

use fermata_connect::retry;
use fermata_model::{CallError, Json, json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::args::Args;
use crate::call::{Attempt, Attempted, Policy, Request, Service, unknown_method};
use crate::way::Way;
use page::Wanted;

/// Time of one attempt, which may ask for several pages of results.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How many results there are when nothing is said, and the most.
const LIMIT: usize = 5;
const LIMIT_MAX: usize = 50;
/// The longest text to search for, in characters.
const QUERY_CHARS_MAX: usize = 1000;
/// The most pages of results that are asked for in one attempt.
const PAGES_MAX: usize = 5;
/// The most characters of a title and of a snippet.
const TITLE_CHARS_MAX: usize = 500;
const SNIPPET_CHARS_MAX: usize = 2000;
/// Who is asked when neither the call nor the keystore says.
const PROVIDER: &str = "duckduckgo";
const PROVIDERS: [&str; 4] = ["duckduckgo", "searxng", "brave", "tavily"];

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebSearch;

/// What to search for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    query: String,
    limit: Option<usize>,
    provider: Option<String>,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Found {
    title: String,
    url: String,
    snippet: String,
}

/// A page of results, as providers write it.
#[derive(Default, Deserialize)]
struct Page {
    results: Vec<Item>,
}

/// A result as providers write it: the text around what was found has one name or the other.
#[derive(Deserialize)]
struct Item {
    url: String,
    #[serde(default)]
    title: String,
    content: Option<String>,
    description: Option<String>,
}

impl From<Item> for Found {
    fn from(item: Item) -> Self {
        let Item { url, title, content, description } = item;
        Self { title, url, snippet: content.or(description).unwrap_or_default() }
    }
}

/// All results, as the task gets them.
#[derive(Serialize)]
struct Results<'a> {
    query: &'a str,
    results: Vec<Found>,
    timestamp: String,
    provider: &'a str,
}

impl Service for WebSearch {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        match method {
            "search" => read_search(args).map(drop)?,
            "fetchPage" => Wanted::read(args).map(drop)?,
            _ => return Err(unknown_method("websearch", method, &["search", "fetchPage"])),
        }
        Ok(Policy { timeout: TIMEOUT, retry: retry::Policy::default() })
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        match request.method.as_str() {
            "fetchPage" => Box::pin(async move { page::fetch(Wanted::read(&request.args)?, way).await }),
            _ => Box::pin(async move { search(read_search(&request.args)?, way).await }),
        }
    }
}

/// Reads `search(text)` or `search({ query, limit, provider })`, and what older tasks write: `search(text, limit)`.
fn read_search(args: &Json) -> Result<Search, CallError> {
    let mut args = Args::of("websearch", "search", args)?;
    let given: Option<Box<RawValue>> = args.optional("the query")?;
    let given = given.ok_or_else(|| args.bad("the query is missing"))?;
    let search = match serde_json::from_str(given.get()) {
        Ok(query) => Search { query, limit: args.optional("limit")?, provider: None },
        Err(_) => serde_json::from_str(given.get()).map_err(|error| args.bad(error))?,
    };
    if search.query.trim().is_empty() || search.query.chars().count() > QUERY_CHARS_MAX {
        return Err(args.bad(format!("query is a text of 1 to {QUERY_CHARS_MAX} characters")));
    }
    if search.limit.is_some_and(|limit| limit == 0 || limit > LIMIT_MAX) {
        return Err(args.bad(format!("limit is 1 to {LIMIT_MAX}")));
    }
    if search.provider.as_ref().is_some_and(|provider| !PROVIDERS.contains(&provider.as_str())) {
        return Err(args.bad(format!("provider is one of {}", PROVIDERS.join(", "))));
    }
    args.end()?;
    Ok(search)
}

async fn search(search: Search, way: &Way<'_>) -> Attempted {
    let (query, limit) = (search.query.trim(), search.limit.unwrap_or(LIMIT));
    let provider = match search.provider {
        Some(provider) => provider,
        None => way.vault.value("WEBSEARCH_PROVIDER")?.unwrap_or_else(|| PROVIDER.to_owned()),
    };
    let found = match provider.as_str() {
        "duckduckgo" => duckduckgo::find(query, limit, way).await,
        "searxng" => searxng::find(query, limit, way).await,
        "brave" => brave::find(query, limit, way).await,
        "tavily" => tavily::find(query, limit, way).await,
        _ => {
            let message =
                format!("The keystore value WEBSEARCH_PROVIDER is none of {}", PROVIDERS.join(", "));
            Err(CallError::fatal("bad_setting", message).into())
        }
    }?;
    let results = Results { query, results: tidied(found, limit), timestamp: now(), provider: &provider };
    let value = json::of(&results).map_err(|error| CallError::fatal("bad_answer", error.to_string()))?;
    Ok(value.into())
}

/// The first results, each address once, with texts on one line and of a bearable length.
fn tidied(found: Vec<Found>, limit: usize) -> Vec<Found> {
    let mut results: Vec<Found> = Vec::new();
    for Found { title, url, snippet } in found {
        let is_link = url.starts_with("https://") || url.starts_with("http://");
        if is_link && !results.iter().any(|known| known.url == url) {
            let title = line(&title, TITLE_CHARS_MAX);
            results.push(Found { title, url, snippet: line(&snippet, SNIPPET_CHARS_MAX) });
        }
        if results.len() == limit {
            break;
        }
    }
    results
}

/// A text with single spaces, cut to a length.
fn line(text: &str, chars_max: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(chars_max).collect()
}

/// The time of the answer, to the millisecond.
fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Millisecond).unwrap_or(now).to_string()
}

/// An answer that is not what the provider promises.
/// Reads a provider's answer.
fn read<T: DeserializeOwned>(provider: &str, body: &Json) -> Result<T, CallError> {
    serde_json::from_str(body.get()).map_err(|error| bad_answer(provider, &error.to_string()))
}

fn bad_answer(provider: &str, why: &str) -> CallError {
    CallError::passing("bad_answer", format!("The answer of {provider} cannot be read: {why}"))
}
