//! Writing a ledger into an empty place. Nothing of it can be seen before all of it was read back.

mod files;
mod postgres;
mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use fermata_model::WorkspaceId;

use super::database::Database;
use super::error::ArchiveError;
use super::format::{Sink, Totals};
use super::progress::{Counted, Progress, Stage};
use super::row::Digest;
use super::tables::Shape;
use super::{KeyState, Place, objects};
use crate::cells::Cell;
use crate::error::OpenError;
use crate::folder::Folder;
use crate::master_key;
use crate::objects::{ObjectName, Objects, ObjectsPlace};
use crate::postgres::without_nul;
use crate::value::Value;

/// Objects written at the same time.
const OBJECTS_AT_ONCE: usize = 16;
/// Bytes of objects that wait to be written.
const OBJECT_BYTES_WAITING: usize = 64 << 20;
/// Objects deleted at the same time.
const DELETED_AT_ONCE: usize = 500;

/// A ledger that is being written.
pub(super) struct Target {
    database: Database,
    /// The table whose rows follow.
    table: Option<Open>,
    /// What was written.
    tables: Vec<(Shape, Digest)>,
    rows: postgres::Rows,
    objects: TargetObjects,
    files: files::Files,
    folder: Arc<Folder>,
    place: Place,
    schema: u32,
    scratch: Vec<u8>,
}

/// A table that is being written.
struct Open {
    shape: Shape,
    insert: String,
    digest: Digest,
}

/// Where the objects go.
struct TargetObjects {
    place: ObjectsPlace,
    opened: Option<Objects>,
    /// They are there already, because the source keeps them in the same place.
    are_there: bool,
    waiting: Vec<(ObjectName, Bytes)>,
    waiting_bytes: usize,
    digest: Digest,
}

impl Target {
    /// Makes the schema `schema` in a place that must have nothing. `source` is where the objects come
    /// from, when they may stay there; `folder` is the source's, if it is held already.
    pub(super) fn begin(
        place: &Place,
        schema: u32,
        source: Option<&ObjectsPlace>,
        folder: Option<&Arc<Folder>>,
    ) -> Result<Self, ArchiveError> {
        let same = folder.filter(|folder| is_same_folder(folder.path(), &place.folder));
        let folder = match same {
            Some(folder) => folder.clone(),
            None => Arc::new(Folder::lock(&place.folder)?),
        };
        let objects = TargetObjects::begin(objects::place_of(place), source)?;
        let files = files::Files::begin(&folder, same.is_some());
        if place.options.database.is_none() {
            files.refuse_others(&folder)?;
        }
        let database = match &place.options.database {
            None => Database::Sqlite(sqlite::begin(&folder, schema)?),
            Some(url) => Database::Postgres(Box::new(postgres::begin(url, schema)?)),
        };
        Ok(Self {
            database,
            table: None,
            tables: Vec::new(),
            rows: postgres::Rows::default(),
            objects,
            files,
            folder,
            place: place.clone(),
            schema,
            scratch: Vec::new(),
        })
    }

    /// Where the master key belongs.
    pub(super) fn key_path(&self) -> PathBuf {
        self.folder.master_key()
    }

    /// Reads everything back and compares it with what was written, then makes it last. Says whether
    /// the master key that is there opens it.
    pub(super) fn finish(
        &mut self,
        totals: &Totals,
        told: &mut dyn FnMut(Progress),
    ) -> Result<KeyState, ArchiveError> {
        self.objects.flush()?;
        self.read_back(totals, told)?;
        let key = self.key_state()?;
        // Before the ledger, which is not there without them.
        self.files.keep()?;
        match (&mut self.database, &self.place.options.database) {
            (Database::Sqlite(connection), _) => sqlite::finish(connection, &self.folder, self.schema)?,
            (Database::Postgres(connection), Some(url)) => postgres::finish(connection, url)?,
            (Database::Postgres(_), None) => {}
        }
        Ok(key)
    }

