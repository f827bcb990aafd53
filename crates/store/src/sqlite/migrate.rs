//! Bringing the file's schema up to date.

use fermata_model::Millis;
use rusqlite::{Connection, params};

use crate::schema;

/// The newest step the database has, 0 for an empty one.
pub(crate) fn found(connection: &Connection) -> rusqlite::Result<u32> {
    let sql = "
        select exists (select 1 from sqlite_master where type = 'table' and name = 'migrations')";
    if !connection.query_row(sql, [], |row| row.get(0))? {
        return Ok(0);
    }
    let sql = "
        select coalesce(max(number), 0)
        from migrations";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Applies the steps the database does not have. Belongs inside a transaction.
pub(crate) fn migrate(connection: &Connection, now: Millis) -> rusqlite::Result<()> {
    migrate_to(connection, schema::known(), now)
}

/// Applies the steps up to `wanted` that the database does not have. Belongs inside a transaction.
pub(crate) fn migrate_to(connection: &Connection, wanted: u32, now: Millis) -> rusqlite::Result<()> {
    connection.execute_batch(
        "
        create table if not exists migrations (
          number integer not null primary key,
          name text not null,
          applied_at integer not null
        ) strict",
    )?;
    let found = found(connection)?;
    for migration in schema::missing(found).filter(|migration| migration.number <= wanted) {
        connection.execute_batch(migration.sqlite)?;
        let sql = "
            insert into migrations (number, name, applied_at)
            values (?1, ?2, ?3)";
        connection.execute(sql, params![migration.number, migration.name, now])?;
    }
    Ok(())
}
