//! A PostgreSQL, as tasks use it.

use std::sync::Arc;

use fermata_testkit::postgres;
use serde_json::{Value, json};

use crate::database::{Database, details, statements};
use crate::outside::Outside;

/// A server, and the service that is configured for it.
fn connected() -> (postgres::Database, Database) {
    let server = postgres::Database::create().unwrap();
    let outside = Outside::with(&[]).with_secret("SQL_URL", server.url());
    (server, Database::with(outside))
}

#[tokio::test]
async fn server_values_come_back_as_they_went_in() {
    let (_server, sql) = connected();
    sql.set_up(&["create type mood as enum ('good', 'b\"ad')", "create domain age as int check (value > 0)"])
        .await;
    for (of, param, expected) in [
        ("bool", json!(true), json!(true)),
        ("int2", json!(-7), json!(-7)),
        ("int4", json!("42"), json!(42)),
        ("int8", json!(9007199254740991_i64), json!(9007199254740991_i64)),
        ("int8", json!("-9223372036854775808"), json!("-9223372036854775808")),
        ("float4", json!(0.1), json!(0.1)),
        ("float8", json!(1e300), json!(1e300)),
        ("float8", json!("-Infinity"), json!("-Infinity")),
        ("numeric", json!("-12345678901234567890.0100"), json!("-12345678901234567890.0100")),
        ("numeric", json!("0.00000001"), json!("0.00000001")),
        ("numeric", json!("NaN"), json!("NaN")),
        ("text", json!("ü\u{1f600} '\\\"$1"), json!("ü\u{1f600} '\\\"$1")),
        ("text", json!({ "a": 1 }), json!("{\"a\":1}")),
        ("varchar(3)", json!("abc"), json!("abc")),
        (
            "uuid",
            json!("3F0E9A52-5c1c-4f4e-9a30-2b8d2f8f6a11"),
            json!("3f0e9a52-5c1c-4f4e-9a30-2b8d2f8f6a11"),
        ),
        ("bytea", json!({ "base64": "AP9c" }), json!("AP9c")),
        ("bytea", json!("\\x"), json!("XHg=")),
        ("json", json!({ "a": [1, null, "x"] }), json!({ "a": [1, null, "x"] })),
        ("jsonb", json!("text"), json!("text")),
        ("jsonb", json!([1, { "b": 2 }]), json!([1, { "b": 2 }])),
        ("date", json!("2024-02-29"), json!("2024-02-29")),
        ("date", json!("infinity"), json!("infinity")),
        ("time", json!("23:59:59.120"), json!("23:59:59.12")),
        ("timestamp", json!("2024-02-29T12:00:00.000001"), json!("2024-02-29T12:00:00.000001")),
        ("timestamptz", json!("2024-02-29T12:00:00+02:00"), json!("2024-02-29T10:00:00Z")),
        ("timestamptz", json!("1969-12-31T23:59:59.5Z"), json!("1969-12-31T23:59:59.5Z")),
        ("int4[]", json!([1, null, 3]), json!([1, null, 3])),
        ("int4[]", json!([]), json!([])),
        ("text[]", json!(["a,b", "{\"c\\", "", "NULL", null]), json!(["a,b", "{\"c\\", "", "NULL", null])),
        ("jsonb[]", json!([[1], { "a": "\"" }]), json!([[1], { "a": "\"" }])),
        ("mood", json!("b\"ad"), json!("b\"ad")),
        ("mood[]", json!(["good", "b\"ad"]), json!(["good", "b\"ad"])),
        ("age", json!(7), json!(7)),
        ("int4", Value::Null, Value::Null),
    ] {
        let rows = sql.rows(&format!("select $1::{of} as a"), json!([param])).await;
        assert_eq!(rows, json!([{ "a": expected }]), "{of} {param}");
    }
}

