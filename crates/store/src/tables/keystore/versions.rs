//! `keystore_versions`: what the entries were before.

use std::sync::LazyLock;

use fermata_model::record::KeystoreEntry;
use fermata_model::{Millis, WorkspaceId};

use super::{KEY, grants_text, kind_word, read_grants, read_kind};
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::{Column, Write};

const VERSION: [Column; 1] = [("version", Int)];
const REST: [Column; 5] =
    [("kind", Text), ("sealed", Blob), ("grants", Text), ("written_at", Int), ("written_by", Text)];

/// A version that another one came over.
pub(crate) static KEEP: LazyLock<Write> = LazyLock::new(|| {
    let columns = [&KEY[..], &VERSION, &REST].concat();
    Write::put("keystore version", "keystore_versions", 5, &columns, None)
});

/// Removes all versions of an entry up to one.
pub(crate) static FORGET: LazyLock<Write> = LazyLock::new(|| {
    Write::delete_up_to("keystore version", "keystore_versions", &[&KEY[..], &VERSION].concat())
});

/// The row of a version.
pub(crate) fn row<'a>(workspace: &'a WorkspaceId, entry: &'a KeystoreEntry) -> Vec<Value<'a>> {
    let mut row = key(workspace, &entry.namespace, &entry.name, entry.since, entry.version);
    row.extend_from_slice(values![kind_word(entry.kind), &entry.sealed]);
    row.push(grants_text(&entry.grants));
    row.extend_from_slice(values![entry.updated_at, entry.written_by.as_deref()]);
    row
}

/// The row that names a version.
pub(crate) fn key<'a>(
    workspace: &'a WorkspaceId,
    namespace: &'a str,
    name: &'a str,
    since: Millis,
    version: u32,
) -> Vec<Value<'a>> {
    values![workspace.as_str(), namespace, name, since, version].to_vec()
}

/// The versions before `entry`, the newest first.
pub(crate) fn list_before(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    entry: &KeystoreEntry,
    limit: u32,
) -> Result<Vec<KeystoreEntry>, DbError> {
    let sql = "
        select version, kind, sealed, grants, written_at, written_by
        from keystore_versions
        where workspace = ?1 and namespace = ?2 and name = ?3 and since = ?4 and version < ?5
        order by version desc
        limit ?6";
    let KeystoreEntry { namespace, name, since, version, .. } = entry;
    let values = values![workspace.as_str(), namespace, name, *since, *version, limit];
    db.rows(sql, values, |cells| {
        Ok(KeystoreEntry {
            namespace: namespace.clone(),
            name: name.clone(),
            since: *since,
            version: cells.take()?,
            kind: read_kind(cells)?,
            sealed: cells.take()?,
            grants: read_grants(cells)?,
            updated_at: cells.take()?,
            written_by: cells.take()?,
            used_at: None,
        })
    })
}
