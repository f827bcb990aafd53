//! What the database has to offer, read once when the peer starts.
//!
//! As PostgREST's "Schema Cache"; foreign keys that are seen through views are left out.

use serde::Deserialize;

use super::error::{Error, Result};

/// Gives [`Schema`] as JSON.
pub(super) const STATEMENT: &str = include_str!("schema.sql");

/// All of the exposed schemas.
#[derive(Debug, Deserialize)]
pub(super) struct Schema {
    tables: Vec<Table>,
    keys: Vec<Key>,
    functions: Vec<Function>,
}

/// A table or a view.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) is_view: bool,
    pub(super) columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    /// In SQL, as are all types here.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) default: Option<String>,
}

/// A primary (`p`), unique (`u`) or foreign key (`f`), which has a target in the same schema.
#[derive(Debug, Deserialize)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) kind: char,
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    pub(super) target: Option<String>,
    pub(super) target_columns: Option<Vec<String>>,
}

/// A function.
#[derive(Debug, Deserialize)]
pub(super) struct Function {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) is_set: bool,
    pub(super) is_void: bool,
    pub(super) is_composite: bool,
    /// The table whose rows it returns.
    pub(super) table: Option<String>,
    pub(super) parameters: Vec<Parameter>,
}

/// A parameter of a function.
#[derive(Debug, Deserialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) is_required: bool,
    pub(super) is_variadic: Option<bool>,
}

impl Schema {
    pub(super) fn find_table(&self, schema: &str, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.schema == schema && table.name == name)
    }

    /// The table, or the refusal of one that is not there.
    pub(super) fn table(&self, schema: &str, name: &str) -> Result<&Table> {
        let missing = || {
            let message = format!("Could not find the table '{schema}.{name}' in the schema cache");
            Error::new(404, "PGRST205", message)
        };
        self.find_table(schema, name).ok_or_else(missing)
    }

    /// The keys of a schema.
    pub(super) fn keys<'s>(&'s self, schema: &str) -> impl Iterator<Item = &'s Key> {
        self.keys.iter().filter(move |key| key.schema == schema)
    }

    /// The columns of a table's primary key.
    pub(super) fn primary_key<'s>(&'s self, table: &Table) -> &'s [String] {
        let own = |key: &&Key| key.kind == 'p' && key.table == table.name;
        self.keys(&table.schema).find(own).map(|key| &key.columns[..]).unwrap_or_default()
    }

    /// The functions of this name.
    pub(super) fn functions<'s>(&'s self, schema: &str, name: &str) -> impl Iterator<Item = &'s Function> {
        self.functions.iter().filter(move |function| function.schema == schema && function.name == name)
    }
}

impl Table {
    /// The column, or the refusal of one that is not there.
    pub(super) fn column(&self, name: &str) -> Result<&Column> {
        let missing = || {
            let message =
                format!("Could not find the '{name}' column of '{}' in the schema cache", self.name);
            Error::new(400, "PGRST204", message)
        };
        self.columns.iter().find(|column| column.name == name).ok_or_else(missing)
    }
}
