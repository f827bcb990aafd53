//! Tasks in the older shapes run as they stand: CommonJS, tools as a global, host calls with paths as lists. What they
//! come to, and what they send, is what the same task in today's shape comes to and sends.

use std::time::Duration;

use fermata_engine::KeystorePut;
use fermata_model::record::KeystoreKind;
use fermata_testkit::google::{self, Google, World};
use fermata_testkit::http_peer::{HttpPeer, Reply, Seen};
use fermata_testkit::openai::OpenAiPeer;
use fermata_testkit::python;
use fermata_testkit::search_pages::SearchPeer;
use serde_json::{Value, json};

use crate::support::Bench;

const ADMIN: &str = "ada0@one.example";
const KEY: &str = "a key that opens everything";

/// An engine that puts runs down at every call, with servers that it may call.
struct Place {
    bench: Bench,
    google: Google,
    openai: OpenAiPeer,
    search: SearchPeer,
    database: HttpPeer,
}

impl Place {
    async fn new() -> Self {
        let bench = Bench::with(|settings| settings.resident_for = Duration::ZERO).await;
        let documents = tokio::task::spawn_blocking(python::google_documents).await.unwrap().unwrap();
        let google = Google::start(&documents, World::new(2, 3, 9)).unwrap();
        let (openai, search) = (OpenAiPeer::start(KEY), SearchPeer::start("", ""));
        let place = Self { bench, google, openai, search, database: HttpPeer::start(rows) };
        let values = [
            ("GAPI_BASE_URL", place.google.url()),
            ("GAPI_ADMIN_EMAIL", ADMIN.to_owned()),
            ("OPENAI_BASE_URL", place.openai.base_url()),
            ("DUCKDUCKGO_URL", place.search.duckduckgo_url()),
            ("SUPABASE_URL", place.database.url("")),
        ];
        for (name, value) in &values {
            place.keep(name, KeystoreKind::Value, value).await;
        }
        place.keep("GAPI_KEY", KeystoreKind::Secret, place.google.key()).await;
        place.keep("OPENAI_API_KEY", KeystoreKind::Secret, KEY).await;
        place.keep("SUPABASE_SERVICE_ROLE_KEY", KeystoreKind::Secret, KEY).await;
        place
    }

    async fn keep(&self, name: &str, kind: KeystoreKind, value: &str) {
        let hosts = (kind == KeystoreKind::Secret).then(|| vec!["127.0.0.1".to_owned()]);
        let put = KeystorePut { kind, value, tasks: None, hosts, over: None };
        self.bench.engine.keystore_put(&self.bench.workspace, "global", name, put).await.unwrap();
    }

    /// Runs a task and gives its result, and what was sent meanwhile.
    async fn run(&self, name: &str, source: &str, input: &Value) -> (Value, Vec<Value>) {
        self.bench.publish(&format!("{name}.js"), source).await;
        let before = self.sent().map(|sent| sent.len());
        let run = self.bench.run(name, &input.to_string()).await;
        let calls = self.bench.engine.store().calls(&self.bench.workspace, run.birth.id, 0, 1_000).unwrap();
        assert_eq!(run.state.deliveries as usize, calls.len(), "each call was waited for");
        let result = serde_json::from_str(&self.bench.result(&run)).unwrap();
        let sent = self.sent().into_iter().zip(before);
        (result, sent.flat_map(|(mut sent, before)| sent.split_off(before)).collect())
    }

    /// Runs both, and holds the older one to the newer one, which sends at least `requests`.
    async fn compare(&self, older: &str, newer: &str, input: Value, requests: usize) {
        let (expected, wanted) = self.run("newer", newer, &input).await;
        let (result, sent) = self.run("older", older, &input).await;
        assert_eq!(result, expected);
        assert_eq!(sent, wanted);
        assert!(sent.len() >= requests, "{sent:#?}");
    }

