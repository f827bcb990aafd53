//! How the databases go about each statement: never through a whole table, never by sorting, and
//! along the index that the statement's comment names.

use fermata_store::statements;

use crate::place::{Ledger, Place};

/// A file with statements, and the text of it.
pub(crate) type File = (&'static str, &'static str);

/// Statements for both databases.
pub(crate) const FILES: [File; 19] = [
    ("calls", include_str!("../../src/tables/calls.rs")),
    ("calls/wake", include_str!("../../src/tables/calls/wake.rs")),
    ("checkpoints", include_str!("../../src/tables/checkpoints.rs")),
    ("idempotency", include_str!("../../src/tables/idempotency.rs")),
    ("keystore", include_str!("../../src/tables/keystore.rs")),
    ("keystore/versions", include_str!("../../src/tables/keystore/versions.rs")),
    ("letters", include_str!("../../src/tables/letters.rs")),
    ("logs", include_str!("../../src/tables/logs.rs")),
    ("nodes", include_str!("../../src/tables/nodes.rs")),
    ("objects", include_str!("../../src/tables/objects.rs")),
    ("runs", include_str!("../../src/tables/runs.rs")),
    ("runs/list", include_str!("../../src/tables/runs/list.rs")),
    ("runs/wake", include_str!("../../src/tables/runs/wake.rs")),
    ("sent_events", include_str!("../../src/tables/sent_events.rs")),
    ("state", include_str!("../../src/tables/state.rs")),
    ("stream", include_str!("../../src/tables/stream.rs")),
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
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) indexes: Vec<&'static str>,
    /// With a hint that only SQLite knows.
    pub(crate) is_hinted: bool,
    /// There is one with a hint for SQLite.
    pub(crate) has_hinted_twin: bool,
}

pub(crate) fn statements(source: &'static str) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    let (mut code, mut indexes, mut has_hint) = ("", Vec::new(), false);
    let (mut select, mut hint, mut conditions) = ("", "", "");
    // Between quotes is text, outside is code: none of the files escapes a quote.
    for (n, piece) in source.split('"').enumerate() {
        if n % 2 == 0 {
            code = piece;
            if code.contains("fn ") {
                indexes = indexes_named(code);
                has_hint = false;
            }
            continue;
        }
        let begins = |word: &str| piece.trim_start().starts_with(word);
        let mut add = |sql: String, is_hinted: bool, has_hinted_twin: bool| {
            found.push(Statement { sql, indexes: indexes.clone(), is_hinted, has_hinted_twin });
        };
        if code.contains("concat!(") {
            select = piece;
        } else if code.contains("$index") {
            conditions = piece;
        } else if begins("indexed by") {
            (hint, has_hint) = (piece, true);
        } else if begins("and ") && !piece.starts_with('\\') {
            let is_hinted = !hint.is_empty();
            add([select, hint, conditions, piece].concat(), is_hinted, has_hint && !is_hinted);
            hint = "";
        } else if ["select ", "update ", "delete ", "with "].iter().any(|word| begins(word)) {
            let shapes = if piece.contains("{}") { &RUN_LISTS[..] } else { &[""] };
            for shape in shapes {
                add(piece.replacen("{}", shape, 1).replace("{}", ""), false, false);
            }
        }
    }
    found
}

fn indexes_named(code: &'static str) -> Vec<&'static str> {
    let names = code.split('`').skip(1).step_by(2);
    let is_index =
        |name: &&str| ["task_runs_", "stack_runs_", "letters_"].iter().any(|of| name.starts_with(of));
    names.filter(is_index).collect()
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
    let Ledger { store, folder, .. } = Ledger::new(&Place::Sqlite);
    drop(store);
    let database = rusqlite::Connection::open(folder.path().join("fermata.db")).unwrap();
    // `counted` is a bounded subquery, `newest` has three rows, of `tokens` one row is looked at; nodes
    // and letters without an answer are few.
    let may_scan = [
        "SCAN newest",
        "SCAN nodes USING INDEX sqlite_autoindex_nodes_1",
        "SCAN l USING INDEX letters_unanswered",
        "SCAN counted",
        "SCAN CONSTANT ROW",
        "SCAN tokens",
        "SCAN task_runs USING INDEX task_runs_unfinished",
    ];
    let mut checked = 0;
    for (name, source) in FILES {
        for Statement { sql, indexes, .. } in statements(source).into_iter().filter(|s| !s.has_hinted_twin) {
            let lines = plan(&database, &sql);
            let bad = |line: &&String| {
                line.contains("TEMP B-TREE") || line.starts_with("SCAN") && !may_scan.contains(&line.as_str())
            };
            assert_eq!(lines.iter().find(bad), None, "{name}: {sql}");
            // A run that is looked up is found at once, not walked to.
            let walks_to_run = |line: &&String| line.contains("SEARCH r ") && !line.contains("id=?");
            assert_eq!(lines.iter().find(walks_to_run), None, "{name}: {sql}");
            // An embedded store has no letters.
            for index in indexes.into_iter().filter(|index| !index.starts_with("letters_")) {
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
    for write in statements::writes() {
        let lines = plan(&database, write.sqlite);
        assert!(!lines.iter().any(|line| line.starts_with("SCAN")), "{}: {lines:#?}", write.sqlite);
    }
}
