//! Statements that want to get out of the file, or take more than their share.

use std::time::Duration;

use serde_json::json;

use crate::database::{Database, statements};

/// Runs for ever, in small steps.
const ENDLESS: &str =
    "with recursive n (x) as (select 1 union all select x + 1 from n) select count(*) from n";

#[tokio::test]
async fn statements_stay_in_their_file() {
    let file = Database::file();
    file.set_up(&["create table t (a)", "insert into t values (1)"]).await;
    let outside = file.folder.path().join("other.sqlite").display().to_string();
    for text in [
        format!("select load_extension('{outside}')"),
        "select fts3_tokenizer('simple')".to_owned(),
        "pragma journal_mode = off".to_owned(),
        "pragma writable_schema = on".to_owned(),
        "pragma max_page_count = 1000000000".to_owned(),
        format!("pragma temp_store_directory = '{outside}'"),
        "pragma database_list".to_owned(),
        "pragma wal_checkpoint".to_owned(),
        "explain pragma foreign_keys = off".to_owned(),
        "select * from pragma_database_list".to_owned(),
        "select * from sqlite_dbpage".to_owned(),
        "select * from sqlite_stmt".to_owned(),
        "update sqlite_schema set sql = 'x'".to_owned(),
        "insert into sqlite_schema values ('table', 'x', 'x', 1, 'x')".to_owned(),
        "update sqlite_temp_schema set sql = 'x'".to_owned(),
        "insert into sqlite_temp_schema values ('table', 'x', 'x', 1, 'x')".to_owned(),
        "create temp table x (a)".to_owned(),
        "create table temp.x (a)".to_owned(),
        "create virtual table x using fts5(a)".to_owned(),
        "select * from fermata_internal_calls".to_owned(),
        "select * from \"FERMATA_Internal_calls\"".to_owned(),
        "delete from fermata_internal_calls".to_owned(),
        "drop table fermata_internal_calls".to_owned(),
        "create table x (a references fermata_internal_calls (key))".to_owned(),
        "create trigger x after insert on fermata_internal_calls begin select 1; end".to_owned(),
        "create trigger x after insert on t begin delete from fermata_internal_calls; end".to_owned(),
        "alter table t rename to fermata_internal_calls".to_owned(),
    ] {
        let error = file.error(&text, json!([])).await;
        assert!(!error.retryable, "{text}");
        let words = ["may not be modified", "no such", "not authorized"];
        let is_refused =
            error.code == "SQLITE_AUTH" || words.iter().any(|words| error.message.contains(words));
        assert!(is_refused, "{text}: {} {}", error.code, error.message);
    }
    assert_eq!(file.rows("select a from t", json!([])).await, json!([{ "a": 1 }]));
    let entries: Vec<_> =
        std::fs::read_dir(file.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(entries, ["sql"]);
}

#[tokio::test]
async fn statements_that_would_end_the_transaction_are_refused_by_sqlite_too() {
    let file = Database::file();
    file.set_up(&["create table t (a)"]).await;
    // For PostgreSQL these begin with other words than for SQLite.
    for text in ["--x\rselect 1\ncommit", "--x\rselect 1\nattach 'x' as y", "--x\rselect 1\nvacuum"] {
        let error =
            file.call("transaction", statements(&["insert into t values (1)", text])).await.unwrap_err();
        assert!(error.code == "SQLITE_AUTH" || error.message.contains("VACUUM"), "{text}: {}", error.message);
    }
    assert_eq!(file.rows("select * from t", json!([])).await, json!([]));
}

#[tokio::test]
async fn how_tables_are_made_may_be_asked() {
    let file = Database::file();
    file.set_up(&["create table t (a text)"]).await;
    assert_eq!(
        file.rows("select name from pragma_table_info('t')", json!([])).await,
        json!([{ "name": "a" }])
    );
    assert_eq!(file.rows("pragma table_info(t)", json!([])).await[0]["type"], "TEXT");
    let schema = file.rows("select sql from sqlite_schema where name = 't'", json!([])).await;
    assert_eq!(schema, json!([{ "sql": "CREATE TABLE t (a text)" }]));
}

#[tokio::test]
async fn what_runs_for_ever_is_cut_off() {
    let file = Database::file();
    file.set_up(&["create table t (a)"]).await;
    let hurry = json!({ "timeoutMs": 200 });
    let error = file.call("query", json!([ENDLESS, [], hurry])).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("timeout", false));
    let insert = format!("insert into t {ENDLESS}");
    let both = json!([[{ "text": "insert into t values (1)" }, { "text": insert }], hurry]);
    assert_eq!(file.call("transaction", both).await.unwrap_err().code, "timeout");
    assert_eq!(file.rows("select * from t", json!([])).await, json!([]));
}

