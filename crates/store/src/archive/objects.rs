//! The objects that a ledger names.

use bytes::Bytes;
use fermata_model::WorkspaceId;

use super::Place;
use super::database::Database;
use super::error::ArchiveError;
use super::tables::OBJECTS;
use crate::cells::Cell;
use crate::db_error::{DbError, DbErrorKind};
use crate::objects::{ObjectName, Objects, ObjectsPlace};

/// Objects that are read or written at the same time.
const BATCH: usize = 16;
/// Bytes after which no more objects are read at the same time.
const BATCH_BYTES: u64 = 64 << 20;

/// Where the objects of a store lie.
pub(super) fn place_of(place: &Place) -> ObjectsPlace {
    let given = place.options.objects.clone();
    given.unwrap_or_else(|| ObjectsPlace::Folder(place.folder.join("objects")))
}

/// Reads every object that the database names, in the order of the rows.
pub(super) fn each(
    database: &mut Database,
    place: &ObjectsPlace,
    object: &mut dyn FnMut(ObjectName, Bytes) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let (mut names, mut bytes) = (Vec::new(), 0);
    // Opened when there is one, so that no folder is made for nothing.
    let mut opened = None;
    each_name(database, &mut |name, size| {
        names.push(name);
        bytes += size;
        if names.len() < BATCH && bytes < BATCH_BYTES {
            return Ok(());
        }
        bytes = 0;
        hand_on(std::mem::take(&mut names), place, &mut opened, object)
    })?;
    hand_on(names, place, &mut opened, object)
}

/// The names of the objects that the database names, with the sizes their rows tell.
pub(super) fn each_name(
    database: &mut Database,
    name: &mut dyn FnMut(ObjectName, u64) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let sql = "
        select workspace, id, bytes
        from objects
        order by workspace, id";
    database.each(OBJECTS, sql, &mut |row| {
        let read = read_name(row).ok_or_else(|| {
            let reason = std::io::Error::other("a row does not name an object");
            ArchiveError::Read { table: OBJECTS.into(), source: DbError::new(DbErrorKind::Damaged, reason) }
        });
        let (found, bytes) = read?;
        name(found, bytes)
    })
}

fn hand_on(
    names: Vec<ObjectName>,
    place: &ObjectsPlace,
    opened: &mut Option<Objects>,
    object: &mut dyn FnMut(ObjectName, Bytes) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    if names.is_empty() {
        return Ok(());
    }
    let objects = match opened {
        Some(objects) => objects,
        None => opened.insert(Objects::open(place)?),
    };
    let found = objects.get_many(&names)?;
    names.into_iter().zip(found).try_for_each(|(name, bytes)| object(name, bytes))
}

fn read_name(row: &[Cell<'_>]) -> Option<(ObjectName, u64)> {
    let [Cell::Text(workspace), Cell::Blob(id), Cell::Int(bytes)] = row else { return None };
    let workspace: WorkspaceId = workspace.parse().ok()?;
    let id: [u8; 16] = (*id).try_into().ok()?;
    Some((ObjectName::with_id(workspace, id), u64::try_from(*bytes).unwrap_or(0)))
}
