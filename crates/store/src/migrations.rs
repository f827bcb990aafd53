//! Which migrations a ledger has, and bringing it up to date: without a node, and beside those at work.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fermata_model::Millis;
use rusqlite::TransactionBehavior;

use crate::archive::Place;
use crate::db_error::DbError;
use crate::error::OpenError;
use crate::folder::Folder;
use crate::open::DatabaseUrl;
use crate::postgres::connection::{Connection, OPEN_WITHIN, Server};
use crate::sql::Read;
use crate::value::values;
use crate::{open, postgres, schema, sqlite};

/// Longest that one step may take: an index is made of all rows there are.
const STEP_WITHIN: Duration = Duration::from_secs(6 * 3600);

/// A step that makes the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// When it was applied to this ledger; nothing when it has not been.
    pub applied_at: Option<Millis>,
    /// Whether this program knows it: a newer one has applied it if not.
    pub is_known: bool,
}

/// The steps a ledger has and those it has not, by number. Of a place where no ledger is, none are applied.
///
/// # Errors
/// [`OpenError`] when the database cannot be reached or is none.
pub fn migrations(place: &Place) -> Result<Vec<MigrationState>, OpenError> {
    let applied = match &place.options.database {
        None => applied_in_folder(&place.folder)?,
        Some(url) => {
            let mut connection = connect(url)?;
            applied_on_server(&mut connection).map_err(|error| OpenError::server(READ, url, error))?
        }
    };
    Ok(states(&applied))
}

/// Applies the steps a ledger has not, in one transaction, and gives them. A ledger is made where none is.
///
/// # Errors
/// [`OpenError`] when the database cannot be reached or is none, its schema is newer than this program, or
/// a process has the folder open.
pub fn migrate_up(place: &Place) -> Result<Vec<MigrationState>, OpenError> {
    let (before, after) = match &place.options.database {
        None => up_in_folder(&place.folder)?,
        Some(url) => up_on_server(url)?,
    };
    let is_new = |state: &MigrationState| state.applied_at.is_some() && !before.contains_key(&state.number);
    Ok(states(&after).into_iter().filter(is_new).collect())
}

/// Name and moment of each step, by number.
type Applied = BTreeMap<u32, (String, Millis)>;

const READ: &str = "read the schema of";
const MIGRATE: &str = "migrate";

fn states(applied: &Applied) -> Vec<MigrationState> {
    let state = |number: &u32, (name, at): &(String, Millis), is_known| MigrationState {
        number: *number,
        name: name.clone(),
        applied_at: Some(*at),
        is_known,
    };
    let known = schema::MIGRATIONS.iter().map(|step| match applied.get(&step.number) {
        Some(applied) => state(&step.number, applied, true),
        None => MigrationState {
            number: step.number,
            name: step.name.to_owned(),
            applied_at: None,
            is_known: true,
        },
    });
    let newer = applied.iter().filter(|(number, _)| **number > schema::known());
    known.chain(newer.map(|(number, applied)| state(number, applied, false))).collect()
}

fn read_applied(db: &mut dyn Read) -> Result<Applied, DbError> {
    let sql = "
        select number, name, applied_at
        from migrations
        order by number";
    let rows = db.rows(sql, values![], |cells| Ok((cells.take()?, (cells.take()?, cells.take()?))))?;
    Ok(rows.into_iter().collect())
}

fn applied_in_folder(folder: &Path) -> Result<Applied, OpenError> {
    let path = folder.join("fermata.db");
    if !path.is_file() {
        return Ok(Applied::new());
    }
    let failed = |error| OpenError::database(READ, &path, error);
    let connection = sqlite::connection::open_reader(&path).map_err(|error| failed(sqlite::named(error)))?;
    applied_in(&connection).map_err(failed)
}

fn applied_in(connection: &rusqlite::Connection) -> Result<Applied, DbError> {
    if sqlite::migrate::found(connection).map_err(sqlite::named)? == 0 {
        return Ok(Applied::new());
    }
    read_applied(&mut sqlite::Reading(connection))
}

fn up_in_folder(path: &Path) -> Result<(Applied, Applied), OpenError> {
    let folder = Folder::lock(path)?;
    folder.prepare_database()?;
    let path = folder.database();
    let failed = |error: DbError| OpenError::database(MIGRATE, &path, error);
    let named = |error| failed(sqlite::named(error));
    let mut connection = sqlite::connection::open_writer(&path).map_err(named)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(named)?;
    let before = applied_in(&transaction).map_err(failed)?;
    refuse_newer(&before)?;
    sqlite::migrate::migrate(&transaction, open::now()).map_err(named)?;
    let after = applied_in(&transaction).map_err(failed)?;
    transaction.commit().map_err(named)?;
    Ok((before, after))
}

fn connect(url: &DatabaseUrl) -> Result<Connection, OpenError> {
    let failed = |action| move |error: DbError| OpenError::server(action, url, error);
    let server = Server::new(url, "fermata migrate").map_err(failed("read the address of"))?;
    let mut connection =
        Connection::open_within(&server, OPEN_WITHIN, STEP_WITHIN).map_err(failed("open"))?;
    postgres::open::refuse_old_server(&mut connection, url)?;
    Ok(connection)
}

fn applied_on_server(connection: &mut Connection) -> Result<Applied, DbError> {
    match postgres::migrate::found(connection)? {
        None => Ok(Applied::new()),
        Some(_) => read_applied(connection),
    }
}

fn up_on_server(url: &DatabaseUrl) -> Result<(Applied, Applied), OpenError> {
    let failed = |error| OpenError::server(MIGRATE, url, error);
    let mut connection = connect(url)?;
    postgres::migrate::begin(&mut connection).map_err(failed)?;
    let before = applied_on_server(&mut connection).map_err(failed)?;
    refuse_newer(&before)?;
    postgres::migrate::migrate(&mut connection, open::now()).map_err(failed)?;
    let after = applied_on_server(&mut connection).map_err(failed)?;
    connection.batch("commit").map_err(failed)?;
    Ok((before, after))
}

fn refuse_newer(applied: &Applied) -> Result<(), OpenError> {
    let (found, known) = (applied.keys().last().copied().unwrap_or(0), schema::known());
    if found > known { Err(OpenError::NewerSchema { found, known }) } else { Ok(()) }
}
