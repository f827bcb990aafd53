//! A workspace that floods, and another one that is served all the same.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use fermata_testkit::postgres;
use futures::FutureExt;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::database::Database;
use crate::outside::{Outside, value};
use crate::server_trouble::{at_work, wait_for};

/// Calls of a workspace that floods.
const FLOOD: usize = 60;
/// Connections that a workspace may have to PostgreSQL.
const CONNECTIONS: usize = 16;
/// Calls of a workspace that are at work on its file.
const THREADS: usize = 4;

/// A query that may wait and work for a minute.
fn patient(text: &str) -> Value {
    json!([text, [], { "timeoutMs": 60_000 }])
}

/// Calls with these arguments, all at the same time. Each says whether it went well.
fn flood(outside: &Arc<Outside>, database: &Arc<Database>, args: &Value) -> JoinSet<bool> {
    let mut flood = JoinSet::new();
    for call in 0..FLOOD {
        let (outside, database, args) = (outside.clone(), database.clone(), args.to_string());
        flood.spawn(async move {
            outside.attempt_as(&format!("flood-{call}"), &database.sql, "query", &args).await.is_ok()
        });
    }
    flood
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn server_connections_are_shared_by_workspaces() {
    let server = postgres::Database::create().unwrap();
    let outside = || Outside::with(&[]).with_secret("SQL_URL", server.url());
    let database = Arc::new(Database::with(outside()));
    let (one, other) = (Arc::new(outside()), Arc::new(outside().of("other")));
    let mut of_one = flood(&one, &database, &patient("select pg_sleep(600) /* one */"));
    wait_for(&server, "/* one */", CONNECTIONS).await;
    let answer = other.attempt(&database.sql, "query", r#"["select 1 as a"]"#).await;
    assert_eq!(value(answer)["rows"], json!([{ "a": 1 }]));
    let mut of_other = flood(&other, &database, &patient("select pg_sleep(600) /* other */"));
    wait_for(&server, "/* other */", CONNECTIONS).await;
    assert_eq!(at_work(&server, "/* one */"), CONNECTIONS, "as many as the other one, and no more");
    // All are taken. The first place that is free goes to the one who came last, not to those who flood.
    let third = outside().of("third");
    let mut last = Box::pin(third.attempt(&database.sql, "query", r#"["select 3 as a"]"#));
    assert!((&mut last).now_or_never().is_none());
    let stop = "select pg_terminate_backend(pid) from pg_stat_activity
        where query like '%/* one */%' and pid <> pg_backend_pid() limit 1";
    server.execute(stop).unwrap();
    assert_eq!(value(last.await)["rows"], json!([{ "a": 3 }]));
    of_one.abort_all();
    of_other.abort_all();
    wait_for(&server, "pg_sleep", 0).await;
}

/// Connections of this process to a workspace's file.
fn connections(database: &Database, workspace: &str) -> usize {
    let file = database.folder.path().join(format!("sql/{workspace}.sqlite")).canonicalize().unwrap();
    let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
    open.filter(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == file)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_are_shared_by_workspaces() {
    let database = Arc::new(Database::file());
    database.set_up(&["create table t (a)"]).await;
    let (one, other) = (Arc::new(Outside::with(&[])), Arc::new(Outside::with(&[]).of("other")));
    let lock = Connection::open(database.folder.path().join("sql/default.sqlite")).unwrap();
    lock.execute_batch("begin immediate").unwrap();
    let of_one = flood(&one, &database, &patient("insert into t values (1)"));
    while connections(&database, "default") < 1 + THREADS {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..FLOOD {
        let answer = other.attempt(&database.sql, "query", r#"["select 1 as a"]"#).await;
        assert_eq!(value(answer)["rows"], json!([{ "a": 1 }]));
        assert_eq!(connections(&database, "default"), 1 + THREADS);
    }
    lock.execute_batch("commit").unwrap();
    assert_eq!(of_one.join_all().await, [true; FLOOD]);
    assert_eq!(database.rows("select count(*) as n from t", json!([])).await, json!([{ "n": FLOOD }]));
}
