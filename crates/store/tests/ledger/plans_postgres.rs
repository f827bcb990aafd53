//! How PostgreSQL goes about each statement, on empty tables and on large ones: a plan is made once for
//! a session, so what was planned on the first day has to do on the last.

use std::fmt::Write as _;

use fermata_store::statements as of_store;
use fermata_testkit::postgres::Database;

use crate::place::{Ledger, Place};
use crate::plans::{FILES, File, Statement, statements};

/// Statements for PostgreSQL alone.
const FILES_ALONE: [File; 4] = [
    ("runs/own", include_str!("../../src/tables/runs/own.rs")),
    ("lease", include_str!("../../src/postgres/lease.rs")),
    ("open", include_str!("../../src/postgres/open.rs")),
    ("store/nodes", include_str!("../../src/store/nodes.rs")),
];

/// Tables of as many rows as there are nodes or tokens.
const SMALL: [&str; 4] = ["nodes", "node_commits", "tokens", "workspaces"];

/// Statements that sort the few rows that they choose, or that sort nothing that grows: the nodes that
/// are silent or down, and the letters that nobody has answered.
const MAY_SORT: [&str; 3] = ["from nodes", "insert into", "from letters as l"];

const ROWS: u32 = 20_000;

#[test]
fn every_statement_walks_an_index_in_postgres() {
    let place = Place::postgres();
    let ledger = Ledger::new(&place);
    let database = ledger.database.as_deref().unwrap();
    check_all(database, false);
    database.execute(&format!("set search_path = fermata; {}", load())).unwrap();
    check_all(database, true);
}

fn check_all(database: &Database, is_loaded: bool) {
    let mut faults = String::new();
    let mut checked = 0;
    for (name, source) in FILES.iter().chain(&FILES_ALONE) {
        for statement in statements(source).into_iter().filter(|statement| !statement.is_hinted) {
            checked += 1;
            let lines = plan(database, &numbered(&statement.sql));
            if let Some(fault) = fault(&statement, &lines, is_loaded) {
                let plan = lines.join("\n");
                writeln!(faults, "{fault}, {name}, loaded: {is_loaded}: {}\n{plan}\n", statement.sql)
                    .unwrap();
            }
        }
    }
    for sql in of_store::writes().into_iter().flat_map(|write| [write.postgres, write.checked]) {
        checked += 1;
        let lines = plan(database, sql);
        // A run is found by its key: another index of the workspace has all its runs, and that of a node's runs
        // has dead entries for as long as anybody's transaction stays open.
        let is_other = |line: &String| line.contains(" on task_runs ") && !line.contains("task_runs_pkey");
        let is_bad = |line: &String| {
            scans(line) || line.contains("Sort") || line.contains("Index Scan") && is_other(line)
        };
        if lines.iter().any(is_bad) {
            writeln!(faults, "a write, loaded: {is_loaded}: {sql}\n{}\n", lines.join("\n")).unwrap();
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(checked > 100, "only {checked} statements were found");
}

fn fault(statement: &Statement, lines: &[String], is_loaded: bool) -> Option<String> {
    if let Some(line) = lines.iter().find(|line| scans(line)) {
        return Some(line.trim().to_owned());
    }
    let may_sort = MAY_SORT.iter().any(|words| statement.sql.contains(words));
    if let Some(line) = lines.iter().find(|line| !may_sort && line.contains("Sort")) {
        return Some(line.trim().to_owned());
    }
    let walks = |index: &&&str| lines.iter().any(|line| line.contains(&format!("using {index} ")));
    let missing = statement.indexes.iter().find(|index| !walks(index)).filter(|_| is_loaded);
    missing.map(|index| format!("{index} is not walked"))
}

/// Whether a line of a plan reads a whole table that may be large.
fn scans(line: &str) -> bool {
    let Some((_, rest)) = line.split_once("Seq Scan on ") else { return false };
    let table = rest.split(' ').next().unwrap_or_default();
    !SMALL.contains(&table)
}

/// The statement with places as PostgreSQL has them.
fn numbered(sql: &str) -> String {
    let mut text = String::new();
    let mut unnamed = 0;
    let mut rest = sql.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '?' if rest.peek().is_some_and(char::is_ascii_digit) => text.push('$'),
            '?' => {
                unnamed += 1;
                write!(text, "${unnamed}").unwrap();
            }
            letter => text.push(letter),
        }
    }
    text
}

