//! A PostgreSQL that is slow, away, wary or encrypted.

use std::sync::Arc;
use std::time::Duration;

use fermata_testkit::certificate::Certificate;
use fermata_testkit::postgres::{self, Server};
use serde_json::{Value, json};
use url::Url;

use crate::database::{Database, statements};
use crate::outside::Outside;

/// The service with the whole URL as a secret.
fn with_url(url: &str) -> Database {
    Database::with(Outside::with(&[]).with_secret("SQL_URL", url))
}

/// Statements at work that hold this mark.
pub(crate) fn at_work(server: &postgres::Database, mark: &str) -> usize {
    let text = "select query from pg_stat_activity where state <> 'idle' and pid <> pg_backend_pid()";
    let rows = server.query_text(text).unwrap();
    rows.iter().filter(|row| row[0].as_ref().is_some_and(|query| query.contains(mark))).count()
}

/// Waits until so many are at work.
pub(crate) async fn wait_for(server: &postgres::Database, mark: &str, count: usize) {
    while at_work(server, mark) != count {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn server_statements_that_take_too_long_are_cut_off() {
    let server = postgres::Database::create().unwrap();
    let sql = with_url(server.url());
    let hurry = json!({ "timeoutMs": 300 });
    let error = sql.call("query", json!(["select pg_sleep(600) /* one */", [], hurry])).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("timeout", false), "{}", error.message);
    wait_for(&server, "/* one */", 0).await;
    // With the server's own limit switched off it is ours that counts, and the server is told.
    let texts = ["set local statement_timeout = 0", "select pg_sleep(600) /* two */"];
    let args = json!([statements(&texts)[0], hurry]);
    let error = sql.call("transaction", args).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("timeout", false), "{}", error.message);
    wait_for(&server, "/* two */", 0).await;
}

#[tokio::test]
async fn server_side_is_cancelled_when_an_attempt_is_dropped() {
    let server = postgres::Database::create().unwrap();
    let sql = Arc::new(with_url(server.url()));
    let text = "select pg_sleep(600) /* dropped */";
    let attempt = tokio::spawn({
        let sql = sql.clone();
        async move { sql.call("query", json!([text, [], { "timeoutMs": 60_000 }])).await }
    });
    wait_for(&server, "/* dropped */", 1).await;
    attempt.abort();
    wait_for(&server, "/* dropped */", 0).await;
}

#[tokio::test]
async fn server_that_hangs_up_before_the_commit_is_asked_again() {
    let server = postgres::Database::create().unwrap();
    let sql = Arc::new(with_url(server.url()));
    sql.set_up(&["create table t (a int)"]).await;
    let attempt = tokio::spawn({
        let sql = sql.clone();
        let texts = ["insert into t values (1)", "select pg_sleep(600) /* cut */"];
        async move { sql.call("transaction", statements(&texts)).await }
    });
    wait_for(&server, "/* cut */", 1).await;
    let terminate = "select pg_terminate_backend(pid) from pg_stat_activity where query like '%/* cut %' and pid <> pg_backend_pid()";
    server.execute(terminate).unwrap();
    let error = attempt.await.unwrap().unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("57P01", true), "{}", error.message);
    assert_eq!(sql.rows("select * from t", json!([])).await, json!([]));
}

/// Inserts whose commit takes as long as the test wants.
const SLOW: [&str; 3] = [
    "create table t (a int)",
    "create function slow() returns trigger language plpgsql as \
     $$ begin perform pg_sleep(600); return null; end $$",
    "create constraint trigger slow after insert on t deferrable initially deferred \
     for each row execute function slow()",
];

#[tokio::test]
async fn server_that_does_not_answer_a_commit_is_not_asked_again() {
    let server = postgres::Database::create().unwrap();
    let sql = Arc::new(with_url(server.url()));
    sql.set_up(&SLOW).await;
    let insert = statements(&["set local statement_timeout = 0", "insert into t values (1)"]);
    let late = json!([insert[0], { "timeoutMs": 300 }]);
    let error = sql.call("transaction", late).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("outcome_unknown", false), "{}", error.message);
    wait_for(&server, "commit", 0).await;
    let attempt = tokio::spawn({
        let sql = sql.clone();
        async move { sql.call("transaction", insert).await }
    });
    wait_for(&server, "commit", 1).await;
    let others = "select pg_terminate_backend(pid) from pg_stat_activity where query = 'commit'";
    server.execute(others).unwrap();
    let error = attempt.await.unwrap().unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("outcome_unknown", false), "{}", error.message);
    // What the server says of the commit itself is known.
    sql.set_up(&["drop trigger slow on t", "alter table t add unique (a) deferrable initially deferred"])
        .await;
    let twice = sql.error("insert into t values (1), (1)", json!([])).await;
    assert_eq!((twice.code.as_str(), twice.retryable), ("23505", false), "{}", twice.message);
    assert_eq!(sql.rows("select * from t", json!([])).await, json!([]));
}

