//! `keystore`: sealed values and secrets.

use fermata_model::WorkspaceId;
use fermata_model::record::{KeystoreEntry, KeystoreKind};
use rusqlite::{Connection, params};

use crate::cells::{Cells, damaged};

/// Writes an entry over the one before.
pub(crate) fn put(
    connection: &Connection,
    workspace: &WorkspaceId,
    entry: &KeystoreEntry,
) -> rusqlite::Result<usize> {
    let sql = "
        insert into keystore (workspace, namespace, name, kind, version, sealed, updated_at)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        on conflict (workspace, namespace, name) do update
        set kind = excluded.kind, version = excluded.version, sealed = excluded.sealed,
          updated_at = excluded.updated_at";
    connection.prepare_cached(sql)?.execute(params![
        workspace.as_str(),
        entry.namespace,
        entry.name,
        kind_word(entry.kind),
        entry.version,
        entry.sealed,
        entry.updated_at,
    ])
}

fn kind_word(kind: KeystoreKind) -> &'static str {
    match kind {
        KeystoreKind::Value => "value",
        KeystoreKind::Secret => "secret",
    }
}

/// Removes an entry.
pub(crate) fn delete(
    connection: &Connection,
    workspace: &WorkspaceId,
    namespace: &str,
    name: &str,
) -> rusqlite::Result<usize> {
    let sql = "
        delete from keystore
        where workspace = ?1 and namespace = ?2 and name = ?3";
    connection.prepare_cached(sql)?.execute(params![workspace.as_str(), namespace, name])
}

/// One entry.
pub(crate) fn get(
    connection: &Connection,
    workspace: &WorkspaceId,
    namespace: &str,
    name: &str,
) -> rusqlite::Result<Option<KeystoreEntry>> {
    let sql = "
        select namespace, name, kind, version, sealed, updated_at
        from keystore
        where workspace = ?1 and namespace = ?2 and name = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![workspace.as_str(), namespace, name])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::new(row);
    Ok(Some(KeystoreEntry {
        namespace: cells.take()?,
        name: cells.take()?,
        kind: read_kind(&cells.take::<String>()?)?,
        version: cells.take()?,
        sealed: cells.take()?,
        updated_at: cells.take()?,
    }))
}

fn read_kind(word: &str) -> rusqlite::Result<KeystoreKind> {
    match word {
        "value" => Ok(KeystoreKind::Value),
        "secret" => Ok(KeystoreKind::Secret),
        // Not `value`: an entry of unknown kind must never become readable.
        _ => Err(damaged(2, std::io::Error::other("unknown kind of keystore entry"))),
    }
}

/// The names in a namespace after `after`, in order.
pub(crate) fn list_names(
    connection: &Connection,
    workspace: &WorkspaceId,
    namespace: &str,
    after: Option<&str>,
    limit: u32,
) -> rusqlite::Result<Vec<String>> {
    let sql = "
        select name
        from keystore
        where workspace = ?1 and namespace = ?2 and name > ?3
        order by name
        limit ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let values = params![workspace.as_str(), namespace, after.unwrap_or_default(), limit];
    statement.query_map(values, |row| row.get(0))?.collect()
}

/// The namespaces in use after `after`, in order.
pub(crate) fn list_namespaces(
    connection: &Connection,
    workspace: &WorkspaceId,
    after: Option<&str>,
    limit: u32,
) -> rusqlite::Result<Vec<String>> {
    let sql = "
        select distinct namespace
        from keystore
        where workspace = ?1 and namespace > ?2
        order by namespace
        limit ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let values = params![workspace.as_str(), after.unwrap_or_default(), limit];
    statement.query_map(values, |row| row.get(0))?.collect()
}