    /// Removes what was written so far, as far as that can be done.
    pub(super) fn abandon(&mut self) {
        self.files.abandon();
        if let Err(error) = self.remove_objects() {
            let place = self.objects.describe();
            tracing::warn!(place, error = &error as &dyn std::error::Error, "Objects were left behind");
        }
        match &mut self.database {
            Database::Sqlite(_) => sqlite::abandon(&self.folder),
            // The transaction ends with the connection.
            Database::Postgres(_) => {}
        }
    }

    fn remove_objects(&mut self) -> Result<(), ArchiveError> {
        let Some(objects) = self.objects.opened.clone().filter(|_| !self.objects.are_there) else {
            return Ok(());
        };
        let mut names = Vec::new();
        objects::each_name(&mut self.database, &mut |name, _| {
            names.push(name);
            if names.len() >= DELETED_AT_ONCE {
                objects.delete(std::mem::take(&mut names))?;
            }
            Ok(())
        })?;
        objects.delete(names)?;
        Ok(())
    }

    fn read_back(&mut self, totals: &Totals, told: &mut dyn FnMut(Progress)) -> Result<(), ArchiveError> {
        let mut counted = Counted::begin(told, Stage::ReadingBack, Some(totals.count()));
        for (shape, written) in &self.tables {
            let mut found = Digest::default();
            let sql = format!("select {} from {}", shape.names(), shape.name);
            self.database.each(&shape.name, &sql, &mut |row| {
                found.add_row(row, &mut self.scratch);
                counted.add(1);
                Ok(())
            })?;
            if found != *written {
                return Err(differs(&self.place, format!("the rows of the table {}", shape.name)));
            }
        }
        let mut found = Digest::default();
        objects::each(&mut self.database, &self.objects.place, &mut |name, bytes| {
            found.add(&[name.to_string().as_bytes(), &bytes]);
            counted.add(1);
            Ok(())
        })?;
        if found != totals.objects || found != self.objects.digest {
            return Err(differs(&self.place, "the objects".to_owned()));
        }
        if self.files.read_back(&mut || counted.add(1))?.is_some_and(|found| found != totals.files) {
            return Err(differs(&self.place, "the SQLite files of workspaces".to_owned()));
        }
        Ok(())
    }

    /// Whether the key that a server would use here opens every workspace.
    fn key_state(&mut self) -> Result<KeyState, ArchiveError> {
        let key = match &self.place.options.master_key {
            Some(key) => key.clone(),
            None => match master_key::read(&self.folder.master_key()) {
                Ok(Some(key)) => key,
                Ok(None) => return Ok(KeyState::Missing),
                Err(_) => return Ok(KeyState::Unreadable),
            },
        };
        let mut state = KeyState::Opens;
        let sql = "
            select id, wrapped_key
            from workspaces";
        self.database.each("workspaces", sql, &mut |row| {
            if let [Cell::Text(id), Cell::Blob(wrapped)] = row
                && let Ok(workspace) = id.parse::<WorkspaceId>()
                && master_key::unwrap(&key, &workspace, wrapped).is_err()
            {
                state = KeyState::Wrong;
            }
            Ok(())
        })?;
        Ok(state)
    }
}

impl Sink for Target {
    fn table(&mut self, shape: &Shape) -> Result<(), ArchiveError> {
        let insert =
            if self.database.is_postgres() { postgres::insert(shape) } else { sqlite::insert(shape) };
        self.table = Some(Open { shape: shape.clone(), insert, digest: Digest::default() });
        Ok(())
    }

    fn row(&mut self, row: &[Cell<'_>]) -> Result<(), ArchiveError> {
        let table = self.table.as_mut().expect("rows come after their table");
        let is_postgres = self.database.is_postgres();
        let kept = |cell: &Cell<'_>| match cell {
            Cell::Text(text) if is_postgres && text.contains('\0') => {
                Value::Text(without_nul(text).into_owned().into())
            }
            cell => Value::from(*cell).into_owned(),
        };
        let values: Vec<Value<'static>> = row.iter().map(kept).collect();
        let cells: Vec<Cell<'_>> = values.iter().map(Value::as_cell).collect();
        table.digest.add_row(&cells, &mut self.scratch);
        match &mut self.database {
            Database::Sqlite(connection) => sqlite::write(connection, &table.shape, &table.insert, &values),
            Database::Postgres(connection) => {
                self.rows.push(values);
                if self.rows.are_many() {
                    self.rows.write(connection, &table.shape, &table.insert)?;
                }
                Ok(())
            }
        }
    }

