//! Follows the pages of a list inside one attempt: `{all: true, limit: N}`.
//!
//! The lists of all pages are joined; of every other field the last page's stays. What comes back always says how to go
//! on: `nextPageToken` is there when pages are left, unless `limit` cut a page in the middle.

use fermata_model::limits::OUTCOME_BYTES_MAX;
use fermata_model::{CallError, Json, json};
use serde_json::value::RawValue;

use super::access::Access;
use super::answer;
use super::request::{self, Call};
use crate::call::Failure;
use crate::fields::{Fields, raw};
use crate::way::Way;

/// Most pages of one call.
const PAGES_MAX: usize = 100;
/// Most items of one call.
pub(super) const ITEMS_MAX: usize = 10_000;
/// Most bytes of one call; what is left of an outcome is for the fields around the items.
const BYTES_MAX: usize = OUTCOME_BYTES_MAX - (64 << 10);
/// The log has a line each so many pages.
const PAGES_PER_LINE: usize = 10;
const TOKEN: &str = "pageToken";
const NEXT: &str = "nextPageToken";

/// What was found so far.
#[derive(Default)]
struct Found {
    /// The lists of all pages, by name.
    lists: Vec<(String, Vec<Box<RawValue>>)>,
    /// The other fields of the last page.
    rest: Fields,
    items: usize,
    bytes: usize,
}

/// Refuses calls whose pages cannot be followed.
pub(super) fn check(call: &Call<'_>, params: &Fields) -> Result<(), CallError> {
    let refuse = |rule: &str| {
        Err(CallError::fatal("bad_arguments", format!("tools.gapi.{}: all: true {rule}", call.what)))
    };
    if !call.method.parameters.contains_key(TOKEN) {
        return refuse("is for methods that take a pageToken");
    }
    if call.method.http_method != "GET" {
        return refuse("is for methods that only read");
    }
    if params.read::<String>("fields").is_some_and(|fields| !fields.contains(NEXT) && fields != "*") {
        return refuse("needs nextPageToken among the fields");
    }
    if Call::wants_media(params) {
        return refuse("has no media");
    }
    Ok(())
}

/// All pages as one answer.
pub(super) async fn all(
    call: &Call<'_>,
    access: &Access<'_>,
    way: &Way<'_>,
    mut params: Fields,
    limit: Option<usize>,
) -> Result<Json, Failure> {
    let most = limit.unwrap_or(ITEMS_MAX).min(ITEMS_MAX);
    let mut found = Found::default();
    let mut pages = 0;
    loop {
        let request = request::build(call, params.clone())?;
        let answer = access.send(request, true).await?;
        let answer = answer::read(call, false, answer).map_err(|failure| *failure)?;
        pages += 1;
        let next = match found.take(call, &answer, most)? {
            Step::Took(Some(next)) => next,
            Step::Full => return Ok(whole(call, found, params.read::<String>(TOKEN))?),
            Step::Took(None) | Step::Cut => return Ok(whole(call, found, None)?),
        };
        if found.items >= most || pages == PAGES_MAX {
            return Ok(whole(call, found, Some(next))?);
        }
        params.set_text(TOKEN, &next);
        if pages % PAGES_PER_LINE == 0 {
            way.progress.tell(&format!("gapi.{}: {pages} pages, {} items", call.what, found.items));
        }
    }
}

fn whole(call: &Call<'_>, found: Found, next: Option<String>) -> Result<Json, CallError> {
    answer::within(&call.what, found.whole(next))
}

/// What became of a page.
enum Step {
    /// It is in; the next one has this token.
    Took(Option<String>),
    /// It has no room.
    Full,
    /// It is in but for its end.
    Cut,
}

impl Found {
    fn take(&mut self, call: &Call<'_>, page: &Json, most: usize) -> Result<Step, CallError> {
        let bytes = self.bytes + page.get().len();
        let mut page: Fields = serde_json::from_str(page.get()).map_err(|_| not_pages(call))?;
        let lists = page.members().filter_map(|(_, value)| items_of(value));
        let items = self.items + lists.map(|list| list.len()).sum::<usize>();
        if self.items > 0 && (bytes > BYTES_MAX || items > ITEMS_MAX) {
            return Ok(Step::Full);
        }
        self.bytes = bytes;
        let next = page.read::<String>(NEXT).filter(|token| !token.is_empty());
        page.remove(NEXT);
        if page.get("items").is_some_and(|items| items.get().starts_with('{')) {
            return Err(not_pages(call));
        }
        let mut is_cut = false;
        let mut rest = Fields::default();
        for (name, value) in page.members() {
            match items_of(value) {
                Some(items) => is_cut |= self.join(name, items, most),
                None => rest.set(name, value.to_owned()),
            }
        }
        self.rest = rest;
        Ok(if is_cut { Step::Cut } else { Step::Took(next) })
    }

    /// Joins a page's list to those before; says whether something of it was left out.
    fn join(&mut self, name: &str, mut items: Vec<Box<RawValue>>, most: usize) -> bool {
        let room = most - self.items.min(most);
        let is_cut = items.len() > room;
        items.truncate(room);
        self.items += items.len();
        match self.lists.iter_mut().find(|(known, _)| known == name) {
            Some((_, list)) => list.extend(items),
            None => self.lists.push((name.to_owned(), items)),
        }
        is_cut
    }

    fn whole(self, next: Option<String>) -> Json {
        let mut whole = self.rest;
        for (name, items) in &self.lists {
            whole.set(name, raw(items));
        }
        if let Some(token) = next {
            whole.set_text(NEXT, &token);
        }
        json::of(&whole).unwrap_or_else(|_| json::null())
    }
}

fn items_of(value: &RawValue) -> Option<Vec<Box<RawValue>>> {
    serde_json::from_str(value.get()).ok()
}

fn not_pages(call: &Call<'_>) -> CallError {
    let message = format!("tools.gapi.{}: its pages are not lists, so all: true cannot join them", call.what);
    CallError::fatal("bad_arguments", message)
}
