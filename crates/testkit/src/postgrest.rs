//! A peer that speaks as PostgREST does, over a real PostgreSQL.
//!
//! It follows the documentation of PostgREST 14 (the API pages and "Errors"): each request is one transaction and one
//! statement, in which the database shapes the answer; names are quoted and values bound. Left out are roles and
//! JWTs (one key opens everything), `PUT`, CSV in bodies, computed relationships, relationships of views, GeoJSON,
//! settings by which functions shape the response, and hints that need a fuzzy search for names.

mod answer;
mod call;
mod cursor;
mod error;
mod filter;
mod form;
mod plan;
mod prefer;
mod query;
mod read;
mod relations;
mod request;
mod schema;
mod select;
mod sql;
mod statement;
mod write;

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use tokio::runtime::{self, Runtime};
use tokio_postgres::{Client, NoTls};

use self::answer::answer;
use self::error::Error;
use self::request::{PREFIX, Request};
use self::schema::Schema;
use crate::http_peer::{HttpPeer, Reply, Seen};

/// After this time the database gives a statement up.
const SETTINGS: &str = "set statement_timeout = '10s'";

/// A running peer. Dropping it stops it.
pub struct PostgRest {
    // Dropped before the thread is waited for, which ends with the last asker.
    http: Option<HttpPeer>,
    thread: Option<JoinHandle<()>>,
}

/// A request, and the way back for its answer.
type Asked = (Seen, Sender<Reply>);

/// What answers, one request after the other.
struct Server {
    client: Client,
    schema: Schema,
    schemas: Vec<String>,
    key: String,
}

impl PostgRest {
    /// Starts one over the database at a URL; it listens when this returns. What the schemas hold is read once, here.
    /// The first of them is meant where a request names none. Requests need the key: as `apikey` under `/rest/v1`,
    /// as Supabase has it, else as a bearer's token.
    ///
    /// # Errors
    /// When the database cannot be reached or read.
    pub fn start(database: &str, schemas: &[&str], key: &str) -> Result<Self> {
        let (database, key) = (database.to_owned(), key.to_owned());
        let schemas: Vec<String> = schemas.iter().map(|schema| (*schema).to_owned()).collect();
        let (asking, asked) = mpsc::channel::<Asked>();
        let (readying, ready) = mpsc::channel();
        let thread = thread::Builder::new().name("testkit-postgrest".to_owned());
        let thread = thread.spawn(move || match connect(&database, schemas, key) {
            Ok((runtime, server)) => {
                let _ = readying.send(Ok(()));
                serve(&runtime, server, &asked);
            }
            Err(error) => drop(readying.send(Err(error))),
        })?;
        ready.recv().context("the peer ended at its start")??;
        let http = HttpPeer::start(move |seen| ask(&asking, seen));
        Ok(Self { http: Some(http), thread: Some(thread) })
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.http.as_ref().map(HttpPeer::seen).unwrap_or_default()
    }

    /// Its address, such as `http://127.0.0.1:12345`: of the project, and of PostgREST itself.
    pub fn url(&self) -> String {
        self.http.as_ref().map(|http| http.url("")).unwrap_or_default()
    }
}

impl Drop for PostgRest {
    fn drop(&mut self) {
        drop(self.http.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn ask(asking: &Sender<Asked>, seen: &Seen) -> Reply {
    let (answering, answered) = mpsc::channel();
    let gone = |_| Error::new(503, "PGRST000", "Database connection error. Retrying the connection.").reply();
    let sent = asking.send((seen.clone(), answering));
    sent.map_err(drop).and_then(|()| answered.recv().map_err(drop)).unwrap_or_else(gone)
}

fn connect(database: &str, schemas: Vec<String>, key: String) -> Result<(Runtime, Server)> {
    // Two threads, so that the connection is driven whatever this one waits for.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (client, schema) = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(SETTINGS).await?;
        let text = client.query_one(schema::STATEMENT, &[&schemas]).await?.get::<_, String>(0);
        let schema: Schema = serde_json::from_str(&text).map_err(|error| anyhow!("the schema: {error}"))?;
        anyhow::Ok((client, schema))
    })?;
    Ok((runtime, Server { client, schema, schemas, key }))
}

fn serve(runtime: &Runtime, mut server: Server, asked: &Receiver<Asked>) {
    while let Ok((seen, answering)) = asked.recv() {
        let reply = runtime.block_on(server.answer(&seen)).unwrap_or_else(|error| error.reply());
        // Who asked may have left.
        let _ = answering.send(reply);
    }
}

impl Server {
    async fn answer(&mut self, seen: &Seen) -> error::Result<Reply> {
        if let Some(refusal) = self.refusal(seen) {
            return Ok(refusal);
        }
        let request = Request::read(seen, &self.schemas)?;
        answer(&mut self.client, &self.schema, request).await
    }

    /// The answer to who has not the key: of Supabase's gateway, or of PostgREST.
    fn refusal(&self, seen: &Seen) -> Option<Reply> {
        if !seen.path.starts_with(PREFIX) {
            let token = seen.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
            return match token {
                Some(token) if token == self.key => None,
                Some(_) => Some(Error::new(401, "PGRST301", "No suitable key or wrong key type").reply()),
                None => Some(Error::new(401, "PGRST302", "Anonymous access is disabled").reply()),
            };
        }
        let body = match seen.header("apikey") {
            Some(key) if key == self.key => return None,
            Some(_) => json!({
                "message": "Invalid API key",
                "hint": "Double check your Supabase `anon` or `service_role` API key.",
            }),
            None => json!({
                "message": "No API key found in request",
                "hint": "No `apikey` request header or url param was found.",
            }),
        };
        Some(Reply::json(401, &body))
    }
}
