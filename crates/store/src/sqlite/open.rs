//! Opening: from a folder to a database that this process may write, or the reason why not.

use fermata_model::seal::Key;
use rusqlite::{Connection, TransactionBehavior};

use super::{Reading, connection, migrate, named};
use crate::db_error::DbError;
use crate::error::OpenError;
use crate::folder::Folder;
use crate::open::{self, Options};
use crate::schema;
use crate::tables::nodes::{self, Registration};

/// An opened database.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) epoch: i64,
    pub(crate) master_key: Key,
}

/// Checks and migrates the database, and takes over its epoch.
pub(crate) fn open(folder: &Folder, options: &Options) -> Result<Opened, OpenError> {
    folder.prepare_database()?;
    let mut connection = open_database(folder)?;
    refuse_newer_schema(&connection, folder)?;
    let (epoch, master_key) = take_over(&mut connection, folder, options)?;
    Ok(Opened { connection, epoch, master_key })
}

/// Opens the file and reads enough of it to know that it is a database.
fn open_database(folder: &Folder) -> Result<Connection, OpenError> {
    let path = folder.database();
    let failed = |error| OpenError::database("open", &path, named(error));
    let connection = connection::open_writer(&path).map_err(failed)?;
    let sql = "
        select count(*)
        from sqlite_master";
    connection.query_row(sql, [], |_| Ok(())).map_err(failed)?;
    Ok(connection)
}

fn refuse_newer_schema(connection: &Connection, folder: &Folder) -> Result<(), OpenError> {
    let found = migrate::found(connection)
        .map_err(|error| OpenError::database("read the schema of", folder.database(), named(error)))?;
    if found > schema::known() {
        return Err(OpenError::NewerSchema { found, known: schema::known() });
    }
    Ok(())
}

/// In one transaction: migrations, the default workspace, the check of the master key, the epoch.
fn take_over(
    connection: &mut Connection,
    folder: &Folder,
    options: &Options,
) -> Result<(i64, Key), OpenError> {
    let path = folder.database();
    let failed = |error: DbError| OpenError::database("prepare", &path, error);
    let now = open::now();
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| failed(named(error)))?;
    migrate::migrate(&transaction, now).map_err(|error| failed(named(error)))?;
    let mut db = Reading(&transaction);
    let master_key = open::ensure_workspace(&mut db, folder, options, now, &failed)?;
    let node = Registration { name: nodes::EMBEDDED, version: options.version, lease_ms: 0 };
    let (_, epoch) = nodes::register(&mut db, &node, now).map_err(failed)?;
    transaction.commit().map_err(|error| failed(named(error)))?;
    Ok((epoch, master_key))
}
