//! The pages that are found: an article each, between a menu and a footer. Every fifth is gone.

use super::duckduckgo::escaped;
use super::{field, fields};
use crate::http_peer::{Reply, Seen};

/// Of so many pages one is gone.
const GONE: usize = 5;
const PARAGRAPHS: usize = 4;

/// The page's number, which is its path.
pub(super) fn number(path: &str) -> Option<usize> {
    path.strip_prefix('/')?.parse().ok()
}

pub(super) fn answer(seen: &Seen) -> Reply {
    let number = number(&seen.path).unwrap_or_default();
    if number % GONE == GONE - 1 {
        return Reply::new(404, "text/html", "<title>Gone</title>");
    }
    let query = fields(seen.query.as_bytes());
    let about = escaped(field(&query, "about"));
    let paragraph = |at: usize| {
        format!(
            "<p>Paragraph {at} of page {number} tells what is known of {about}, at some length, so that it can be \
             told from the menu, the footer, and whatever else stands on a page that nobody came for.</p>"
        )
    };
    let article: String = (1..=PARAGRAPHS).map(paragraph).collect();
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Page {number} about {about}</title></head><body>\
         <nav><a href=\"/0\">Home</a> <a href=\"/1\">Next</a></nav>\
         <article><h1>Page {number} about {about}</h1>{article}</article><footer>Cookie settings</footer></body></html>"
    );
    Reply::new(200, "text/html; charset=UTF-8", html)
}
