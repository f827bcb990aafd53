//! DuckDuckGo's page for browsers without scripts: advertisements first, then results, whose links go through a
//! redirect; below them a form for the next page.

use std::fmt::Write as _;

use url::form_urlencoded;

use super::{FOUND, Item, PAGE, field, find, number};
use crate::http_peer::Reply;

pub(super) fn answer(form: &[(String, String)], place: &str) -> Reply {
    let query = field(form, "q");
    let from = number(form, "s", 0);
    if query == "robot" {
        return page(202, query, &robot());
    }
    let items = find(query, from, PAGE, place);
    let mut body = String::new();
    if items.is_empty() {
        body.push_str("<div class=\"no-results\">Nothing was found.</div>");
    } else {
        body.push_str(&advertisement());
    }
    for item in &items {
        body.push_str(&result(item));
    }
    if from > 0 {
        body.push_str(&turn("Previous", query, from.saturating_sub(PAGE)));
    }
    if from + PAGE < FOUND && !items.is_empty() {
        body.push_str(&turn("Next", query, from + PAGE));
    }
    page(200, query, &body)
}

fn page(status: u16, query: &str, body: &str) -> Reply {
    let query = escaped(query);
    let html = format!(
        "<!DOCTYPE html><html><head><title>{query} at the peer</title></head><body>\
         <form name=\"x\" action=\"/html/\" method=\"post\"><input name=\"q\" value=\"{query}\"></form>\
         <div id=\"links\" class=\"results\">{body}</div></body></html>"
    );
    Reply::new(status, "text/html; charset=UTF-8", html)
}

fn result(item: &Item) -> String {
    let link = redirect("/l/?uddg=", &item.url);
    let (title, snippet) = (escaped(&item.title), escaped(&item.snippet));
    format!(
        "<div class=\"result results_links results_links_deep web-result\"><div class=\"links_main result__body\">\
         <h2 class=\"result__title\"><a rel=\"nofollow\" class=\"result__a\" href=\"{link}\">{title}</a></h2>\
         <a class=\"result__url\" href=\"{link}\"> example.org </a>\n\
         <a class=\"result__snippet\" href=\"{link}\">{snippet}  <b>in bold</b></a></div></div>"
    )
}

/// One that says so by its class, and one that only its link gives away.
fn advertisement() -> String {
    let link = "//duckduckgo.com/y.js?ad_domain=example.com&amp;ad_provider=peer";
    let mut ads = String::new();
    for class in ["result result--ad", "result web-result"] {
        let _ = write!(
            ads,
            "<div class=\"{class}\"><h2 class=\"result__title\"><a class=\"result__a\" href=\"{link}\">Buy</a></h2>\
             <a class=\"result__snippet\" href=\"{link}\">An advertisement</a></div>"
        );
    }
    ads
}

fn turn(label: &str, query: &str, from: usize) -> String {
    let query = escaped(query);
    format!(
        "<div class=\"nav-link\"><form action=\"/html/\" method=\"post\"><input type=\"submit\" value=\"{label}\">\
         <input type=\"hidden\" name=\"q\" value=\"{query}\"><input type=\"hidden\" name=\"s\" value=\"{from}\">\
         <input type=\"hidden\" name=\"vqd\" value=\"4-7\"></form></div>"
    )
}

fn robot() -> String {
    "<form id=\"challenge-form\" action=\"//duckduckgo.com/anomaly.js\"><div class=\"anomaly-modal__title\">\
     Pick the ducks</div></form>"
        .into()
}

fn redirect(path: &str, url: &str) -> String {
    let url: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
    format!("//duckduckgo.com{path}{url}&amp;rut=7f")
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
