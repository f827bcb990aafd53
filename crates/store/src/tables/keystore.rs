//! `keystore`: sealed values and secrets.

use std::sync::LazyLock;

use fermata_model::WorkspaceId;
use fermata_model::grants::Grants;
use fermata_model::record::{KeystoreEntry, KeystoreKind, KeystoreName};

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::{Column, Guard, Write};

const KEY: [Column; 3] = [("workspace", Text), ("namespace", Text), ("name", Text)];
const REST: [Column; 6] = [
    ("kind", Text),
    ("version", Int),
    ("sealed", Blob),
    ("updated_at", Int),
    ("grants", Text),
    ("used_at", Int),
];

/// An entry, over the one before.
pub(crate) static PUT: LazyLock<Write> =
    LazyLock::new(|| Write::put("keystore entry", "keystore", 3, &[&KEY[..], &REST].concat(), None));

/// Removes an entry.
pub(crate) static DELETE: LazyLock<Write> =
    LazyLock::new(|| Write::delete("keystore entry", "keystore", &KEY));

/// An entry was used. As good when it is gone.
pub(crate) static USE: LazyLock<Write> = LazyLock::new(|| {
    let columns = [&KEY[..], &[("used_at", Int)]].concat();
    Write::update("keystore entry", "keystore", 3, &columns, Guard::default()).or_nothing()
});

/// The row of an entry.
pub(crate) fn row<'a>(workspace: &'a WorkspaceId, entry: &'a KeystoreEntry) -> Vec<Value<'a>> {
    let mut row = key(workspace, &entry.namespace, &entry.name);
    row.extend_from_slice(values![kind_word(entry.kind), entry.version, &entry.sealed, entry.updated_at]);
    // Plain words and lists of words: there is nothing in it that JSON cannot hold.
    let grants = serde_json::to_string(&entry.grants).unwrap_or_default();
    row.extend([Value::from(grants), entry.used_at.into()]);
    row
}

/// The row that names an entry.
pub(crate) fn key<'a>(workspace: &'a WorkspaceId, namespace: &'a str, name: &'a str) -> Vec<Value<'a>> {
    values![workspace.as_str(), namespace, name].to_vec()
}

fn kind_word(kind: KeystoreKind) -> &'static str {
    match kind {
        KeystoreKind::Value => "value",
        KeystoreKind::Secret => "secret",
    }
}

/// One entry.
pub(crate) fn get(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    namespace: &str,
    name: &str,
) -> Result<Option<KeystoreEntry>, DbError> {
    let sql = "
        select namespace, name, kind, version, sealed, updated_at, grants, used_at
        from keystore
        where workspace = ?1 and namespace = ?2 and name = ?3";
    db.row(sql, values![workspace.as_str(), namespace, name], |cells| {
        Ok(KeystoreEntry {
            namespace: cells.take()?,
            name: cells.take()?,
            kind: read_kind(cells)?,
            version: cells.take()?,
            sealed: cells.take()?,
            updated_at: cells.take()?,
            grants: read_grants(cells)?,
            used_at: cells.take()?,
        })
    })
}

fn read_kind(cells: &mut Cells<'_>) -> Result<KeystoreKind, DbError> {
    match cells.take::<String>()?.as_str() {
        "value" => Ok(KeystoreKind::Value),
        "secret" => Ok(KeystoreKind::Secret),
        // Not `value`: an entry of unknown kind must never become readable.
        _ => Err(cells.damaged(std::io::Error::other("unknown kind of keystore entry"))),
    }
}

fn read_grants(cells: &mut Cells<'_>) -> Result<Grants, DbError> {
    let text = cells.take::<String>()?;
    serde_json::from_str(&text).map_err(|error| cells.damaged(error))
}

/// The names in a namespace after `after`, in order.
pub(crate) fn list_names(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    namespace: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<KeystoreName>, DbError> {
    let sql = "
        select name, grants
        from keystore
        where workspace = ?1 and namespace = ?2 and name > ?3
        order by name
        limit ?4";
    let values = values![workspace.as_str(), namespace, after.unwrap_or_default(), limit];
    db.rows(sql, values, |cells| Ok(KeystoreName { name: cells.take()?, grants: read_grants(cells)? }))
}

/// The namespaces in use after `after`, in order.
pub(crate) fn list_namespaces(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, DbError> {
    let sql = "
        select distinct namespace
        from keystore
        where workspace = ?1 and namespace > ?2
        order by namespace
        limit ?3";
    db.rows(sql, values![workspace.as_str(), after.unwrap_or_default(), limit], |cells| cells.take())
}
