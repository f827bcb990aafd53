//! The servers that the examples call, what the keystore says of them, and what they were asked.

use std::collections::HashMap;

use fermata_testkit::google::{self, Google};
use fermata_testkit::openai::OpenAiPeer;
use fermata_testkit::python;
use fermata_testkit::search_pages::SearchPeer;
use hyper::Method;
use serde_json::{Value, json};

use crate::client::{Client, Question};
use crate::example::{Calls, IN_BATCH};

/// How many domains there are, and how many users each of them has.
pub(crate) const DOMAINS: usize = 2;
pub(crate) const USERS: usize = 12;
/// How many messages each user has. Half of them are unread.
const MESSAGES: usize = 60;
pub(crate) const UNREAD: usize = MESSAGES / 2;
const ADMIN: &str = "ada0@one.example";
const OPENAI_KEY: &str = "the key of nobody";

/// All servers.
pub(crate) struct World {
    google: Google,
    openai: OpenAiPeer,
    search: SearchPeer,
}

/// What they were asked.
pub(crate) struct Asked {
    /// By the method of the calls that lead there.
    pub(crate) requests: Calls,
    /// Requests to OpenAI, by their idempotency keys.
    pub(crate) keys: HashMap<String, u64>,
    /// Requests for tokens, for discovery documents, and for the directory of these.
    pub(crate) tokens: usize,
    pub(crate) documents: usize,
    pub(crate) directories: usize,
}

impl World {
    pub(crate) fn start() -> Self {
        let documents = python::google_documents().unwrap();
        let google = Google::start(&documents, google::World::new(DOMAINS, USERS, MESSAGES)).unwrap();
        Self { google, openai: OpenAiPeer::start(OPENAI_KEY), search: SearchPeer::with_pages() }
    }

    /// Puts where they are and what opens them into the keystore.
    pub(crate) async fn describe_to(&self, client: &mut Client) {
        let values = [
            ("GAPI_BASE_URL", self.google.url()),
            ("GAPI_ADMIN_EMAIL", ADMIN.to_owned()),
            ("OPENAI_BASE_URL", self.openai.base_url()),
            ("DUCKDUCKGO_URL", self.search.duckduckgo_url()),
        ];
        for (name, value) in values {
            put(client, name, json!({ "kind": "value", "value": value })).await;
        }
        let account = json!({ "kind": "secret", "value": self.google.key(), "hosts": [] });
        put(client, "GAPI_KEY", account).await;
        let key = json!({ "kind": "secret", "value": OPENAI_KEY, "hosts": ["127.0.0.1"] });
        put(client, "OPENAI_API_KEY", key).await;
    }

    /// Everything that they were asked so far.
    pub(crate) fn asked(&self) -> Asked {
        let mut requests = Calls::new();
        let mut add = |method: &str| *requests.entry(method.to_owned()).or_default() += 1;
        for request in self.google.requests() {
            match request.what.as_str() {
                google::TOKEN | google::DOCUMENT | google::APIS => {}
                what => add(&format!("gapi.{}", what.replacen("directory.", "admin.", 1))),
            }
        }
        for request in self.search.seen() {
            add(if request.path == "/html/" { "websearch.search" } else { "websearch.fetchPage" });
        }
        let mut keys = HashMap::new();
        for request in self.openai.seen() {
            add("openai.chat.completions.create");
            *keys.entry(request.header("idempotency-key").unwrap_or("none").to_owned()).or_default() += 1;
        }
        // What is in a batch counts by itself as well.
        let in_batches = requests.get("gapi.batch").unwrap_or(&0) * IN_BATCH as u64;
        if let Some(gets) = requests.get_mut("gapi.gmail.users.messages.get") {
            *gets -= in_batches;
        }
        let count = |what: &str| self.google.count(what);
        let (tokens, documents, directories) =
            (count(google::TOKEN), count(google::DOCUMENT), count(google::APIS));
        Asked { requests, keys, tokens, documents, directories }
    }
}

async fn put(client: &mut Client, name: &str, entry: Value) {
    let path = format!("/v1/keystore/global/{name}");
    let put = Question { method: Method::PUT, path, key: None, body: Some(entry) };
    let answer = client.ask(&put).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.body);
}
