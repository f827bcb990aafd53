//! How the database goes about each statement: never through a whole table, never by sorting, and
//! along the index that the statement's comment names.

use crate::records::Ledger;

const FILES: [(&str, &str); 14] = [
    ("calls", include_str!("../../src/tables/calls.rs")),
    ("calls/wake", include_str!("../../src/tables/calls/wake.rs")),
    ("checkpoints", include_str!("../../src/tables/checkpoints.rs")),
    ("idempotency", include_str!("../../src/tables/idempotency.rs")),
    ("keystore", include_str!("../../src/tables/keystore.rs")),
    ("logs", include_str!("../../src/tables/logs.rs")),
    ("nodes", include_str!("../../src/tables/nodes.rs")),
    ("runs", include_str!("../../src/tables/runs.rs")),
    ("runs/list", include_str!("../../src/tables/runs/list.rs")),
    ("runs/wake", include_str!("../../src/tables/runs/wake.rs")),
    ("sent_events", include_str!("../../src/tables/sent_events.rs")),
    ("tasks", include_str!("../../src/tables/tasks.rs")),
    ("tokens", include_str!("../../src/tables/tokens.rs")),
    ("workspaces", include_str!("../../src/tables/workspaces.rs")),
];

/// The shapes of the list of runs.
const RUN_LISTS: [&str; 7] = [
    "workspace = ?",
    "workspace = ? and id < ?",
    "workspace = ? and id < ? and created_at >= ? and status in (?)",
    "workspace = ? and id < ? and task_name = ?",
    "workspace = ? and task_name = ? and status in (?, ?)",
    "workspace = ? and parent_run_id = ? and status in (?)",
    "workspace = ? and parent_run_id is not null and root_run_id = ?",
];

/// A statement of the store and the indexes that the comment above it names.
struct Statement {
    sql: String,
    indexes: Vec<&'static str>,
}

fn statements(source: &'static str) -> Vec<Statement> {
    let mut found = Vec::new();
    let (mut code, mut indexes) = ("", Vec::new());
    let (mut select, mut hint, mut conditions) = ("", "", "");
    // Between quotes is text, outside is code: none of the files escapes a quote.
    for (n, piece) in source.split('"').enumerate() {
        if n % 2 == 0 {
            code = piece;
            if code.contains("fn ") {
                indexes = indexes_named(code);
            }
            continue;
        }
        let begins = |word: &str| piece.trim_start().starts_with(word);
        if code.contains("concat!(") {
            select = piece;
        } else if code.contains("$index") {
            conditions = piece;
        } else if begins("indexed by") {
            hint = piece;
        } else if begins("and ") && !piece.starts_with('\\') {
            let sql = [select, hint, conditions, piece].concat();
            found.push(Statement { sql, indexes: indexes.clone() });
            hint = "";
        } else if begins("select") || begins("update") || begins("delete") {
            let shapes = if piece.contains("{}") { &RUN_LISTS[..] } else { &[""] };
            let sqls = shapes.iter().map(|shape| piece.replace("{}", shape));
            found.extend(sqls.map(|sql| Statement { sql, indexes: indexes.clone() }));
        }
    }
    found
}

fn indexes_named(code: &'static str) -> Vec<&'static str> {
    let names = code.split('`').skip(1).step_by(2);
    names.filter(|name| name.starts_with("task_runs_") || name.starts_with("stack_runs_")).collect()
}

fn plan(database: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(&format!("explain query plan {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        lines.push(row.get(3).unwrap());
    }
    lines
}

#[test]
fn every_statement_walks_an_index() {
    let Ledger { store, folder } = Ledger::new();
    drop(store);
    let database = rusqlite::Connection::open(folder.path().join("fermata.db")).unwrap();
    // `counted` is a bounded subquery; of `tokens` one row is looked at.
    let may_scan = [
        "SCAN counted",
        "SCAN CONSTANT ROW",
        "SCAN tokens",
        "SCAN task_runs USING INDEX task_runs_unfinished",
    ];
    let mut checked = 0;
    for (name, source) in FILES {
        for Statement { sql, indexes } in statements(source) {
            let lines = plan(&database, &sql);
            let bad = |line: &&String| {
                line.contains("TEMP B-TREE") || line.starts_with("SCAN") && !may_scan.contains(&line.as_str())
            };
            assert_eq!(lines.iter().find(bad), None, "{name}: {sql}");
            // A run that is looked up is found at once, not walked to.
            let walks_to_run = |line: &&String| line.contains("SEARCH r ") && !line.contains("id=?");
            assert_eq!(lines.iter().find(walks_to_run), None, "{name}: {sql}");
            for index in indexes {
                let walks = lines.iter().any(|line| line.contains(&format!("INDEX {index} ")));
                assert!(
                    walks || lines.iter().any(|line| line.ends_with(index)),
                    "{index}, {name}: {sql}: {lines:#?}"
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} statements were found");
}
