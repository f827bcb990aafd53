//! Runs begin when their transaction commits, and only then.

use serde_json::json;

use crate::site::Site;

#[test]
fn a_row_that_psql_inserts_is_a_run() {
    let site = Site::new();
    let sql = r#"insert into fermata.task_runs (task_name, input) values ('hello', '{"n":1}') returning encode(id, 'hex')"#;
    let run = site.ended(&site.psql(sql));
    assert_eq!((run.status.as_str(), run.result), ("completed", json!({ "n": 2 })));

    // Without an input it is empty, as over HTTP; an id may be the client's own.
    site.publish("echo.js", "export default (input) => ({ input })");
    let id = "0198c0de-7a3b-7c51-a2f0-4c1f9d6e2b10";
    site.psql(&format!("insert into fermata.task_runs (id, task_name) values (uuid_send('{id}'), 'echo')"));
    assert_eq!(site.ended(id).result, json!({ "input": {} }));

    // Whatever a client says of the run's state does not count, and neither does its search_path.
    let sql = "set search_path = public;
        insert into fermata.task_runs (task_name, status, result, owner_node, created_at)
        values ('echo', 'completed', '1', 7, 1) returning encode(id, 'hex')::uuid";
    let run = site.ended(&site.psql(sql));
    assert!(run.created_at > 1 && run.result == json!({ "input": {} }), "{run:?}");
}

#[test]
fn a_transaction_starts_all_its_runs_or_none() {
    let site = Site::new();
    let before = site.runs();
    site.psql("begin; select fermata.enqueue('hello'); insert into fermata.task_runs (task_name) values ('hello'); rollback");
    assert_eq!(site.runs(), before);

    site.psql("create table orders (id int primary key, run uuid)");
    site.psql(
        r#"begin;
        insert into orders values (7, fermata.enqueue('hello', '{"n": 7}'));
        select pg_sleep(0.2);
        commit"#,
    );
    let id = site.cell("select run from orders").unwrap();
    let run = site.ended(&id);
    assert_eq!(run.result, json!({ "n": 8 }));
    assert!(run.started_at.unwrap() - run.created_at >= 200, "it began before the commit: {run:?}");

    let sql = "insert into fermata.task_runs (task_name, input)
        select 'hello', json_build_object('n', n)::text from generate_series(1, 300) as n";
    site.psql(sql);
    let ids = site
        .database
        .query_text("select encode(id, 'hex')::uuid from fermata.task_runs order by id desc limit 300");
    for row in ids.unwrap() {
        assert_eq!(site.ended(row[0].as_deref().unwrap()).status, "completed");
    }
}

#[test]
fn a_version_a_start_and_a_timeout_are_kept_to() {
    let site = Site::new();
    site.publish("twice.js", "export const config = { timeout: '1h30m' }; export default () => 'first'");
    site.publish("twice.js", "export default () => 'second'");
    let first = site.cell("select fermata.enqueue('twice', task_version => 1)").unwrap();
    let latest = site.cell("select fermata.enqueue('twice')").unwrap();
    assert_eq!(site.ended(&first).result, json!("first"));
    assert_eq!(site.ended(&latest).result, json!("second"));
    let sql = format!(
        "select deadline_at - created_at from fermata.task_runs where id in (uuid_send('{first}'), uuid_send('{latest}'))
         order by task_version"
    );
    let timeouts = site.database.query_text(&sql).unwrap();
    assert_eq!(timeouts, [vec![Some("5400000".to_owned())], vec![None]]);

    for wait in ["100 ms", "1 s", "4 s"] {
        let later =
            site.cell(&format!("select fermata.enqueue('hello', start_at => now() + '{wait}')")).unwrap();
        let run = site.ended(&later);
        let late = run.started_at.unwrap() - run.start_at.unwrap();
        println!("in {wait}: {late} ms late");
        assert!(late >= 0, "{run:?}");
    }
}

#[test]
fn what_waits_begins_by_its_priority() {
    let mut site = Site::new();
    site.stop();
    let insert = |priority: i32| {
        let sql = format!(
            "insert into fermata.task_runs (task_name, priority) select 'hello', {priority} from generate_series(1, 20)"
        );
        site.psql(&sql);
    };
    insert(-5);
    insert(5);
    site.serve(&["--executors", "1"]);
    let ids = site.database.query_text("select encode(id, 'hex')::uuid from fermata.task_runs").unwrap();
    ids.iter().for_each(|row| drop(site.ended(row[0].as_deref().unwrap())));
    let sql =
        "select max(started_at) filter (where priority > 0) <= min(started_at) filter (where priority < 0)
        from fermata.task_runs";
    assert_eq!(site.cell(sql).unwrap(), "t");
}

#[test]
fn a_run_that_nobody_was_told_of_is_found() {
    let site = Site::new();
    site.psql("alter table fermata.task_runs disable trigger task_runs_announced");
    let id = site.insert("'hello'", "'{}'");
    let run = site.ended(&id);
    let waited = run.started_at.unwrap() - run.created_at;
    println!("found after {waited} ms");
    assert!(waited < 10_000, "{run:?}");
}
