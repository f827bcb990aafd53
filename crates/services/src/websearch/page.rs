//! A page as readable text.

mod readable;

use std::time::SystemTime;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use fermata_connect::{http, retry};
use fermata_model::{CallError, Json, json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::bad_answer;
use crate::args::Args;
use crate::call::{Attempted, Failure};
use crate::rest::header;
use crate::way::Way;

/// How much text there is when nothing is said, and the most.
const CHARS: usize = 20_000;
const CHARS_MAX: usize = 200_000;
/// The largest page that is read, in bytes.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// How far into a page its own word on its encoding may stand (WHATWG HTML, section 13.2.3.2).
const SNIFFED_BYTES: usize = 1024;
const USER_AGENT: &str = "Mozilla/5.0 (compatible; Fermata)";

/// What the task asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Wanted {
    url: String,
    max_chars: Option<usize>,
}

/// What the task gets.
#[derive(Debug, Default, Serialize)]
struct Page {
    url: String,
    title: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    byline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<String>,
    truncated: bool,
}

impl Wanted {
    /// Reads `fetchPage(url)` or `fetchPage({ url, maxChars })`.
    pub(super) fn read(args: &Json) -> Result<Self, CallError> {
        let mut args = Args::of("websearch", "fetchPage", args)?;
        let given: Option<Box<RawValue>> = args.optional("the page")?;
        let given = given.ok_or_else(|| args.bad("the url is missing"))?;
        let wanted = match serde_json::from_str(given.get()) {
            Ok(url) => Self { url, max_chars: None },
            Err(_) => serde_json::from_str(given.get()).map_err(|error| args.bad(error))?,
        };
        if !Url::parse(&wanted.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(args.bad("url is an http or https URL"));
        }
        if wanted.max_chars.is_some_and(|chars| chars == 0 || chars > CHARS_MAX) {
            return Err(args.bad(format!("maxChars is 1 to {CHARS_MAX}")));
        }
        args.end()?;
        Ok(wanted)
    }
}

pub(super) async fn fetch(wanted: Wanted, way: &Way<'_>) -> Attempted {
    let mut request = http::Request::new("GET", wanted.url);
    for (name, value) in [("accept", "text/html, text/*;q=0.9, */*;q=0.1"), ("user-agent", USER_AGENT)] {
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    let response = way.send(request).await?;
    if !(200..300).contains(&response.status) {
        return Err(failure(&response));
    }
    if response.body.len() > PAGE_BYTES_MAX {
        let message = format!("The page is over the limit of {PAGE_BYTES_MAX} bytes");
        return Err(CallError::fatal("response_too_large", message).into());
    }
    // Taking a page apart keeps a thread busy for a while.
    let read = tokio::task::spawn_blocking(move || read(&response)).await;
    let mut page = read.map_err(|error| bad_answer("the page", &error.to_string()))??;
    let chars = wanted.max_chars.unwrap_or(CHARS);
    if let Some((end, _)) = page.text.char_indices().nth(chars) {
        page.text.truncate(end);
        page.truncated = true;
    }
    let value = json::of(&page).map_err(|error| CallError::fatal("bad_answer", error.to_string()))?;
    Ok(value.into())
}

fn failure(response: &http::Response) -> Failure {
    let status = response.status;
    let made = if retry::is_retryable_status(status) { CallError::passing } else { CallError::fatal };
    let error = made("http_status", format!("The page answered {status}"));
    Failure { error, retry_after: retry::after(&response.headers, SystemTime::now()), last_answer: None }
}

fn read(response: &http::Response) -> Result<Page, CallError> {
    let kind = header(&response.headers, "content-type").unwrap_or("text/html").to_ascii_lowercase();
    let (essence, parameters) = kind.split_once(';').unwrap_or((&kind, ""));
    let url = response.url.clone();
    match essence.trim() {
        "text/html" | "application/xhtml+xml" => {
            let text = decoded(&response.body, parameters, true);
            let page = readable::read(&text, &response.url).ok_or_else(|| {
                CallError::fatal("page_too_complex", "The page takes too long to take apart")
            })?;
            Ok(Page { url, ..page })
        }
        essence if essence.starts_with("text/") || essence.ends_with("json") || essence.ends_with("xml") => {
            let text = decoded(&response.body, parameters, false);
            Ok(Page { url, text, ..Page::default() })
        }
        essence => {
            let message = format!("There is no text in a page of the type {essence:?}");
            Err(CallError::fatal("unsupported_content", message))
        }
    }
}

/// A body as text, by its byte order mark, its header's word, its own word, or the web's habit.
fn decoded(body: &[u8], parameters: &str, is_html: bool) -> String {
    let told = label(parameters.as_bytes()).or_else(|| {
        let head = &body[..body.len().min(SNIFFED_BYTES)];
        is_html.then(|| label(&head.to_ascii_lowercase())).flatten()
    });
    let usual = if std::str::from_utf8(body).is_ok() { UTF_8 } else { WINDOWS_1252 };
    told.unwrap_or(usual).decode(body).0.into_owned()
}

/// The encoding after `charset=`.
fn label(text: &[u8]) -> Option<&'static Encoding> {
    const MARK: &[u8] = b"charset=";
    let at = text.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let rest = text[at..].trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| b"\"' ;>/".contains(byte)).unwrap_or(rest.len());
    Encoding::for_label(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_decoded_by_what_says_its_encoding() {
        let latin = b"<meta charset='iso-8859-1'><p>gr\xFC\xDFe";
        assert!(decoded(latin, "", true).ends_with("grüße"));
        assert!(decoded(b"gr\xFC\xDFe", " charset=\"latin1\"", false).ends_with("grüße"));
        assert!(decoded("grüße".as_bytes(), "", true).ends_with("grüße"));
        assert!(
            decoded(b"\xFF\xFEh\x00i\x00", "charset=utf-8", true).ends_with("hi"),
            "the mark counts for most"
        );
        assert!(decoded(b"gr\xFC\xDFe", "charset=nonsense", false).ends_with("grüße"));
    }
}
