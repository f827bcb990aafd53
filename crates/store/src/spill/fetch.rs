//! The way out: the objects that a read wants.

use std::sync::Arc;

use bytes::Bytes;
use fermata_model::seal::Key;
use fermata_model::{Json, WorkspaceId, json};

use super::Spill;
use super::cache::Content;
use super::reference::{ObjectKind, Reference};
use super::sought::Sought;
use super::upload::seal_place;
use crate::db_error::{DbError, DbErrorKind};
use crate::error::ReadError;
use crate::objects::{ObjectName, ObjectsError};

impl Spill {
    /// Fetches what a read of `what` wants. Says whether there was anything.
    pub(crate) fn fetch(
        &self,
        what: &'static str,
        sought: &Sought,
        key: impl Fn(&WorkspaceId) -> Result<Key, ReadError>,
    ) -> Result<bool, ReadError> {
        let wanted = sought.take_wanted();
        if wanted.is_empty() {
            return Ok(false);
        }
        let mut away = Vec::new();
        for (reference, kind) in wanted {
            match self.cache().get(&reference.name) {
                Some(content) => sought.found(reference, content),
                None => away.push((reference, kind)),
            }
        }
        let sealed = self.get_all(&mut away, sought)?;
        for ((reference, kind), sealed) in away.into_iter().zip(sealed) {
            let content = match kind {
                ObjectKind::Checkpoint => Content::Bytes(sealed),
                ObjectKind::Payload => {
                    let json = open(&key(reference.name.workspace())?, &reference, &sealed);
                    Content::Json(json.map_err(|source| ReadError::Damaged { what, source })?)
                }
            };
            self.cache().put(&reference.name, content.clone());
            sought.found(reference, content);
        }
        Ok(true)
    }

    /// The bytes of these objects, in their order. Those that are not there are taken out.
    fn get_all(
        &self,
        away: &mut Vec<(Reference, ObjectKind)>,
        sought: &Sought,
    ) -> Result<Vec<Bytes>, ReadError> {
        let failed = |error| ReadError::Objects { source: Arc::new(error) };
        let place = self.objects().map_err(failed)?;
        loop {
            let names: Vec<ObjectName> = away.iter().map(|(reference, _)| reference.name.clone()).collect();
            match place.get_many(&names) {
                Err(ObjectsError::Missing { name }) => {
                    away.retain(|(reference, _)| reference.name != name);
                    sought.missing(name);
                }
                result => return result.map_err(failed),
            }
        }
    }
}

fn open(key: &Key, reference: &Reference, sealed: &[u8]) -> Result<Json, DbError> {
    let unreadable = |reason: String| {
        let name = reference.name.clone();
        DbError::new(DbErrorKind::Damaged, Unreadable { name, reason })
    };
    let place = seal_place(&reference.name);
    let plain = key.derive("objects").open(place.as_bytes(), sealed);
    let plain = plain.map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(plain).map_err(|error| unreadable(error.to_string()))?;
    json::parse(text).map_err(|error| unreadable(error.to_string()))
}

/// An object holds something else than was written.
#[derive(Debug, thiserror::Error)]
#[error("the object {name} is damaged: {reason}; restore it from a copy of the object store")]
struct Unreadable {
    name: ObjectName,
    reason: String,
}

/// An object that a row refers to is not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "the object {name} is missing from the object store; check that the objects setting names the place \
     this ledger was written with, or restore the object from a copy"
)]
pub(crate) struct MissingObject {
    pub(crate) name: ObjectName,
}
