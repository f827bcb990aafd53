//! DuckDuckGo's page for browsers without scripts. It is no API: what is read here is its structure as it is now.

use std::time::SystemTime;

use dom_query::{Document, Selection};
use fermata_connect::{http, retry};
use fermata_model::CallError;
use url::Url;

use super::{Found, PAGES_MAX, bad_answer, html};
use crate::call::Failure;
use crate::encode::{self, Style};
use crate::way::Way;

const URL: &str = "https://html.duckduckgo.com/html/";
/// The page is not shown to programs that do not say what they are.
const USER_AGENT: &str = "Mozilla/5.0 (compatible; Fermata)";
/// The largest page that is read, in bytes.
const PAGE_BYTES_MAX: usize = 2 << 20;
/// The most fields of the form for the next page.
const FIELDS_MAX: usize = 30;

/// One page of results, and the form that asks for the next one.
struct Page {
    found: Vec<Found>,
    next: Option<Vec<(String, String)>>,
}

pub(super) async fn find(query: &str, limit: usize, way: &Way<'_>) -> Result<Vec<Found>, Failure> {
    let url = way.vault.value("DUCKDUCKGO_URL")?.unwrap_or_else(|| URL.to_owned());
    let mut form = vec![("q".to_owned(), query.to_owned()), ("b".to_owned(), String::new())];
    let mut found = Vec::new();
    for _ in 0..PAGES_MAX {
        let text = ask(&url, &form, way).await?;
        // Taking a page apart keeps a thread busy for a while.
        let read = tokio::task::spawn_blocking(move || read(&text)).await;
        let page = read.map_err(|error| bad_answer("DuckDuckGo", &error.to_string()))??;
        let is_empty = page.found.is_empty();
        found.extend(page.found);
        match page.next {
            Some(next) if found.len() < limit && !is_empty => form = next,
            _ => break,
        }
    }
    Ok(found)
}

async fn ask(url: &str, form: &[(String, String)], way: &Way<'_>) -> Result<String, Failure> {
    let mut request = http::Request::new("POST", url);
    let headers = [
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", USER_AGENT),
    ];
    request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    request.body = Some(http::Body::Text(encode::joined(form, Style::Form)));
    let response = way.send(request).await?;
    // 202 is how the page says that it takes us for a robot.
    if response.status == 202 {
        return Err(captcha().into());
    }
    if response.status != 200 {
        let message = format!("DuckDuckGo answered {}", response.status);
        let passing = retry::is_retryable_status(response.status) || response.status == 403;
        let made = if passing { CallError::passing } else { CallError::fatal };
        let retry_after = retry::after(&response.headers, SystemTime::now());
        return Err(Failure { error: made("http_status", message), retry_after, last_answer: None });
    }
    if response.body.len() > PAGE_BYTES_MAX {
        return Err(bad_answer("DuckDuckGo", "the page is too large").into());
    }
    Ok(String::from_utf8_lossy(&response.body).into_owned())
}

fn captcha() -> CallError {
    let message = "DuckDuckGo asks whether this is a robot; try later, or set up another provider";
    CallError::passing("captcha", message)
}

fn read(text: &str) -> Result<Page, CallError> {
    let document =
        html::parse(text).ok_or_else(|| bad_answer("DuckDuckGo", "it takes too long to take apart"))?;
    if document.select("#challenge-form, .anomaly-modal__title, form[action*='anomaly']").exists() {
        return Err(captcha());
    }
    let is_page = document.select("#links, .results, .no-results, form input[name='q']").exists();
    if !is_page {
        return Err(bad_answer("DuckDuckGo", "it is no page of results"));
    }
    let results = document.select(".result");
    let found =
        results.iter().filter(|result| !result.has_class("result--ad")).filter_map(|result| found(&result));
    Ok(Page { found: found.collect(), next: next(&document) })
}

fn found(result: &Selection<'_>) -> Option<Found> {
    let link = result.select_single("a.result__a");
    let url = target(&link.attr("href")?)?;
    let snippet = result.select_single(".result__snippet").text();
    Some(Found { title: link.text().to_string(), url, snippet: snippet.to_string() })
}

/// Where a link leads: most go through a redirect that has the address in `uddg`; those of advertisements go
/// through another one, which has none.
fn target(href: &str) -> Option<String> {
    let base = Url::parse(URL).ok()?;
    let link = base.join(href).ok()?;
    let is_own =
        link.host_str().is_some_and(|host| host == "duckduckgo.com" || host.ends_with(".duckduckgo.com"));
    match (is_own, link.path()) {
        (false, _) => Some(link.into()),
        (true, "/l/") => {
            let (_, address) = link.query_pairs().find(|(name, _)| name == "uddg")?;
            let address = Url::parse(&address).ok()?;
            // An advertisement may be wrapped once more.
            let is_ad = address.host_str().is_some_and(|host| host.ends_with("duckduckgo.com"));
            (!is_ad).then(|| address.into())
        }
        (true, _) => None,
    }
}

/// The fields of the form that leads to the next page: the last one that has an offset.
fn next(document: &Document) -> Option<Vec<(String, String)>> {
    let forms = document.select(".nav-link form");
    let form = forms.iter().filter(|form| form.select("input[value='Next']").exists()).last()?;
    let inputs = form.select("input[type='hidden'][name]");
    let field = |input: Selection<'_>| {
        Some((input.attr("name")?.to_string(), input.attr_or("value", "").to_string()))
    };
    let fields: Vec<(String, String)> = inputs.iter().take(FIELDS_MAX).filter_map(field).collect();
    (!fields.is_empty()).then_some(fields)
}