#[tokio::test]
async fn server_that_is_away_is_asked_again() {
    let server = Server::start().unwrap();
    let sql = with_url(&server.url());
    sql.set_up(&["create table t (a int)"]).await;
    server.stop_immediately().unwrap();
    let error = sql.error("insert into t values (1)", json!([])).await;
    assert_eq!((error.code.as_str(), error.retryable), ("connect", true), "{}", error.message);
    server.start_again().unwrap();
    sql.set_up(&["insert into t values (1)"]).await;
}

#[tokio::test]
async fn server_login_and_settings() {
    let server = postgres::Database::create().unwrap();
    let parsed = Url::parse(server.url()).unwrap();
    let password = parsed.password().unwrap().to_owned();
    let with = |change: &dyn Fn(&mut Url)| {
        let mut url = parsed.clone();
        change(&mut url);
        url.to_string()
    };
    let without_password = with(&|url| url.set_password(None).unwrap());
    let as_value = || Outside::with(&[("SQL_URL", &without_password)]);
    let right = Database::with(as_value().with_secret("SQL_PASSWORD", &password));
    assert_eq!(right.rows("select 1 as a", json!([])).await, json!([{ "a": 1 }]));
    let wrong = Database::with(as_value().with_secret("SQL_PASSWORD", "hush-hush"));
    let none = Database::with(as_value());
    let value = Database::with(Outside::with(&[("SQL_URL", server.url())]));
    let cases = [
        (&wrong, "28P01"),
        (&none, "login"),
        (&value, "bad_setting"),
        (&with_url(&with(&|url| url.set_path("/nobody"))), "3D000"),
        (&with_url(&with(&|url| url.set_path("/"))), "bad_setting"),
        (&with_url(&with(&|url| url.set_query(Some("options=-csuperuser")))), "bad_setting"),
        (&with_url(&with(&|url| url.set_query(Some("sslmode=require")))), "tls"),
        (&with_url("mysql://a:hush-hush@b/c"), "bad_setting"),
        (&with_url("not a url hush-hush"), "bad_setting"),
        (&with_url("postgres://a:hush-hush@10.0.0.1/c"), "private_address"),
        (&with_url("postgres://a:hush-hush@%31%30.0.0.1/c"), "private_address"),
    ];
    for (database, code) in cases {
        let error = database.error("select 1", json!([])).await;
        assert_eq!((error.code.as_str(), error.retryable), (code, false), "{}", error.message);
        let said = format!("{error:?}");
        assert!(!said.contains("hush-hush") && !said.contains(&password), "{said}");
    }
}

#[tokio::test]
async fn server_that_wants_encryption_gets_it_if_it_is_trusted() {
    let (server, certificate) = (Server::start().unwrap(), Certificate::make().unwrap());
    server.require_tls(&certificate.file(), &certificate.key_file()).unwrap();
    let authority = certificate.pem().unwrap();
    let ask = async |mode: &str, settings: &[(&str, &str)]| -> Result<Value, (String, bool)> {
        let url = format!("{}?sslmode={mode}", server.url());
        let sql = Database::with(Outside::with(settings).with_secret("SQL_URL", &url));
        let asked = sql.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()", json!([])).await;
        asked.map(|mut answer| answer["rows"].take()).map_err(|error| (error.code, error.retryable))
    };
    let trusting: &[(&str, &str)] = &[("SQL_CA", &authority)];
    for mode in ["require", "prefer", "verify-full"] {
        assert_eq!(ask(mode, trusting).await.unwrap(), json!([{ "ssl": true }]));
    }
    assert_eq!(ask("require", &[]).await.unwrap_err(), ("tls".to_owned(), false));
    assert_eq!(ask("disable", trusting).await.unwrap_err(), ("28000".to_owned(), false));
    assert_eq!(
        ask("require", &[("SQL_CA", "nonsense")]).await.unwrap_err(),
        ("bad_setting".to_owned(), false)
    );
}
