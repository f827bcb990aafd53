//! The servers that the examples call, what the keystore says of them, and what they were asked.

use std::collections::HashMap;

use fermata_testkit::google::{self, Google};
use fermata_testkit::openai::OpenAiPeer;
use fermata_testkit::postgres::Database;
use fermata_testkit::postgrest::PostgRest;
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
/// How many open orders there are, and by how many customers.
pub(crate) const ORDERS: usize = 20;
pub(crate) const CUSTOMERS: usize = 4;
const TABLES: &str = "
    create table orders (id int primary key, customer text not null, amount int not null, state text not null);
    create table totals (customer text primary key, orders int not null, amount int not null);
    create function sum_of_totals() returns bigint language sql stable as 'select sum(amount) from totals';
";
const DATABASE_KEY: &str = "the key of the database";
const OPENAI_KEY: &str = "the key of nobody";

/// All servers.
pub(crate) struct World {
    google: Google,
    openai: OpenAiPeer,
    search: SearchPeer,
    rest: PostgRest,
    database: Database,
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
        let database = Database::create().unwrap();
        database.execute(TABLES).unwrap();
        let orders = format!(
            "insert into orders select id, 'customer ' || id % {CUSTOMERS}, id, 'open' from generate_series(1, {ORDERS}) id;
             insert into orders values (0, 'customer 0', 1000, 'closed')"
        );
        database.execute(&orders).unwrap();
        let rest = PostgRest::start(database.url(), &["public"], DATABASE_KEY).unwrap();
        let (openai, search) = (OpenAiPeer::start(OPENAI_KEY), SearchPeer::with_pages());
        Self { google, openai, search, rest, database }
    }

    /// Puts where they are and what opens them into the keystore.
    pub(crate) async fn describe_to(&self, client: &mut Client) {
        let values = [
            ("GAPI_BASE_URL", self.google.url()),
            ("GAPI_ADMIN_EMAIL", ADMIN.to_owned()),
            ("OPENAI_BASE_URL", self.openai.base_url()),
            ("DUCKDUCKGO_URL", self.search.duckduckgo_url()),
            ("POSTGREST_URL", self.rest.url()),
            ("POSTGREST_SECRET", "DATABASE_TOKEN".to_owned()),
        ];
        for (name, value) in values {
            put(client, name, json!({ "kind": "value", "value": value })).await;
        }
        let account = json!({ "kind": "secret", "value": self.google.key(), "hosts": [] });
        put(client, "GAPI_KEY", account).await;
        for (name, key) in [("OPENAI_API_KEY", OPENAI_KEY), ("DATABASE_TOKEN", DATABASE_KEY)] {
            put(client, name, json!({ "kind": "secret", "value": key, "hosts": ["127.0.0.1"] })).await;
        }
    }

    /// What the database holds of the customers' totals: customer, orders and amount.
    pub(crate) fn totals(&self) -> Vec<Vec<Option<String>>> {
        self.database.query_text("select * from totals order by customer").unwrap()
    }

    /// What it holds when that was written once.
    pub(crate) fn totals_of_one_run() -> Vec<Vec<Option<String>>> {
        let of = |customer: usize| {
            let amounts: Vec<usize> = (1..=ORDERS).filter(|order| order % CUSTOMERS == customer).collect();
            let (count, amount) = (amounts.len().to_string(), amounts.iter().sum::<usize>().to_string());
            vec![Some(format!("customer {customer}")), Some(count), Some(amount)]
        };
        (0..CUSTOMERS).map(of).collect()
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
        for request in self.rest.seen() {
            add(match (request.method.as_str(), request.path.as_str()) {
                ("GET", "/orders") => "supabase.from.select.eq.gt.order.limit.throwOnError",
                ("POST", "/totals") => "supabase.from.upsert.throwOnError",
                ("POST", "/rpc/sum_of_totals") => "supabase.rpc.throwOnError",
                (method, path) => panic!("nobody asks for {method} {path}"),
            });
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
