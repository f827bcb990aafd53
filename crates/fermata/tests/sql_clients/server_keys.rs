//! Idempotency keys of SQL clients.

use serde_json::json;

use crate::site::Site;

#[test]
fn the_first_run_with_a_key_answers_all_later_requests() {
    let site = Site::new();
    let enqueue =
        |input: &str| format!("select fermata.enqueue('hello', '{input}', idempotency_key => 'k-1')");
    let before = site.runs();
    let first = site.cell(&enqueue(r#"{"n": 1}"#)).unwrap();
    assert_eq!(site.cell(&enqueue(r#"{"n":1}"#)).unwrap(), first, "spaces make no other request");
    let refusal = site.refused(&enqueue(r#"{"n": 2}"#));
    assert!(refusal.contains("the idempotency key \"k-1\" was used for another request"), "{refusal}");
    assert_eq!(site.runs(), before + 1);
    assert_eq!(site.ended(&first).result, json!({ "n": 2 }));
}

#[test]
fn a_key_counts_when_its_transaction_commits() {
    let site = Site::new();
    let enqueue = "select fermata.enqueue('hello', '{}', idempotency_key => 'k-2')";
    for (end, counts) in [("rollback", false), ("commit", true)] {
        let held = std::thread::scope(|scope| {
            let holder = scope.spawn(|| {
                let sql = format!("begin; {enqueue}; select pg_sleep(0.5); {end}");
                let rows = site.database.query_text(&sql).unwrap();
                rows[0][0].clone().unwrap()
            });
            // Begins while the other transaction has the key, and waits for its end.
            let sql = "select exists (select 1 from pg_stat_activity where wait_event = 'PgSleep')";
            while site.cell(sql).unwrap() != "t" {
                std::thread::yield_now();
            }
            let mine = site.cell(enqueue).unwrap();
            (holder.join().unwrap(), mine)
        });
        assert_eq!(held.0 == held.1, counts, "{end}: {held:?}");
        assert_eq!(site.ended(&held.1).status, "completed");
        site.database.execute("delete from fermata.idempotency_keys").unwrap();
    }
}

#[test]
fn a_key_is_the_same_over_http() {
    let site = Site::new();
    let headers = format!("{}idempotency-key: shared\r\n", site.authorization());
    let first =
        site.cell("select fermata.enqueue('hello', '{\"n\": 1}', idempotency_key => 'shared')").unwrap();
    let (_, run) = site.post("/v1/runs", &headers, r#"{"task":"hello","input":{"n":1}}"#);
    assert_eq!(run["id"].as_str().unwrap(), run_id(&first), "{run}");
    site.ended(&first);

    let headers = format!("{}idempotency-key: shared-2\r\n", site.authorization());
    let (_, run) = site.post("/v1/runs", &headers, r#"{"task":"hello"}"#);
    let again = site.cell("select fermata.enqueue('hello', idempotency_key => 'shared-2')").unwrap();
    assert_eq!(run["id"].as_str().unwrap(), run_id(&again));
}

/// A run's id as the API writes it.
fn run_id(uuid: &str) -> String {
    format!("run_{}", uuid.replace('-', ""))
}