#[tokio::test]
async fn an_attempt_that_is_dropped_stops_at_once() {
    let file = Database::file();
    file.set_up(&["create table t (a)"]).await;
    let insert = json!([format!("insert into t {ENDLESS}"), [], { "timeoutMs": 60_000 }]);
    let given_up = tokio::time::timeout(Duration::from_millis(300), file.call("query", insert)).await;
    assert!(given_up.is_err(), "the statement ended");
    // It held the lock for writing.
    file.call("query", json!(["insert into t values (1)", [], { "timeoutMs": 20_000 }])).await.unwrap();
    assert_eq!(file.rows("select * from t", json!([])).await, json!([{ "a": 1 }]));
}

#[tokio::test]
async fn answers_are_bounded() {
    let file = Database::file();
    let numbers = |count: u32| {
        format!(
            "with recursive n (x) as (select 1 union all select x + 1 from n where x < {count}) select x from n"
        )
    };
    assert_eq!(file.query(&numbers(10_000), json!([])).await.unwrap()["rowCount"], 10_000);
    assert_eq!(file.error(&numbers(10_001), json!([])).await.code, "too_many_rows");
    let large = "select hex(zeroblob(500000)) as a union all select hex(zeroblob(500001)) \
                 union all select hex(zeroblob(500002)) union all select hex(zeroblob(500003)) \
                 union all select hex(zeroblob(500004))";
    assert_eq!(file.error(large, json!([])).await.code, "response_too_large");
    assert_eq!(file.error("select zeroblob(2000000)", json!([])).await.code, "SQLITE_TOOBIG");
    file.set_up(&["create table t (a)"]).await;
    let written = "insert into t values (hex(zeroblob(300000))) returning a";
    assert_eq!(file.error(written, json!([])).await.code, "response_too_large");
    assert_eq!(file.rows("select count(*) as n from t", json!([])).await, json!([{ "n": 0 }]));
}

#[tokio::test]
async fn temporary_files_do_not_fill_the_disk() {
    let file = Database::file();
    let sort = "with recursive n (x) as (select 1 union all select x + 1 from n where x < 100000) \
                select count(*) from (select distinct x, randomblob(1000000) as b from n)";
    let error = file.call("query", json!([sort, [], { "timeoutMs": 60_000 }])).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("SQLITE_FULL", false), "{}", error.message);
    assert_eq!(file.rows("select 1 as a", json!([])).await, json!([{ "a": 1 }]));
}

#[tokio::test]
async fn texts_that_are_hard_to_read_are_refused() {
    let file = Database::file();
    // That it comes back at all is what matters: it takes stack where it is read by recursion.
    let _ = file.query(&format!("select {}1{}", "(".repeat(40_000), ")".repeat(40_000)), json!([])).await;
    let sums = format!("select 1{}", "+1".repeat(1_000));
    let unions = format!("select 1 as a{}", " union all select 1".repeat(200));
    let many = "select 1;".repeat(10_000);
    for text in [&sums, &unions, &many] {
        let error = file.error(text, json!([])).await;
        assert!(!error.retryable, "{}", error.message);
    }
    assert_eq!(
        file.rows(&format!("select 1 as a{}", ";".repeat(50_000)), json!([])).await,
        json!([{ "a": 1 }])
    );
}
