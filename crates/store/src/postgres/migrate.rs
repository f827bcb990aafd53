//! Bringing the server's schema up to date.

use super::connection::{Connection, SCHEMA};
use crate::db_error::DbError;
use crate::schema::{self, Migration};
use crate::sql::Read;
use crate::value::values;

/// Held while migrations are looked at and applied, so that nodes that start together take turns.
/// The number means nothing; it is Fermata's.
const LOCK: i64 = 0x4645_524d_4154_4101;

/// The newest step the database has; nothing when Fermata was never here.
pub(crate) fn found(connection: &mut Connection) -> Result<Option<u32>, DbError> {
    let sql = "
        select to_regclass('fermata.migrations') is not null";
    let db: &mut dyn Read = connection;
    if !db.row(sql, values![], |cells| cells.take())?.unwrap_or(false) {
        return Ok(None);
    }
    let sql = "
        select coalesce(max(number), 0)
        from fermata.migrations";
    Ok(Some(db.row(sql, values![], |cells| cells.take())?.unwrap_or(0)))
}

/// Begins a transaction in which nobody else migrates, nor opens an empty database.
pub(crate) fn begin(connection: &mut Connection) -> Result<(), DbError> {
    connection.batch(&format!("begin; select pg_advisory_xact_lock({LOCK})"))
}

/// Applies the steps the database does not have. Belongs between [`begin`] and `commit`.
pub(crate) fn migrate(connection: &mut Connection, now: i64) -> Result<Vec<&'static Migration>, DbError> {
    migrate_to(connection, schema::known(), now)
}

/// Applies the steps up to `wanted` that the database does not have. Belongs between [`begin`] and
/// `commit`.
pub(crate) fn migrate_to(
    connection: &mut Connection,
    wanted: u32,
    now: i64,
) -> Result<Vec<&'static Migration>, DbError> {
    let found = found(connection)?.unwrap_or(0);
    connection.batch(&format!(
        "create schema if not exists {SCHEMA};
         create table if not exists {SCHEMA}.migrations (
           number bigint not null primary key,
           name text collate \"C\" not null,
           applied_at bigint not null
         )"
    ))?;
    let mut applied = Vec::new();
    for migration in schema::missing(found).filter(|migration| migration.number <= wanted) {
        connection.batch(migration.postgres)?;
        let sql = "
            insert into migrations (number, name, applied_at)
            values (?1, ?2, ?3)";
        connection.execute(sql, values![migration.number, migration.name, now])?;
        applied.push(migration);
    }
    Ok(applied)
}
