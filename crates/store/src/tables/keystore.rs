//! `keystore`: sealed values and secrets, and in `keystore_versions` what they were before.

pub(crate) mod versions;

use std::sync::LazyLock;

use fermata_model::grants::Grants;
use fermata_model::record::{KeystoreEntry, KeystoreKind, KeystoreName};
use fermata_model::{Millis, WorkspaceId};

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::{Column, Guard, Write};

const NAME: [Column; 3] = [("workspace", Text), ("namespace", Text), ("name", Text)];
/// One entry of that name.
const KEY: [Column; 4] = [NAME[0], NAME[1], NAME[2], ("since", Int)];
const REST: [Column; 6] = [
    ("kind", Text),
    ("version", Int),
    ("sealed", Blob),
    ("updated_at", Int),
    ("grants", Text),
    ("written_by", Text),
];
const USED: Column = ("used_at", Int);

/// A new entry.
pub(crate) static INSERT: LazyLock<Write> =
    LazyLock::new(|| Write::insert("keystore entry", "keystore", &[&KEY[..], &REST, &[USED]].concat()));

/// The next version of an entry. Missing when the version it was made over is not the one that is there.
pub(crate) static UPDATE: LazyLock<Write> = LazyLock::new(|| {
    let over = Guard { sqlite: "t.version = ?11", postgres: "t.version = v.over_version", brought: &OVER };
    Write::update("keystore entry", "keystore", 4, &[&KEY[..], &REST].concat(), over)
});
const OVER: [Column; 1] = [("over_version", Int)];

/// Removes an entry. Another one of its name may be made in the same batch.
pub(crate) static DELETE: LazyLock<Write> =
    LazyLock::new(|| Write::delete("keystore entry", "keystore", &KEY).before_all());

/// An entry was used. As good when it is gone.
pub(crate) static USE: LazyLock<Write> = LazyLock::new(|| {
    let columns = [&NAME[..], &[USED]].concat();
    Write::update("keystore entry", "keystore", 3, &columns, Guard::default()).or_nothing()
});

/// The row of a new entry.
pub(crate) fn row<'a>(workspace: &'a WorkspaceId, entry: &'a KeystoreEntry) -> Vec<Value<'a>> {
    let mut row = row_unused(workspace, entry);
    row.push(entry.used_at.into());
    row
}

/// The row of an entry that was written over a version.
pub(crate) fn update_row<'a>(
    workspace: &'a WorkspaceId,
    entry: &'a KeystoreEntry,
    over: u32,
) -> Vec<Value<'a>> {
    let mut row = row_unused(workspace, entry);
    row.push(over.into());
    row
}

fn row_unused<'a>(workspace: &'a WorkspaceId, entry: &'a KeystoreEntry) -> Vec<Value<'a>> {
    let mut row = key(workspace, &entry.namespace, &entry.name, entry.since);
    row.extend_from_slice(values![kind_word(entry.kind), entry.version, &entry.sealed, entry.updated_at]);
    row.extend([grants_text(&entry.grants), entry.written_by.as_deref().into()]);
    row
}

/// The row that names one entry.
pub(crate) fn key<'a>(
    workspace: &'a WorkspaceId,
    namespace: &'a str,
    name: &'a str,
    since: Millis,
) -> Vec<Value<'a>> {
    values![workspace.as_str(), namespace, name, since].to_vec()
}

/// The row of a use.
pub(crate) fn use_row<'a>(
    workspace: &'a WorkspaceId,
    namespace: &'a str,
    name: &'a str,
    at: Millis,
) -> Vec<Value<'a>> {
    values![workspace.as_str(), namespace, name, at].to_vec()
}

fn grants_text(grants: &Grants) -> Value<'static> {
    // Plain words and lists of words: there is nothing in it that JSON cannot hold.
    serde_json::to_string(grants).unwrap_or_default().into()
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
        select namespace, name, since, kind, version, sealed, updated_at, grants, written_by, used_at
        from keystore
        where workspace = ?1 and namespace = ?2 and name = ?3";
    db.row(sql, values![workspace.as_str(), namespace, name], |cells| {
        Ok(KeystoreEntry {
            namespace: cells.take()?,
            name: cells.take()?,
            since: cells.take()?,
            kind: read_kind(cells)?,
            version: cells.take()?,
            sealed: cells.take()?,
            updated_at: cells.take()?,
            grants: read_grants(cells)?,
            written_by: cells.take()?,
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
