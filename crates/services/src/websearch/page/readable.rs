//! What a reader wants of an HTML page: the article without its surroundings, or all its text where there is none.

use dom_query::Document;
use dom_smoothie::{Config, Readability, TextMode};

use super::super::html;
use super::Page;

/// The most elements among which an article is looked for; a larger page is taken whole.
const ELEMENTS_MAX: usize = 20_000;
/// The most elements within each other, for the same: looking for an article goes up from each one.
const DEPTH_MAX: usize = 400;
/// The most text, in bytes, for the same: some steps take as long as its square.
const ARTICLE_BYTES_MAX: usize = 200_000;
/// What is no text for readers.
const NO_TEXT: &str = "script, style, noscript, template, svg";

/// Reads a page; `None` when it takes too long to take apart.
pub(super) fn read(text: &str, url: &str) -> Option<Page> {
    let document = html::parse(text)?;
    document.select(NO_TEXT).remove();
    let is_too_much = is_deep(&document) || document.text().len() > ARTICLE_BYTES_MAX;
    // Looking for an article changes the document.
    let article = if is_too_much { None } else { article(document.clone(), url) };
    Some(article.unwrap_or_else(|| whole(&document)))
}

fn article(document: Document, url: &str) -> Option<Page> {
    let config = Config {
        max_elements_to_parse: ELEMENTS_MAX,
        text_mode: TextMode::Formatted,
        // It would be in a script.
        disable_json_ld: true,
        ..Config::default()
    };
    let article = Readability::with_document(document, Some(url), Some(config)).ok()?.parse().ok()?;
    let text = article.text_content.trim().to_owned();
    let page =
        Page { title: article.title, text, byline: article.byline, lang: article.lang, ..Page::default() };
    (!page.text.is_empty()).then_some(page)
}

fn whole(document: &Document) -> Page {
    let title = document.select_single("title").text().trim().to_owned();
    let lang = document.select_single("html").attr("lang").map(|lang| lang.to_string());
    document.select("head").remove();
    let text = document.formatted_text().trim().to_owned();
    Page { title, text, lang, ..Page::default() }
}

/// Whether there are more elements within each other than articles have. Walks without calling itself.
fn is_deep(document: &Document) -> bool {
    let (mut node, mut depth) = (document.root(), 0);
    loop {
        if let Some(child) = node.first_child() {
            node = child;
            depth += 1;
            if depth > DEPTH_MAX {
                return true;
            }
            continue;
        }
        loop {
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            let Some(parent) = node.parent() else { return false };
            node = parent;
            depth -= 1;
        }
    }
}
