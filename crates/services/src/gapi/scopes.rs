//! Which scope a call asks for when the task does not say.
//!
//! A document lists scopes each of which opens the method. The rule, in this order:
//!
//! 1. Scopes that open the method for a part of the data only, such as the files that the app made itself, are passed
//!    over: a list would be silently short.
//! 2. Scopes of a whole platform, and those of Drive in other APIs, are passed over.
//! 3. If one that only reads is listed, those that write are passed over.
//! 4. Of the rest it is the one that opens the fewest of the API's methods, and of equals the first by name.
//!
//! A step that would leave nothing is skipped.

use super::document::{Document, Method};

const PREFIX: &str = "https://www.googleapis.com/auth/";
/// Parts of names of scopes that show only a part of the data.
const PARTIAL: [&str; 13] = [
    ".metadata",
    ".addons.",
    ".file",
    ".appdata",
    ".appfolder",
    ".app.created",
    ".meet.readonly",
    ".photos.readonly",
    ".public.readonly",
    ".owned",
    ".freebusy",
    ".scripts",
    ".install",
];
/// Beginnings of names of scopes that open much besides the API.
const WIDE: [&str; 2] = ["cloud-platform", "drive"];

/// The narrowest scope that opens the whole method; `None` when the method needs none.
pub(super) fn narrowest<'a>(document: &Document, method: &'a Method) -> Option<&'a str> {
    let all: Vec<&str> = method.scopes.iter().map(String::as_str).collect();
    let whole = keep(all, |scope| !PARTIAL.iter().any(|part| name(scope).contains(part)));
    let own = keep(whole, |scope| !is_wide(&document.name, name(scope)));
    let reading = keep(own, |scope| is_reading(name(scope)));
    reading
        .into_iter()
        .min_by_key(|scope| (document.reach.get(*scope).copied().unwrap_or(usize::MAX), *scope))
}

fn keep(scopes: Vec<&str>, suits: impl Fn(&str) -> bool) -> Vec<&str> {
    let kept: Vec<&str> = scopes.iter().copied().filter(|scope| suits(scope)).collect();
    if kept.is_empty() { scopes } else { kept }
}

fn name(scope: &str) -> &str {
    scope.strip_prefix(PREFIX).unwrap_or(scope)
}

fn is_wide(api: &str, scope: &str) -> bool {
    WIDE.iter().any(|wide| scope.starts_with(wide) && api != *wide)
}

fn is_reading(scope: &str) -> bool {
    ["readonly", "read-only", "read_only"].iter().any(|ending| scope.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scopes are written with how many methods each opens.
    #[track_caller]
    fn check(api: &str, listed: &[(&str, usize)], expected: &str) {
        let full =
            |name: &str| if name.contains("://") { name.to_owned() } else { format!("{PREFIX}{name}") };
        let scopes: Vec<String> = listed.iter().map(|(name, _)| full(name)).collect();
        let text = serde_json::json!({
            "name": api, "version": "v1", "rootUrl": "https://x.googleapis.com/",
            "methods": { "m": { "httpMethod": "GET", "path": "m", "scopes": scopes } },
        });
        let mut document = Document::parse(text.to_string().as_bytes()).unwrap();
        document.reach = listed.iter().map(|(name, count)| (full(name), *count)).collect();
        let method = document.method("m").unwrap();
        assert_eq!(narrowest(&document, method), Some(full(expected).as_str()), "{api} {listed:?}");
    }

    #[test]
    fn the_narrowest_scope_shows_all_there_is() {
        let mail = ("https://mail.google.com/", 53);
        check(
            "gmail",
            &[mail, ("gmail.metadata", 10), ("gmail.modify", 50), ("gmail.readonly", 32)],
            "gmail.readonly",
        );
        check("gmail", &[mail, ("gmail.compose", 8), ("gmail.modify", 50), ("gmail.send", 1)], "gmail.send");
        check("gmail", &[mail, ("gmail.modify", 50)], "gmail.modify");
        check("drive", &[("drive", 63), ("drive.file", 49), ("drive.appdata", 20)], "drive");
        check(
            "drive",
            &[("drive", 63), ("drive.metadata.readonly", 18), ("drive.readonly", 29)],
            "drive.readonly",
        );
        check(
            "sheets",
            &[("drive", 17), ("drive.readonly", 3), ("spreadsheets.readonly", 3)],
            "spreadsheets.readonly",
        );
        check(
            "storage",
            &[("cloud-platform.read-only", 26), ("devstorage.read_only", 26)],
            "devstorage.read_only",
        );
        check(
            "calendar",
            &[("calendar", 38), ("calendar.app.created", 21), ("calendar.events", 12)],
            "calendar.events",
        );
        check("compute", &[("cloud-platform", 900)], "cloud-platform");
        check(
            "admin",
            &[("admin.directory.user", 19), ("admin.directory.user.readonly", 7)],
            "admin.directory.user.readonly",
        );
    }
}