fn plan(database: &Database, sql: &str) -> Vec<String> {
    let places = (1..100).take_while(|n| sql.contains(&format!("${n}"))).count();
    let values = vec!["null"; places].join(", ");
    let arguments = if places == 0 { String::new() } else { format!("({values})") };
    let session = of_store::postgres_session();
    let sql = format!("{session} set fermata.node = 1; prepare p as {sql}; explain execute p{arguments}");
    let rows = database.query_text(&sql).unwrap();
    rows.into_iter().flatten().flatten().collect()
}

/// Rows in every table that grows, most of them old.
fn load() -> String {
    let id = |text: &str| format!("decode(md5(({text})::text), 'hex')");
    let (run, other) = (id("i"), id("i / 10"));
    let status = "case when i % 100 = 0 then 'suspended' when i % 101 = 0 then 'queued' else 'completed' end";
    let call = "case when i % 100 = 0 then 'pending' when i % 101 = 0 then 'suspended_waiting_child' else 'completed' end";
    let rows = format!("from generate_series(1, {ROWS}) as i");
    format!(
        "insert into task_runs (workspace, id, task_name, task_function_id, task_version, input, seed,
           parent_run_id, parent_call, root_run_id, depth, priority, start_at, created_at, deadline_at, status,
           deliveries, seq, cpu_us, owner_node)
         select 'default', {run}, 'task ' || i % 50, {run}, 1, '{{}}', {run},
           case when i % 3 = 0 then {other} end, case when i % 3 = 0 then 1 end, {other}, 0, 0,
           case when i % 7 = 0 then i end, i, case when i % 11 = 0 then i end, {status}, 0, 0, 0,
           case when i % 200 = 0 then i % 5 end
         {rows};
         insert into stack_runs (workspace, run_id, number, service_name, method_name, args, made_in, seq,
           created_at, status, attempts, due_at, delivery, delivery_clock, end_seq)
         select 'default', {other}, i % 10 + 1, 'http', 'get', '[]', 0, i % 10 + 2, i, {call}, 0,
           case when i % 200 = 0 then i end, case when i % 3 = 0 then i end, case when i % 3 = 0 then i end,
           case when i % 3 = 0 then i end
         {rows};
         insert into task_logs select 'default', {other}, i, i, 'info', 'hello' {rows};
         insert into checkpoints select 'default', {run}, 1, sha256('x'), sha256('x'), 'x', 1 {rows};
         insert into sent_events select 'default', {other}, i, 'paid', '{{}}', 1, case when i % 2 = 0 then 1 end {rows};
         insert into task_state select 'default', 'task ' || i % 50, 'key ' || i, '1', 1, 1 {rows};
         insert into keystore select 'default', 'space ' || i % 100, 'name ' || i, 'value', 1, 'x', 1 {rows};
         insert into keystore_versions
         select 'default', 'space ' || i % 100, 'name ' || i / 10, 1, i % 10 + 1, 'value', 'x', '', 1, null {rows};
         insert into idempotency_keys select 'default', i, sha256('x'), {run}, 1 {rows};
         insert into task_functions (workspace, name, version, id, file_name, source, code, is_module,
           source_hash, created_at)
         select 'default', 'task ' || i % 500, i / 500 + 1, {run}, 'f', 's', 'c', 1, sha256('x'), 1 {rows};
         insert into letters
         select {run}, 'default', {other}, 'event', 'paid', '{{}}', 1, case when i % 50 > 0 then '1' end,
           case when i % 50 > 0 then i end
         {rows};
         insert into objects (workspace, id, run_id, kind, bytes, created_at)
         select 'default', {run}, {other}, 'payload', 100, 1 {rows};
         analyze"
    )
}
