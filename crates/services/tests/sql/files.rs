//! The file of a workspace, as tasks use it.

use std::sync::Arc;

use fermata_services::Registry;
use fermata_services::sql::Sql;
use serde_json::{Value, json};

use crate::database::{Database, details, statements};
use crate::outside::Outside;

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    let file = Database::file();
    file.set_up(&["create table t (a, b, c, d, e, f, g, h)"]).await;
    let params = json!([null, true, 9007199254740991_i64, 9007199254740993_i64, 1.5, "ü\u{1f600}", { "base64": "AP8=" }, { "x": [1] }]);
    let insert = file.query("insert into t values ($1, $2, $3, $4, $5, $6, $7, $8)", params).await.unwrap();
    assert_eq!(insert, json!({ "rows": [], "rowCount": 1 }));
    let found = file.query("select *, h ->> '$.x[0]' as x, 1e999 as i from t", json!([])).await.unwrap();
    let row = json!({
        "a": null, "b": 1, "c": 9007199254740991_i64, "d": "9007199254740993", "e": 1.5, "f": "ü\u{1f600}", "g": "AP8=",
        "h": "{\"x\":[1]}", "x": 1, "i": "Infinity",
    });
    let columns = ["a", "b", "c", "d", "e", "f", "g", "h", "x", "i"];
    assert_eq!(found, json!({ "rows": [row], "columns": columns, "rowCount": 1 }));
}