#[tokio::test]
async fn server_results_have_rows_columns_and_counts() {
    let (_server, sql) = connected();
    sql.set_up(&["create table t (id int primary key, a text)"]).await;
    let inserted = sql.query("insert into t values ($1, $2), (2, 'y')", json!([1, "x"])).await.unwrap();
    assert_eq!(inserted, json!({ "rows": [], "rowCount": 2 }));
    let call = sql
        .outside
        .attempt(&sql.sql, "query", r#"["update t set a = a || $1 returning id as z, a", ["!"]]"#)
        .await;
    let expected = r#"{"rows":[{"z":1,"a":"x!"},{"z":2,"a":"y!"}],"columns":["z","a"],"rowCount":2}"#;
    assert_eq!(call.unwrap().value.get(), expected);
    let results = sql
        .call("transaction", statements(&["delete from t where id = 1", "select * from t"]))
        .await
        .unwrap();
    assert_eq!((&results[0]["rowCount"], &results[1]["rows"]), (&json!(1), &json!([{ "id": 2, "a": "y!" }])));
    // A read by its looks, which the server knows better.
    sql.set_up(&["create sequence s"]).await;
    assert_eq!(sql.rows("select nextval('s') as n", json!([])).await, json!([{ "n": 1 }]));
    let moved = "with x as (delete from t returning id) select count(*) as n from x";
    assert_eq!(sql.rows(moved, json!([])).await, json!([{ "n": 1 }]));
    assert_eq!(sql.rows("select * from t", json!([])).await, json!([]));
}

#[tokio::test]
async fn server_faults_are_told_with_the_servers_code() {
    let (_server, sql) = connected();
    sql.set_up(&["create table t (id int primary key, a text not null)", "insert into t values (1, 'x')"])
        .await;
    for (text, params, code, words) in [
        ("select * from missing", json!([]), "42P01", "relation \"missing\" does not exist"),
        ("selekt 1", json!([]), "42601", "syntax error"),
        ("insert into t values (1, 'x')", json!([]), "23505", "duplicate key"),
        ("select 1 / $1::int", json!([0]), "22012", "division by zero"),
        ("select $1::int", json!(["x"]), "22P02", "invalid input syntax"),
        ("select $1::timestamptz", json!([true]), "22007", "invalid input syntax"),
        ("select 1; select 2", json!([]), "42601", "multiple commands"),
        ("select $1", json!([]), "bad_params", "places for 1 params, and there are 0"),
        ("select 1", json!([1]), "bad_params", "places for 0 params, and there are 1"),
        ("select point(1, 2) as a", json!([]), "unknown_type", "write a::text"),
        ("select array[[1],[2]] as a", json!([]), "unknown_type", "cast it to text"),
        ("select 1 as a, 2 as a", json!([]), "duplicate_column", "two columns are called a"),
        ("create database x", json!([]), "25001", "cannot run inside a transaction"),
        ("do $$ begin commit; end $$", json!([]), "2D000", "invalid transaction termination"),
        ("--x\rcommit/*\n*/", json!([]), "bad_arguments", "COMMIT cannot be used"),
    ] {
        let error = sql.error(text, params).await;
        assert_eq!(error.code, code, "{text}: {}", error.message);
        assert!(error.message.contains(words) && !error.retryable, "{text}: {}", error.message);
    }
    let facts = details(&sql.error("insert into t values (1, 'x')", json!([])).await);
    assert_eq!(
        (&facts["constraint"], &facts["table"], &facts["statement"]),
        (&json!("t_pkey"), &json!("t"), &json!(0))
    );
    let texts = ["insert into t values (2, 'y')", "insert into t values (3, null)"];
    let error = sql.call("transaction", statements(&texts)).await.unwrap_err();
    assert_eq!((error.name.as_str(), error.code.as_str()), ("SqlError", "23502"));
    assert_eq!(details(&error)["statement"], 1);
    assert_eq!(sql.rows("select count(*) as n from t", json!([])).await, json!([{ "n": 1 }]));
}

#[tokio::test]
async fn server_answers_are_bounded() {
    let (_server, sql) = connected();
    assert_eq!(
        sql.query("select generate_series(1, 10000) as n", json!([])).await.unwrap()["rowCount"],
        10_000
    );
    assert_eq!(sql.error("select generate_series(1, 10001) as n", json!([])).await.code, "too_many_rows");
    let error = sql.error("select repeat('x', 1000) as a from generate_series(1, 5000)", json!([])).await;
    assert_eq!((error.code.as_str(), error.retryable), ("response_too_large", false));
    // More than the connection takes, in one piece.
    let error = sql.error("select repeat('x', 50000000) as a", json!([])).await;
    assert_eq!((error.code.as_str(), error.retryable), ("too_large", false), "{}", error.message);
    sql.set_up(&["create table t (a text)"]).await;
    let error = sql
        .error("insert into t select repeat('x', 1000) from generate_series(1, 5000) returning a", json!([]))
        .await;
    assert_eq!(error.code, "response_too_large");
    assert_eq!(sql.rows("select count(*) as n from t", json!([])).await, json!([{ "n": 0 }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn server_calls_at_the_same_time_do_not_disturb_each_other() {
    let (server, sql) = connected();
    let sql = Arc::new(sql);
    sql.set_up(&["create table t (n int)", "insert into t values (0)"]).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let sql = sql.clone();
        let texts = [
            "set local application_name = 'ours'",
            "create temp table x (a int) on commit drop",
            "update t set n = n + 1",
        ];
        calls.spawn(async move { sql.call("transaction", statements(&texts)).await.unwrap() });
    }
    assert_eq!(calls.join_all().await.len(), 40);
    assert_eq!(sql.rows("select n from t", json!([])).await, json!([{ "n": 40 }]));
    let left = "select count(*) from pg_stat_activity where application_name = 'ours'";
    assert_eq!(server.query_text(left).unwrap(), [[Some("0".to_owned())]]);
}
