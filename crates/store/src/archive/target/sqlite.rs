//! A SQLite file that is made beside the place it will have.

use std::fs::{self, File};

use rusqlite::Connection;

use super::{ArchiveError, Shape, io, not_empty, not_written};
use crate::db_error::DbError;
use crate::error::OpenError;
use crate::folder::{self, Folder};
use crate::open;
use crate::schema;
use crate::sqlite::{connection, migrate, named};
use crate::value::Value;

/// Makes an empty ledger of a schema.
pub(super) fn begin(folder: &Folder, schema: u32) -> Result<Connection, ArchiveError> {
    if folder.database().exists() || folder.write_ahead_log().exists() {
        return Err(not_empty(folder, "a ledger, fermata.db"));
    }
    // A restore that was stopped has left it.
    abandon(folder);
    let path = folder.database_draft();
    folder::open_private(&path).map_err(|error| io("open", &path, error))?;
    let failed = |error| OpenError::database("make", &path, named(error));
    let connection = connection::open_draft(&path).map_err(failed)?;
    connection.execute_batch("begin").map_err(failed)?;
    migrate::migrate_to(&connection, schema, open::now()).map_err(failed)?;
    Ok(connection)
}

/// The statement that writes a row.
pub(super) fn insert(shape: &Shape) -> String {
    let places: Vec<String> = (1..=shape.columns.len()).map(|n| format!("?{n}")).collect();
    format!("insert into {} ({}) values ({})", shape.name, shape.names(), places.join(", "))
}

/// Writes a row.
pub(super) fn write(
    connection: &Connection,
    shape: &Shape,
    insert: &str,
    values: &[Value<'_>],
) -> Result<(), ArchiveError> {
    let written = connection
        .prepare_cached(insert)
        .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(values)));
    written.map(drop).map_err(|error| not_written(shape, named(error)))
}

/// Brings the ledger up to date and gives it its name.
pub(super) fn finish(connection: &mut Connection, folder: &Folder, schema: u32) -> Result<(), ArchiveError> {
    let (draft, path) = (folder.database_draft(), folder.database());
    let failed = |error: DbError| OpenError::database("make", &draft, error);
    if schema < schema::known() {
        migrate::migrate(connection, open::now()).map_err(|error| failed(named(error)))?;
    }
    connection.execute_batch("commit").map_err(|error| failed(named(error)))?;
    // Closed before the file is opened again: closing any other handle would drop its locks.
    let empty = Connection::open_in_memory().map_err(|error| failed(named(error)))?;
    let written = std::mem::replace(connection, empty);
    written.close().map_err(|(_, error)| failed(named(error)))?;
    let renamed = File::open(&draft)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&draft, &path))
        .and_then(|()| File::open(folder.path())?.sync_all());
    renamed.map_err(|error| io("write", &path, error))
}

/// Removes the draft.
pub(super) fn abandon(folder: &Folder) {
    // It may not be there; what cannot be removed is told when it is to be made anew.
    let _ = fs::remove_file(folder.database_draft());
}
