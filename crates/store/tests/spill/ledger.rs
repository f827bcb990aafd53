//! Ledgers for tests: a store, where its rows are and where its objects are.

use std::path::PathBuf;

use fermata_store::{DatabaseUrl, ObjectInfo, ObjectsPlace, Options, Store};
use fermata_testkit::postgres::Database;
use fermata_testkit::s3::S3Server;
use tempfile::TempDir;

/// A store and what it needs.
pub(crate) struct Ledger {
    // Dropped in this order: the store, then what it uses.
    store: Option<Store>,
    database: Option<Database>,
    pub(crate) s3: Option<S3Server>,
    pub(crate) folder: TempDir,
}

/// Where the rows are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Sqlite,
    Postgres,
}

/// Where the objects are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Folder,
    S3,
}

impl Ledger {
    pub(crate) fn new(rows: Rows, place: Place) -> Self {
        let database = (rows == Rows::Postgres).then(|| Database::create().unwrap());
        let s3 = (place == Place::S3).then(|| S3Server::start().unwrap());
        let mut ledger = Self { store: None, database, s3, folder: tempfile::tempdir().unwrap() };
        ledger.store = Some(ledger.open());
        ledger
    }

    pub(crate) fn plain() -> Self {
        Self::new(Rows::Sqlite, Place::Folder)
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Closes the store and opens it again: nothing is in memory any more.
    pub(crate) fn reopen(&mut self) {
        self.store = None;
        self.store = Some(self.open());
    }

    fn open(&self) -> Store {
        let database = self.database.as_ref().map(|database| DatabaseUrl::parse(database.url()).unwrap());
        let objects = Some(self.place());
        Store::open(self.folder.path(), Options { database, objects, ..Options::default() }).unwrap()
    }

    fn place(&self) -> ObjectsPlace {
        let Some(s3) = &self.s3 else { return ObjectsPlace::Folder(self.objects_folder()) };
        let variables = [
            ("aws_endpoint", s3.url()),
            ("aws_access_key_id", s3.access_key().to_owned()),
            ("aws_secret_access_key", s3.secret_key().to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        ObjectsPlace::parse(&format!("s3://{}/prefix", s3.bucket()), variables).unwrap()
    }

    pub(crate) fn objects_folder(&self) -> PathBuf {
        self.folder.path().join("large")
    }

    /// All objects there are.
    pub(crate) fn objects(&self) -> Vec<ObjectInfo> {
        self.store().objects().unwrap().list(None, 10_000).unwrap()
    }

    /// The one number that a query gives.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        match &self.database {
            Some(database) => {
                // The store's tables have a schema of their own.
                let rows = database.query_text(&format!("set search_path = fermata; {sql}")).unwrap();
                rows.last().unwrap()[0].as_ref().unwrap().parse().unwrap()
            }
            None => {
                let path = self.folder.path().join("fermata.db");
                let database = rusqlite::Connection::open(path).unwrap();
                database.query_row(sql, [], |row| row.get(0)).unwrap()
            }
        }
    }
}
