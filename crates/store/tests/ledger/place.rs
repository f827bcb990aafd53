//! Where a test keeps its ledger: in SQLite, and then the same again in PostgreSQL.

use std::path::Path;
use std::sync::Arc;

use fermata_model::seal::Key;
use fermata_store::{Change, DatabaseUrl, Options, Store};
use fermata_testkit::postgres::Database;

/// A database to make ledgers in.
pub(crate) enum Place {
    Sqlite,
    /// Ledgers have databases of their own on the server of this one.
    Postgres(Box<Database>),
}

/// Runs a test on each database.
#[expect(clippy::print_stdout, reason = "the captured output of a test that fails tells where it did")]
pub(crate) fn on_both(test: impl Fn(&Place)) {
    test(&Place::Sqlite);
    let place = Place::postgres();
    println!("SQLite is through; PostgreSQL begins");
    test(&place);
}

impl Place {
    pub(crate) fn postgres() -> Self {
        Self::Postgres(Box::new(Database::create().unwrap()))
    }

    /// A fresh database, where the place needs one.
    pub(crate) fn database(&self) -> Option<Arc<Database>> {
        let Self::Postgres(home) = self else { return None };
        let made = match home.server() {
            Some(server) => Database::create_on(&server.url()),
            None => Database::create(),
        };
        Some(Arc::new(made.unwrap()))
    }
}

/// How a store is opened on `database`, or in its folder.
pub(crate) fn options(database: Option<&Database>) -> Options {
    let url = database.map(|database| DatabaseUrl::parse(database.url()).unwrap());
    Options { database: url, ..Options::default() }
}

/// A store in a folder that goes away with it.
pub(crate) struct Ledger {
    pub(crate) store: Store,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database: Option<Arc<Database>>,
}

impl Ledger {
    pub(crate) fn new(place: &Place) -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), place.database());
        let store = Store::open(folder.path(), options(database.as_deref())).unwrap();
        Self { store, folder, database }
    }

    pub(crate) fn with(place: &Place, changes: Vec<Change>) -> Self {
        let ledger = Self::new(place);
        ledger.store.commit(changes).unwrap();
        ledger
    }

    /// Executes SQL beside the store.
    pub(crate) fn execute(&self, sql: &str) {
        execute(self.folder.path(), self.database.as_deref(), sql);
    }
}

/// Executes SQL on a ledger's database, whether a store has it open or not.
pub(crate) fn execute(folder: &Path, database: Option<&Database>, sql: &str) {
    match database {
        None => {
            rusqlite::Connection::open(folder.join("fermata.db")).unwrap().execute_batch(sql).unwrap();
        }
        Some(database) => database.execute(&format!("set search_path = fermata; {sql}")).unwrap(),
    }
}

/// Rows as text that is the same for both databases.
pub(crate) fn rows(folder: &Path, database: Option<&Database>, sql: &str) -> Vec<Vec<Option<String>>> {
    match database {
        None => rows_of_sqlite(folder, sql),
        Some(database) => database.query_text(&format!("set search_path = fermata; {sql}")).unwrap(),
    }
}

fn rows_of_sqlite(folder: &Path, sql: &str) -> Vec<Vec<Option<String>>> {
    use rusqlite::types::Value;
    let text = |value| match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
        Value::Blob(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Some(format!("\\x{digits}"))
        }
    };
    let database = rusqlite::Connection::open(folder.join("fermata.db")).unwrap();
    let mut statement = database.prepare(sql).unwrap();
    let width = statement.column_count();
    let read = statement.query_map([], |row| (0..width).map(|n| row.get(n).map(text)).collect());
    read.unwrap().map(Result::unwrap).collect()
}

/// The options of a node that opens with the key that all share.
pub(crate) fn with_key(database: Option<&Database>, key: u8) -> Options {
    Options { master_key: Some(Key::new([key; 32])), ..options(database) }
}
