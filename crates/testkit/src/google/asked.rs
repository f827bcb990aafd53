//! What was asked of the server, and by whom.

use std::sync::{Mutex, MutexGuard, PoisonError};

use url::form_urlencoded;

use super::reply::Ask;

/// A request, as the server understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// A method's id such as `gmail.users.messages.list`, or what else counts.
    pub what: String,
    /// The user of its token.
    pub user: Option<String>,
    /// The path, and the query written anew.
    pub target: String,
}

/// All requests, in the order in which they came.
#[derive(Default)]
pub(super) struct Asked(Mutex<Vec<Request>>);

impl Asked {
    pub(super) fn add(&self, what: &str, user: Option<&str>, ask: &Ask) {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&ask.query).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        let target = format!("{}{mark}{query}", ask.path);
        self.all().push(Request { what: what.to_owned(), user: user.map(str::to_owned), target });
    }

    /// How often this was asked for.
    pub(super) fn count(&self, what: &str) -> usize {
        self.all().iter().filter(|request| request.what == what).count()
    }

    /// The users that asked for this.
    pub(super) fn users_of(&self, what: &str) -> Vec<String> {
        self.all()
            .iter()
            .filter(|request| request.what == what)
            .filter_map(|request| request.user.clone())
            .collect()
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.all().clone()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Request>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
