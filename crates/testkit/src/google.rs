//! A Google on loopback, driven by real discovery documents: discovery, tokens, a small world of domains, users and
//! mail, and errors on request.
//!
//! Each request is held to the document of its API: a method or parameter that it does not have is refused as Google
//! would. Tokens are given for statements that the test account's key has signed, and open what their scopes and their
//! user open: a mailbox is its user's alone, the directory an administrator's. Methods without an answer of their own
//! answer with what they were asked ([`Google::start`] has the list).

mod account;
mod answers;
mod asked;
mod batch;
mod directory;
mod documents;
mod fault;
mod gmail;
mod reply;
mod server;
mod state;
mod tokens;
mod validate;
mod world;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

pub use asked::Request;
pub use fault::Fault;
pub use world::{Domain, Message, User, World};

use server::Server;
use state::State;

/// What counts a request for a token.
pub const TOKEN: &str = "token";
/// What counts a request for the directory of APIs.
pub const APIS: &str = "discovery.apis.list";
/// What counts a request for a document.
pub const DOCUMENT: &str = "discovery.apis.getRest";
/// What counts a batch, besides the calls in it.
pub const BATCH: &str = "batch";

/// A running server. Dropping it stops it.
pub struct Google {
    server: Server,
    state: Arc<State>,
}

impl Google {
    /// Starts one; it listens when this returns.
    ///
    /// `documents` is a folder with `index.json` and a file `API.VERSION.json` for each API. Requests are understood
    /// for `gmail`, `admin` (`directory_v1`), `calendar` and `drive`, and for each API whose document was fetched
    /// from here. Answers of their own have: in `gmail` `users.getProfile` and the messages' `list` and `get`; in
    /// `admin` `domains.list`, `users.list` and `users.get`; in `calendar` `calendarList.list` and `events.list`; in
    /// `drive` `files.list`, `files.get` and `files.export`.
    ///
    /// # Errors
    /// When a document cannot be read, or the machine has no port or thread left.
    pub fn start(documents: &Path, world: World) -> Result<Self> {
        let bound = server::Bound::new()?;
        let state = Arc::new(State::new(documents, world, bound.url())?);
        let server = bound.serve(Arc::clone(&state))?;
        Ok(Self { server, state })
    }

    /// Such as `http://127.0.0.1:12345`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The test account's key, as Google hands keys out: JSON.
    pub fn key(&self) -> &str {
        self.state.account.key()
    }

    /// A refresh token of the first administrator's: JSON of `client_id`, `client_secret`, `refresh_token`.
    pub fn oauth(&self) -> String {
        self.state.tokens.oauth()
    }

    /// Lets the next `times` requests to APIs fail. Those for tokens and documents do not count.
    pub fn fail_next(&self, times: usize, fault: Fault) {
        self.state.faults.put(times, fault);
    }

    /// Lets the next `times` requests for tokens fail.
    pub fn fail_next_tokens(&self, times: usize, fault: Fault) {
        self.state.token_faults.put(times, fault);
    }

    /// Lets the next `times` requests for documents, or the directory of them, fail.
    pub fn fail_next_documents(&self, times: usize, fault: Fault) {
        self.state.document_faults.put(times, fault);
    }

    /// How long tokens live that are given from here on, in seconds; 3600 at first.
    pub fn set_token_life(&self, seconds: u64) {
        self.state.tokens.set_life(seconds);
    }

    /// Ends all tokens, as an administrator does.
    pub fn revoke_tokens(&self) {
        self.state.tokens.revoke();
    }

    /// Takes a scope from the test account: no token has it from here on.
    pub fn deny_scope(&self, scope: &str) {
        self.state.tokens.deny(scope);
    }

    /// How often a method was asked for, failures included: a method's id such as `gmail.users.messages.list`
    /// (for the directory `directory.users.list`), [`TOKEN`], [`APIS`], [`DOCUMENT`] or [`BATCH`].
    pub fn count(&self, method: &str) -> usize {
        self.state.asked.count(method)
    }

    /// Who acted how often: the users of the tokens with which a method was asked for.
    pub fn users_of(&self, method: &str) -> Vec<String> {
        self.state.asked.users_of(method)
    }

    /// Everything that was asked so far, failures included, in its order.
    pub fn requests(&self) -> Vec<Request> {
        self.state.asked.requests()
    }
}