    fn table_end(&mut self, _: Digest) -> Result<(), ArchiveError> {
        let Some(Open { shape, insert, digest }) = self.table.take() else { return Ok(()) };
        if let Database::Postgres(connection) = &mut self.database {
            self.rows.write(connection, &shape, &insert)?;
        }
        self.tables.push((shape, digest));
        Ok(())
    }

    fn object(&mut self, name: &ObjectName, bytes: Bytes) -> Result<(), ArchiveError> {
        self.objects.take(name, bytes)
    }

    fn file(&mut self, workspace: &WorkspaceId) -> Result<(), ArchiveError> {
        self.files.file(&self.folder, workspace)
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.files.piece(bytes)
    }

    fn file_end(&mut self, _: &WorkspaceId, _: &blake3::Hash) -> Result<(), ArchiveError> {
        self.files.file_end()
    }
}

impl TargetObjects {
    fn begin(place: ObjectsPlace, source: Option<&ObjectsPlace>) -> Result<Self, ArchiveError> {
        let are_there = source.is_some_and(|source| is_same_place(source, &place));
        let is_missing = matches!(&place, ObjectsPlace::Folder(path) if !path.exists());
        if !are_there && !is_missing {
            let opened = Objects::open(&place)?;
            if let Some(first) = opened.list(None, 1)?.first() {
                let found = format!("objects, the first is {}", first.name);
                return Err(ArchiveError::NotEmpty { place: opened.describe(), found });
            }
        }
        let digest = Digest::default();
        Ok(Self { place, opened: None, are_there, waiting: Vec::new(), waiting_bytes: 0, digest })
    }

    fn take(&mut self, name: &ObjectName, bytes: Bytes) -> Result<(), ArchiveError> {
        self.digest.add(&[name.to_string().as_bytes(), &bytes]);
        if self.are_there {
            return Ok(());
        }
        self.waiting_bytes += bytes.len();
        self.waiting.push((name.clone(), bytes));
        if self.waiting.len() >= OBJECTS_AT_ONCE || self.waiting_bytes >= OBJECT_BYTES_WAITING {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ArchiveError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let objects = match &self.opened {
            Some(objects) => objects,
            None => self.opened.insert(Objects::open(&self.place)?),
        };
        self.waiting_bytes = 0;
        objects.put_many(std::mem::take(&mut self.waiting))?;
        Ok(())
    }

    fn describe(&self) -> String {
        self.opened.as_ref().map(Objects::describe).unwrap_or_default()
    }
}

fn differs(place: &Place, what: String) -> ArchiveError {
    ArchiveError::ReadBack { place: place.describe(), what }
}

fn is_same_folder(one: &std::path::Path, other: &std::path::Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn is_same_place(one: &ObjectsPlace, other: &ObjectsPlace) -> bool {
    match (one, other) {
        (ObjectsPlace::Folder(one), ObjectsPlace::Folder(other)) => is_same_folder(one, other),
        (one, other) => one == other,
    }
}

/// The error of a database that cannot be written.
fn not_written(shape: &Shape, source: crate::db_error::DbError) -> ArchiveError {
    ArchiveError::Write { table: shape.name.clone(), source }
}

/// The error of a folder that has a ledger.
fn not_empty(folder: &Folder, found: &str) -> ArchiveError {
    ArchiveError::NotEmpty { place: folder.path().display().to_string(), found: found.to_owned() }
}

/// Names an error of the folder's files.
fn io(action: &'static str, path: &std::path::Path, error: std::io::Error) -> ArchiveError {
    OpenError::io(action, path, error).into()
}
