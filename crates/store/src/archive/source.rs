//! Reading a ledger in one state, while others may write to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Place;
use super::database::Database;
use super::error::ArchiveError;
use super::files;
use super::format::{Header, Sink, Totals};
use super::objects;
use super::progress::{Counted, Progress, Stage};
use super::row::Digest;
use super::tables::TABLES;
use crate::db_error::DbError;
use crate::error::OpenError;
use crate::folder::{self, Folder};
use crate::objects::ObjectsPlace;
use crate::open::DatabaseUrl;
use crate::postgres::connection::{Connection, Server};
use crate::tables::nodes;
use crate::{open, postgres, schema, sqlite};

/// A ledger that is read.
pub(super) struct Source {
    database: Database,
    objects: ObjectsPlace,
    /// Where workspaces have SQLite files, if they may have any.
    files: Option<PathBuf>,
    /// Held where nobody may write meanwhile.
    _folder: Option<Arc<Folder>>,
}

impl Source {
    /// Opens a ledger that others may be writing to.
    pub(super) fn open(place: &Place) -> Result<Self, ArchiveError> {
        let database = match &place.options.database {
            None => open_embedded(place)?,
            Some(url) => open_shared(url)?,
        };
        let files = (!database.is_postgres()).then(|| folder::sql_of(&place.folder));
        Ok(Self { database, objects: objects::place_of(place), files, _folder: None })
    }

    /// Opens a ledger that nobody may be writing to.
    pub(super) fn open_at_rest(place: &Place) -> Result<Self, ArchiveError> {
        match &place.options.database {
            None => {
                // Looked at before the lock, which makes the folder.
                refuse_missing(place)?;
                let folder = Arc::new(Folder::lock(&place.folder)?);
                Ok(Self { _folder: Some(folder), ..Self::open(place)? })
            }
            Some(url) => {
                let mut source = Self::open(place)?;
                if let Database::Postgres(connection) = &mut source.database {
                    refuse_working_nodes(connection, url)?;
                }
                Ok(source)
            }
        }
    }

    /// What the archive says of itself.
    pub(super) fn header(&self, program: &str) -> Header {
        Header {
            schema: schema::known(),
            made_at: open::now(),
            source: if self.database.is_postgres() { "postgresql" } else { "sqlite" }.to_owned(),
            program: program.to_owned(),
            tables: TABLES.iter().map(|table| table.name.to_owned()).collect(),
        }
    }

    /// The folder, where it is held.
    pub(super) fn folder(&self) -> Option<&Arc<Folder>> {
        self._folder.as_ref()
    }

    /// Where the objects lie.
    pub(super) fn objects(&self) -> &ObjectsPlace {
        &self.objects
    }

    /// Hands the ledger to `sink` as it is at the beginning of this, and then the files of workspaces. A copy of
    /// each is made beside `beside`.
    pub(super) fn replay(
        &mut self,
        sink: &mut dyn Sink,
        beside: &Path,
        told: &mut dyn FnMut(Progress),
    ) -> Result<Totals, ArchiveError> {
        let failed = |source: DbError| ArchiveError::Read { table: TABLES[0].name.to_owned(), source };
        self.database.begin_snapshot().map_err(failed)?;
        let mut totals = Totals::default();
        let objects = self.replay_tables(sink, &mut totals, told)?;
        let mut counted = Counted::begin(told, Stage::Objects, Some(objects));
        objects::each(&mut self.database, &self.objects, &mut |name, bytes| {
            totals.objects.add(&[name.to_string().as_bytes(), &bytes]);
            counted.add(1);
            sink.object(&name, bytes)
        })?;
        drop(counted);
        self.replay_files(sink, beside, &mut totals, told)?;
        Ok(totals)
    }

    fn replay_files(
        &self,
        sink: &mut dyn Sink,
        beside: &Path,
        totals: &mut Totals,
        told: &mut dyn FnMut(Progress),
    ) -> Result<(), ArchiveError> {
        let Some(folder) = &self.files else { return Ok(()) };
        let workspaces = files::workspaces(folder)?;
        if workspaces.is_empty() {
            return Ok(());
        }
        let mut counted = Counted::begin(told, Stage::Files, Some(workspaces.len() as u64));
        files::hand_on(folder, &workspaces, beside, sink, totals, &mut counted)
    }

    /// Hands the tables on, and says how many rows the last of them has: the objects there are.
    fn replay_tables(
        &mut self,
        sink: &mut dyn Sink,
        totals: &mut Totals,
        told: &mut dyn FnMut(Progress),
    ) -> Result<u64, ArchiveError> {
        let mut counted = Counted::begin(told, Stage::Rows, None);
        let mut scratch = Vec::new();
        let mut last = 0;
        for table in TABLES.iter() {
            sink.table(&table.shape())?;
            let mut rows = Digest::default();
            self.database.each(table.name, &table.select(), &mut |row| {
                rows.add_row(row, &mut scratch);
                counted.add(1);
                sink.row(row)
            })?;
            sink.table_end(rows)?;
            totals.rows += rows.count;
            last = rows.count;
        }
        Ok(last)
    }
}

fn refuse_missing(place: &Place) -> Result<(), ArchiveError> {
    let is_there = place.folder.join("fermata.db").is_file();
    if is_there { Ok(()) } else { Err(ArchiveError::NoLedger { place: place.describe() }) }
}

fn open_embedded(place: &Place) -> Result<Database, ArchiveError> {
    refuse_missing(place)?;
    let path = place.folder.join("fermata.db");
    let failed = |error| OpenError::database("open", &path, sqlite::named(error));
    let connection = sqlite::connection::open_reader(&path).map_err(failed)?;
    refuse_other_schema(Some(sqlite::migrate::found(&connection).map_err(failed)?), place.describe())?;
    Ok(Database::Sqlite(connection))
}

fn open_shared(url: &DatabaseUrl) -> Result<Database, ArchiveError> {
    let failed = |action| move |error: DbError| OpenError::server(action, url, error);
    let server = Server::new(url, "fermata backup").map_err(failed("read the address of"))?;
    let mut connection = Connection::open(&server).map_err(failed("open"))?;
    let found = postgres::migrate::found(&mut connection).map_err(failed("read the schema of"))?;
    refuse_other_schema(found, url.to_string())?;
    // However long something takes in between: the snapshot must last.
    connection
        .batch("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
        .map_err(failed("open"))?;
    Ok(Database::Postgres(Box::new(connection)))
}

fn refuse_other_schema(found: Option<u32>, place: String) -> Result<(), ArchiveError> {
    let known = schema::known();
    match found {
        None | Some(0) => Err(ArchiveError::NoLedger { place }),
        Some(found) if found > known => Err(OpenError::NewerSchema { found, known }.into()),
        Some(found) if found < known => Err(ArchiveError::OlderLedger { found, known }),
        Some(_) => Ok(()),
    }
}

fn refuse_working_nodes(connection: &mut Connection, url: &DatabaseUrl) -> Result<(), ArchiveError> {
    let failed = |error| OpenError::server("read the nodes of", url, error);
    let now = postgres::open::database_now(connection).map_err(failed)?;
    let nodes = nodes::list(connection).map_err(failed)?;
    let at_work = nodes.into_iter().find(|node| node.state != "down" && node.seen_at + node.lease_ms >= now);
    match at_work {
        Some(node) => Err(ArchiveError::AtWork { node: node.name, place: url.to_string() }),
        None => Ok(()),
    }
}
