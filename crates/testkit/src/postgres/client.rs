//! Short conversations with a server: a connection, some SQL, the answer.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage, SimpleQueryRow};

const CONNECTED_WITHIN: Duration = Duration::from_secs(10);
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// Executes statements, and returns the rows of all of them as text. Waits, wherever it is called from.
pub(super) fn query_text(url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    // On a thread of its own, because the caller's may already drive a runtime.
    let answer = thread::scope(|scope| scope.spawn(|| converse(url, sql)).join());
    answer.map_err(|_| anyhow!("the conversation with PostgreSQL panicked"))?
}

/// A transaction that somebody has begun and does not end, as a forgotten session or a long report does.
pub struct OpenTransaction {
    // The first part is dropped before the runtime that drives its connection.
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl OpenTransaction {
    /// It has an id of its own and a snapshot, so that nothing deleted since may be cleared away.
    pub(super) fn begin(url: &str) -> Result<Self> {
        let url = url.to_owned();
        let begun = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.context("cannot make a runtime")?;
            let client = runtime.block_on(async {
                let client = connect(&url).await?;
                let sql = "begin isolation level repeatable read; select txid_current()";
                client.simple_query(sql).await.context("cannot begin a transaction")?;
                anyhow::Ok(client)
            })?;
            Ok(Self { client, runtime })
        });
        begun.join().map_err(|_| anyhow!("the conversation with PostgreSQL panicked"))?
    }

    /// Ends it. Fails when the server has ended it before: then nothing was shown.
    pub fn end(self) -> Result<()> {
        let Self { client, runtime } = self;
        let ended = thread::spawn(move || {
            let ended = runtime.block_on(client.simple_query("commit"));
            ended.map(drop).context("the transaction did not last")
        });
        ended.join().map_err(|_| anyhow!("the conversation with PostgreSQL panicked"))?
    }
}

/// The same URL for another database of the server.
pub(super) fn url_of(url: &str, database: &str) -> Result<String> {
    let (base, options) = url.split_once('?').map_or((url, ""), |(base, options)| (base, options));
    let (scheme, rest) = base.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let is_known = scheme == "postgres" || scheme == "postgresql";
    ensure!(is_known && !authority.is_empty(), "not a URL like postgres://user:password@host:5432/postgres");
    let mark = if options.is_empty() { "" } else { "?" };
    Ok(format!("{scheme}://{authority}/{database}{mark}{options}"))
}

fn converse(url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot make a runtime")?.block_on(async {
        let client = connect(url).await?;
        let answered = timeout(ANSWERED_WITHIN, client.simple_query(sql)).await;
        let messages = answered.with_context(|| format!("no answer in {ANSWERED_WITHIN:?}: {sql}"))?;
        Ok(rows(&messages.with_context(|| format!("PostgreSQL refused: {sql}"))?))
    })
}

async fn connect(url: &str) -> Result<Client> {
    let connected = timeout(CONNECTED_WITHIN, tokio_postgres::connect(url, NoTls)).await;
    let connected = connected.context("PostgreSQL does not answer in time")?;
    let (client, connection) = connected.context("cannot connect to PostgreSQL")?;
    // It ends with the client, or with the runtime.
    tokio::spawn(connection);
    Ok(client)
}

fn rows(messages: &[SimpleQueryMessage]) -> Vec<Vec<Option<String>>> {
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(values(row)),
        _ => None,
    });
    rows.collect()
}

fn values(row: &SimpleQueryRow) -> Vec<Option<String>> {
    (0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::url_of;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        let cases = [
            ("postgres://u:p@h:1/one", "postgres://u:p@h:1/two"),
            ("postgresql://u@h", "postgresql://u@h/two"),
            ("postgres://u@h/?sslmode=disable", "postgres://u@h/two?sslmode=disable"),
        ];
        for (url, expected) in cases {
            assert_eq!(url_of(url, "two").unwrap(), expected);
        }
        assert!(url_of("host=here user=me", "two").is_err());
    }
}
