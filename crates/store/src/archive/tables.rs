//! Which tables and columns are copied. A test compares the list with the schemas, so that a new table
//! cannot be forgotten.
//!
//! Not copied: `nodes` and `node_commits`, which tell of processes; `task_runs.owner_node`, because nobody
//! owns runs that were restored; letters that were answered, and so the columns of the answer; and
//! `migrations`, which the target writes itself.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::tables::{
    calls, checkpoints, idempotency, keystore, letters, logs, objects, runs, sent_events, state, tasks,
    tokens, workspaces,
};
use crate::write::{Column, Write};

/// A table that is copied.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// How many of the first columns are the primary key.
    keys: usize,
    columns: Vec<Column>,
    /// Which rows are copied; empty for all.
    only: &'static str,
}

impl Table {
    fn of(name: &'static str, keys: usize, write: &Write) -> Self {
        Self { name, keys, columns: write.columns.clone(), only: "" }
    }

    fn without(mut self, left_out: &str) -> Self {
        self.columns.retain(|(name, _)| *name != left_out);
        self
    }

    /// The statement that reads it in the order of its key.
    pub(super) fn select(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let (all, keys) = (names.join(", "), names[..self.keys].join(", "));
        format!("select {all} from {} {} order by {keys}", self.name, self.only)
    }

    /// The table as an archive tells of it.
    pub(super) fn shape(&self) -> Shape {
        let column = |(name, kind): &Column| (name.to_string(), *kind);
        Shape { name: self.name.to_owned(), columns: self.columns.iter().map(column).collect() }
    }
}

/// A table as an archive tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) columns: Vec<(String, crate::value::Kind)>,
}

impl Shape {
    /// Whether names and columns can be written into a statement as they are.
    pub(super) fn is_plain(&self) -> bool {
        let is_word =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        !self.columns.is_empty() && is_word(&self.name) && self.columns.iter().all(|(name, _)| is_word(name))
    }

    /// The names of the columns, with commas between.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }
}

/// The table that lists the objects.
pub(super) const OBJECTS: &str = "objects";

/// Every table that is copied, in this order: the columns are those that its rows are made with.
pub(super) static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    vec![
        Table::of("workspaces", 1, &workspaces::INSERT),
        Table::of("tokens", 1, &tokens::PUT),
        Table::of("task_functions", 3, &tasks::INSERT),
        Table::of("task_runs", 2, &runs::INSERT).without("owner_node"),
        Table::of("stack_runs", 3, &calls::INSERT),
        Table::of("task_logs", 3, &logs::INSERT),
        Table::of("checkpoints", 2, &checkpoints::PUT),
        Table::of("sent_events", 3, &sent_events::INSERT),
        Table::of("task_state", 3, &state::INSERT),
        Table::of("keystore", 3, &keystore::INSERT),
        Table::of("keystore_versions", 5, &keystore::versions::KEEP),
        Table::of("idempotency_keys", 2, &idempotency::INSERT),
        Table { only: "where answered_at is null", ..Table::of("letters", 1, &letters::INSERT) },
        Table::of(OBJECTS, 2, &objects::INSERT),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;
    use crate::value::Kind::{Blob, Int, Text};

    /// Tables that are not copied.
    const LEFT_OUT: [&str; 2] = ["migrations", "nodes"];
    /// Columns that are not copied.
    const COLUMNS_LEFT_OUT: [(&str, &str); 3] =
        [("task_runs", "owner_node"), ("letters", "answer"), ("letters", "answered_at")];

    fn migrated() -> rusqlite::Connection {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        crate::sqlite::migrate::migrate_to(&database, schema::known(), 0).unwrap();
        database
    }

    #[test]
    fn every_table_and_column_of_the_schema_is_copied_or_left_out_on_purpose() {
        let database = migrated();
        let sql = "
            select m.name, c.name, c.type
            from sqlite_master as m, pragma_table_info(m.name) as c
            where m.type = 'table'
            order by m.name, c.cid";
        let mut statement = database.prepare(sql).unwrap();
        let cell = |row: &rusqlite::Row<'_>, at| row.get::<_, String>(at);
        let rows = statement.query_map([], |row| Ok((cell(row, 0)?, cell(row, 1)?, cell(row, 2)?))).unwrap();
        let mut found: Vec<(String, String, String)> = rows.map(Result::unwrap).collect();
        found.retain(|(table, column, _)| {
            !LEFT_OUT.contains(&table.as_str())
                && !COLUMNS_LEFT_OUT.contains(&(table.as_str(), column.as_str()))
        });
        let mut listed = Vec::new();
        for table in TABLES.iter() {
            for (name, kind) in &table.columns {
                let kind = match kind {
                    Int => "INTEGER",
                    Text => "TEXT",
                    Blob => "BLOB",
                };
                listed.push((table.name.to_owned(), name.to_string(), kind.to_owned()));
            }
        }
        found.sort();
        listed.sort();
        assert_eq!(listed, found);
    }

    #[test]
    fn the_first_columns_are_the_key() {
        let database = migrated();
        for table in TABLES.iter() {
            let sql = "
                select name
                from pragma_table_info(?1)
                where pk > 0
                order by pk";
            let mut statement = database.prepare(sql).unwrap();
            let keys = statement.query_map([table.name], |row| row.get::<_, String>(0)).unwrap();
            let keys: Vec<String> = keys.map(Result::unwrap).collect();
            let listed: Vec<&str> = table.columns[..table.keys].iter().map(|(name, _)| *name).collect();
            assert_eq!(listed, keys, "{}", table.name);
            assert!(table.shape().is_plain(), "{}", table.name);
        }
    }

    #[test]
    fn only_plain_words_come_into_a_statement() {
        let shape =
            |name: &str, column: &str| Shape { name: name.into(), columns: vec![(column.into(), Int)] };
        assert!(shape("task_runs", "id").is_plain());
        for wrong in ["", "a b", "a;", "\"a\"", "A", "a.b"] {
            assert!(!shape(wrong, "id").is_plain(), "{wrong}");
            assert!(!shape("task_runs", wrong).is_plain(), "{wrong}");
        }
        assert!(!Shape { name: "task_runs".into(), columns: vec![] }.is_plain());
    }
}
