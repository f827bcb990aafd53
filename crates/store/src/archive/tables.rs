//! Which tables and columns are copied. A test compares the list with the schemas, so that a new table
//! cannot be forgotten.
//!
//! Not copied: `nodes` and `node_commits`, which tell of processes; `task_runs.owner_node`, because nobody
//! owns runs that were restored; letters that were answered, and so the columns of the answer; and
//! `migrations`, which the target writes itself.

use serde::{Deserialize, Serialize};

use crate::value::Kind::{Blob, Int, Text};
use crate::write::Column;

/// A table that is copied.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// How many of the first columns are the primary key.
    keys: usize,
    columns: &'static [Column],
    /// Which rows are copied; empty for all.
    only: &'static str,
}

impl Table {
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

/// Every table that is copied, in this order.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "workspaces",
        keys: 1,
        columns: &[("id", Text), ("wrapped_key", Blob), ("created_at", Int)],
        only: "",
    },
    Table {
        name: "tokens",
        keys: 1,
        columns: &[("hash", Blob), ("workspace", Text), ("name", Text), ("created_at", Int)],
        only: "",
    },
    Table {
        name: "task_functions",
        keys: 3,
        columns: &[
            ("workspace", Text),
            ("name", Text),
            ("version", Int),
            ("id", Blob),
            ("file_name", Text),
            ("source", Text),
            ("code", Text),
            ("is_module", Int),
            ("source_map", Text),
            ("source_hash", Blob),
            ("description", Text),
            ("input_schema", Text),
            ("config", Text),
            ("created_at", Int),
        ],
        only: "",
    },
    Table {
        name: "task_runs",
        keys: 2,
        columns: &[
            ("workspace", Text),
            ("id", Blob),
            ("task_name", Text),
            ("task_function_id", Blob),
            ("task_version", Int),
            ("input", Text),
            ("seed", Blob),
            ("parent_run_id", Blob),
            ("parent_call", Int),
            ("root_run_id", Blob),
            ("depth", Int),
            ("priority", Int),
            ("start_at", Int),
            ("created_at", Int),
            ("deadline_at", Int),
            ("status", Text),
            ("deliveries", Int),
            ("seq", Int),
            ("cpu_us", Int),
            ("started_at", Int),
            ("ended_at", Int),
            ("cancelled_at", Int),
            ("result", Text),
            ("error", Text),
        ],
        only: "",
    },
    Table {
        name: "stack_runs",
        keys: 3,
        columns: &[
            ("workspace", Text),
            ("run_id", Blob),
            ("number", Int),
            ("service_name", Text),
            ("method_name", Text),
            ("args", Text),
            ("made_in", Int),
            ("seq", Int),
            ("created_at", Int),
            ("status", Text),
            ("attempts", Int),
            ("due_at", Int),
            ("awaits", Text),
            ("child_run_id", Blob),
            ("result", Text),
            ("error", Text),
            ("delivery", Int),
            ("delivery_clock", Int),
            ("ended_at", Int),
            ("end_seq", Int),
        ],
        only: "",
    },
    Table {
        name: "task_logs",
        keys: 3,
        columns: &[
            ("workspace", Text),
            ("run_id", Blob),
            ("seq", Int),
            ("at", Int),
            ("level", Text),
            ("message", Text),
            ("data", Text),
        ],
        only: "",
    },
    Table {
        name: "checkpoints",
        keys: 2,
        columns: &[
            ("workspace", Text),
            ("run_id", Blob),
            ("delivery", Int),
            ("engine", Blob),
            ("heap_hash", Blob),
            ("sealed", Blob),
            ("taken_at", Int),
        ],
        only: "",
    },
    Table {
        name: "sent_events",
        keys: 3,
        columns: &[
            ("workspace", Text),
            ("run_id", Blob),
            ("number", Int),
            ("name", Text),
            ("payload", Text),
            ("sent_at", Int),
            ("taken_by", Int),
        ],
        only: "",
    },
    Table {
        name: "keystore",
        keys: 3,
        columns: &[
            ("workspace", Text),
            ("namespace", Text),
            ("name", Text),
            ("kind", Text),
            ("version", Int),
            ("sealed", Blob),
            ("updated_at", Int),
        ],
        only: "",
    },
    Table {
        name: "idempotency_keys",
        keys: 2,
        columns: &[
            ("workspace", Text),
            ("key", Text),
            ("request_hash", Blob),
            ("run_id", Blob),
            ("created_at", Int),
        ],
        only: "",
    },
    Table {
        name: "letters",
        keys: 1,
        columns: &[
            ("id", Blob),
            ("workspace", Text),
            ("run_id", Blob),
            ("kind", Text),
            ("name", Text),
            ("payload", Text),
            ("sent_at", Int),
        ],
        only: "where answered_at is null",
    },
    Table {
        name: OBJECTS,
        keys: 2,
        columns: &[
            ("workspace", Text),
            ("id", Blob),
            ("run_id", Blob),
            ("kind", Text),
            ("bytes", Int),
            ("created_at", Int),
        ],
        only: "",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

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
        for table in TABLES {
            for (name, kind) in table.columns {
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
        for table in TABLES {
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