    /// What each of the servers saw: to the outside a task is what it sends.
    fn sent(&self) -> [Vec<Value>; 4] {
        let google = self.google.requests().into_iter();
        let google = google
            .filter(|request| ![google::TOKEN, google::DOCUMENT, google::APIS].contains(&&*request.what));
        let google = google.map(|request| json!([request.what, request.user, request.target])).collect();
        let all = |seen: Vec<Seen>| seen.iter().map(described).collect();
        [google, all(self.openai.seen()), all(self.search.seen()), all(self.database.seen())]
    }
}

/// A request, but for what each call has of its own.
fn described(seen: &Seen) -> Value {
    let headers: Vec<_> = seen.headers.iter().filter(|(name, _)| name != "idempotency-key").collect();
    let body = String::from_utf8_lossy(&seen.body);
    json!({ "method": seen.method, "path": seen.path, "query": seen.query, "headers": headers, "body": body })
}

/// A database in which everything is an order.
fn rows(seen: &Seen) -> Reply {
    let row = json!({ "id": 7, "path": seen.path });
    let is_one =
        seen.header("accept").is_some_and(|accept| accept.starts_with("application/vnd.pgrst.object"));
    match seen.path.as_str() {
        "/auth/v1/admin/users" => Reply::json(200, &json!({ "users": [], "aud": "authenticated" })),
        _ if is_one => Reply::json(201, &row),
        _ => Reply::json(200, &json!([row])),
    }
}

#[tokio::test]
async fn google_is_asked_for_every_mailbox_by_lists_of_names() {
    let place = Place::new().await;
    let (older, newer) =
        (include_str!("older_tasks/every_mailbox.older.js"), include_str!("older_tasks/every_mailbox.js"));
    let input = json!({ "query": "subject:invoice", "maxResultsPerUser": 5 });
    place.compare(older, newer, input, 1 + 2 + 2 * 6).await;
    let users = place.google.users_of("gmail.users.messages.get");
    assert_eq!(users.len(), 12, "each of six mailboxes by both tasks");
    assert!(users.contains(&"cleo2@two.example".to_owned()), "in the user's name: {users:?}");
}

#[tokio::test]
async fn google_is_told_whom_to_act_for_in_the_older_ways() {
    let place = Place::new().await;
    let (older, newer) =
        (include_str!("older_tasks/one_mailbox.older.js"), include_str!("older_tasks/one_mailbox.js"));
    let input = json!({ "userEmail": "ben1@two.example", "query": "is:unread", "limit": 500 });
    place.compare(older, newer, input, 1 + 5).await;
    let (older, newer) = (include_str!("older_tasks/users.older.js"), include_str!("older_tasks/users.js"));
    place.compare(older, newer, json!({}), 1 + 2).await;
}

#[tokio::test]
async fn chains_of_the_database_may_be_lists() {
    let place = Place::new().await;
    let (older, newer) = (include_str!("older_tasks/orders.older.js"), include_str!("older_tasks/orders.js"));
    place.compare(older, newer, json!({ "limit": 5 }), 4).await;
}

#[tokio::test]
async fn the_web_and_openai_are_asked_as_ever() {
    let place = Place::new().await;
    let (older, newer) = (include_str!("older_tasks/writer.older.js"), include_str!("older_tasks/writer.js"));
    place.compare(older, newer, json!({ "topic": "bees" }), 3 + 2).await;
}

#[tokio::test]
async fn what_stays_inside_stays_as_it_was() {
    let place = Place::new().await;
    let (result, sent) =
        place.run("pastime", include_str!("older_tasks/pastime.js"), &json!({ "depth": 1 })).await;
    let child = json!({ "id": "string", "depth": 0 });
    let kept = json!({
        "colour": "red", "number": 7, "missing": null, "has": true, "keys": ["colour", "number"], "isListed": true,
        "time": "number", "secret": "secret",
    });
    assert_eq!(result, json!({ "kept": kept, "child": child, "other": child }));
    assert_eq!(sent, Vec::<Value>::new());
}