#[tokio::test]
async fn columns_keep_their_order_and_have_names_of_their_own() {
    let file = Database::file();
    let call = file.outside.attempt(&file.sql, "query", r#"["select 1 as z, 2 as a"]"#).await.unwrap();
    assert_eq!(call.value.get(), r#"{"rows":[{"z":1,"a":2}],"columns":["z","a"],"rowCount":1}"#);
    assert_eq!(file.error("select 1 as a, 2 as a", json!([])).await.code, "duplicate_column");
}

#[tokio::test]
async fn places_are_numbered() {
    let file = Database::file();
    let rows = file.rows("select $2 || $1 || $2 as a", json!(["x", "y"])).await;
    assert_eq!(rows, json!([{ "a": "yxy" }]));
    for (text, params) in [
        ("select $1", json!([])),
        ("select 1", json!([1])),
        ("select :a", json!([1])),
        ("select ?", json!([1])),
        ("select ?1", json!([1])),
        ("select $2", json!([1])),
        ("select $0", json!([1])),
        ("select $1", json!([18446744073709551615_u64])),
        ("select $1", json!([{ "base64": "?" }])),
    ] {
        assert_eq!(file.error(text, params).await.code, "bad_params", "{text}");
    }
}

#[tokio::test]
async fn what_was_written_is_counted_and_returned() {
    let file = Database::file();
    let count = |result: Value| result["rowCount"].clone();
    file.set_up(&["create table t (id integer primary key, a text)"]).await;
    let two = file.query("insert into t (a) values ($1), ($2)", json!(["x", "y"])).await.unwrap();
    assert_eq!(count(two), 2);
    let returned = file.query("update t set a = a || '!' returning id, a", json!([])).await.unwrap();
    assert_eq!(returned["rows"], json!([{ "id": 1, "a": "x!" }, { "id": 2, "a": "y!" }]));
    assert_eq!(count(returned), 2);
    assert_eq!(count(file.query("delete from t", json!([])).await.unwrap()), 2);
    assert_eq!(count(file.query("create index i on t (a)", json!([])).await.unwrap()), 0);
    assert_eq!(
        count(
            file.query("with x as (select 7 as a) insert into t select a, a from x", json!([]))
                .await
                .unwrap()
        ),
        1
    );
}

#[tokio::test]
async fn tables_are_made_changed_and_dropped() {
    let file = Database::file();
    file.set_up(&[
        "create table t (id integer primary key, a text)",
        "create index i on t (a)",
        "create view v as select a from t",
        "create trigger g after insert on t begin update t set a = upper(a) where id = new.id; end",
        "insert into t (a) values ('x')",
        "alter table t add column b text default 'y'",
        "alter table t rename column a to c",
        "alter table t rename to u",
        "analyze u",
        "reindex i",
    ])
    .await;
    assert_eq!(file.rows("select * from u", json!([])).await, json!([{ "id": 1, "c": "X", "b": "y" }]));
    file.set_up(&["drop view v", "drop trigger g", "drop index i", "drop table u"]).await;
    let left = "select count(*) as n from sqlite_schema where name in ('t', 'u', 'v', 'g', 'i')";
    assert_eq!(file.rows(left, json!([])).await, json!([{ "n": 0 }]));
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    let file = Database::file();
    file.set_up(&["create table t (id integer primary key)"]).await;
    let texts = ["insert into t values (1)", "select count(*) as n from t", "insert into t values (1)"];
    let error = file.call("transaction", statements(&texts)).await.unwrap_err();
    assert_eq!((error.name.as_str(), error.code.as_str()), ("SqlError", "SQLITE_CONSTRAINT_PRIMARYKEY"));
    assert_eq!((details(&error)["statement"].clone(), error.retryable), (json!(2), false));
    assert_eq!(file.rows("select * from t", json!([])).await, json!([]));
    let results = file.call("transaction", statements(&texts[..2])).await.unwrap();
    assert_eq!(results[1]["rows"], json!([{ "n": 1 }]));
    let rolled_back = file.error("insert or rollback into t values (1)", json!([])).await;
    assert_eq!(rolled_back.code, "SQLITE_CONSTRAINT_PRIMARYKEY");
    assert_eq!(file.rows("select count(*) as n from t", json!([])).await, json!([{ "n": 1 }]));
}

#[tokio::test]
async fn references_between_tables_are_held() {
    let file = Database::file();
    file.set_up(&[
        "create table a (id integer primary key)",
        "create table b (a integer references a (id) deferrable initially deferred)",
    ])
    .await;
    let error = file.error("insert into b values (1)", json!([])).await;
    assert_eq!(error.code, "SQLITE_CONSTRAINT_FOREIGNKEY");
    let texts = ["insert into b values (1)", "insert into a values (1)"];
    file.call("transaction", statements(&texts)).await.unwrap();
}

#[tokio::test]
async fn a_call_that_writes_is_done_once() {
    let file = Database::file();
    file.set_up(&["create table t (a)"]).await;
    let insert = json!(["insert into t values ($1) returning a", ["x"]]);
    let first = file.call_as("run-1-call-1", "query", insert.clone()).await.unwrap();
    // As after a crash: the attempt is made again by another process.
    let later = Sql::new(Some(file.folder.path().join("sql")));
    let again = file.outside.attempt_as("run-1-call-1", &later, "query", &insert.to_string()).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(again.value.get()).unwrap(), first);
    assert_eq!(file.rows("select count(*) as n from t", json!([])).await, json!([{ "n": 1 }]));
    file.call_as("run-1-call-2", "query", insert).await.unwrap();
    assert_eq!(file.rows("select count(*) as n from t", json!([])).await, json!([{ "n": 2 }]));
    // What failed has not been done, and may be.
    file.call_as("run-1-call-3", "query", json!(["insert into u values (1)"])).await.unwrap_err();
    file.set_up(&["create table u (a)"]).await;
    file.call_as("run-1-call-3", "query", json!(["insert into u values (1)"])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_at_the_same_time_do_not_disturb_each_other() {
    let file = Arc::new(Database::file());
    file.set_up(&["create table t (n integer)", "insert into t values (0)"]).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let file = file.clone();
        calls.spawn(async move {
            file.call("transaction", statements(&["update t set n = n + 1", "select n from t"]))
                .await
                .unwrap()
        });
    }
    let mut seen: Vec<i64> =
        calls.join_all().await.iter().map(|results| results[1]["rows"][0]["n"].as_i64().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn faults_are_told_in_sqlites_words() {
    let file = Database::file();
    file.set_up(&["create table t (a text not null unique check (a <> 'no'))"]).await;
    file.set_up(&["insert into t values ('x')"]).await;
    for (text, code, words) in [
        ("select * from missing", "SQLITE_ERROR", "no such table: missing"),
        ("selekt 1", "SQLITE_ERROR", "near \"selekt\": syntax error"),
        ("insert into t values (null)", "SQLITE_CONSTRAINT_NOTNULL", "NOT NULL constraint failed: t.a"),
        ("insert into t values ('x')", "SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed: t.a"),
        ("insert into t values ('no')", "SQLITE_CONSTRAINT_CHECK", "CHECK constraint failed"),
        ("select 1; select 2", "SQLITE_ERROR", "more than one statement"),
        ("select \"x\"", "SQLITE_ERROR", "no such column"),
    ] {
        let error = file.error(text, json!([])).await;
        assert_eq!(
            (error.name.as_str(), error.code.as_str()),
            ("SqlError", code),
            "{text}: {}",
            error.message
        );
        assert!(error.message.contains(words) && !error.retryable, "{text}: {}", error.message);
    }
    assert_eq!(details(&file.error("select ü, from t", json!([])).await)["position"], 11);
}

#[tokio::test]
async fn without_a_folder_there_are_no_files() {
    let failure = Outside::with(&[]).attempt(&Sql::new(None), "query", r#"["select 1"]"#).await.unwrap_err();
    assert_eq!((failure.error.code.as_str(), failure.error.retryable), ("not_configured", false));
    assert!(Registry::new(None).is_setting("SQL_URL"));
}
