//! Opening: from a path to a database that this process may write, or the reason why not.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use fermata_model::seal::Key;
use fermata_model::{Millis, WorkspaceId};
use rusqlite::{Connection, TransactionBehavior};

use crate::error::OpenError;
use crate::folder::Folder;
use crate::tables::{nodes, workspaces};
use crate::{connection, master_key, schema};

/// How a store is opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The key that wraps the workspaces' keys. Without one, the file `master.key` in the folder
    /// is used, and made with a new key when the store is new.
    pub master_key: Option<Key>,
}

/// An opened database.
pub(crate) struct Opened {
    pub(crate) folder: Arc<Folder>,
    pub(crate) connection: Connection,
    pub(crate) epoch: i64,
    pub(crate) master_key: Key,
}

/// Locks the folder, checks and migrates the database, and takes over its epoch.
pub(crate) fn open(path: &Path, options: Options) -> Result<Opened, OpenError> {
    let folder = Folder::lock(path)?;
    folder.prepare_database()?;
    let mut connection = open_database(&folder)?;
    refuse_newer_schema(&connection, &folder)?;
    let (epoch, master_key) = take_over(&mut connection, &folder, options)?;
    Ok(Opened { folder: Arc::new(folder), connection, epoch, master_key })
}

/// Opens the file and reads enough of it to know that it is a database.
fn open_database(folder: &Folder) -> Result<Connection, OpenError> {
    let path = folder.database();
    let named = |error| OpenError::database("open", &path, error);
    let connection = connection::open_writer(&path).map_err(named)?;
    let sql = "
        select count(*)
        from sqlite_master";
    connection.query_row(sql, [], |_| Ok(())).map_err(named)?;
    Ok(connection)
}

fn refuse_newer_schema(connection: &Connection, folder: &Folder) -> Result<(), OpenError> {
    let found = schema::found(connection)
        .map_err(|error| OpenError::database("read the schema of", folder.database(), error))?;
    if found > schema::known() {
        return Err(OpenError::NewerSchema { found, known: schema::known() });
    }
    Ok(())
}

/// In one transaction: migrations, the default workspace, the check of the master key, the epoch.
fn take_over(
    connection: &mut Connection,
    folder: &Folder,
    options: Options,
) -> Result<(i64, Key), OpenError> {
    let path = folder.database();
    let named = |error| OpenError::database("prepare", &path, error);
    let now = now();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(named)?;
    schema::migrate(&transaction, now).map_err(named)?;
    let workspace = WorkspaceId::default_workspace();
    let wrapped = workspaces::wrapped_key(&transaction, &workspace).map_err(named)?;
    let master = find_master_key(folder, options, wrapped.is_none())?;
    match wrapped {
        Some(wrapped) => {
            master_key::unwrap(&master, &workspace, &wrapped).map_err(|_| OpenError::WrongMasterKey)?;
        }
        None => {
            let wrapped = master_key::wrap(&master, &workspace, &master_key::draw());
            workspaces::insert(&transaction, &workspace, &wrapped, now).map_err(named)?;
        }
    }
    let epoch = nodes::begin_epoch(&transaction, now).map_err(named)?;
    transaction.commit().map_err(named)?;
    Ok((epoch, master))
}

fn find_master_key(folder: &Folder, options: Options, is_new: bool) -> Result<Key, OpenError> {
    let path = folder.master_key();
    if let Some(key) = options.master_key {
        return Ok(key);
    }
    match master_key::read(&path)? {
        Some(key) => Ok(key),
        None if is_new => master_key::create(&path),
        // A new key would not open what is there, and would hide that the old one is lost.
        None => Err(OpenError::MasterKeyMissing { path }),
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
