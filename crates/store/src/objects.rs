//! Objects: sealed bytes too large for a row of the ledger, in a folder or in a bucket of an S3 server.
//!
//! An object is written once, read whole and deleted when no row names it any more. What the bytes mean, and
//! that they are sealed, is the caller's matter. Every function blocks the calling thread, and may be called
//! from any thread, a worker of an asynchronous runtime included.

mod bucket;
mod crew;
mod error;
mod failure;
mod folder;
mod name;
mod place;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use fermata_model::{Millis, WorkspaceId};

use bucket::Bucket;
pub use error::ObjectsError;
use folder::Folder;
pub use name::{BadObjectName, ObjectName};
pub use place::ObjectsPlace;

/// Largest object, in bytes: more than the sealed checkpoint of the largest memory an instance may have.
pub const OBJECT_BYTES_MAX: usize = 512 << 20;
/// Most objects one list gives.
pub const OBJECTS_LISTED_MAX: usize = 10_000;
/// Objects read or written at the same time by one call for many.
const MANY_AT_ONCE: usize = 8;
/// The workspace that probes are written under.
const PROBE_WORKSPACE: &str = "objects-check";

/// A place for objects, opened. Copies share it.
#[derive(Clone)]
pub struct Objects(Arc<Backing>);

/// Where the objects of an open place lie.
enum Backing {
    Folder(Folder),
    Bucket(Bucket),
}

/// What a list says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its name.
    pub name: ObjectName,
    /// Its size.
    pub bytes: u64,
    /// When it was written, by the clock of the place.
    pub modified_ms: Millis,
}

impl Objects {
    /// Opens a place. A folder is made when it is missing; a server is not asked, so it need not be up.
    ///
    /// # Errors
    /// [`ObjectsError::BadUrl`] when the place or its settings make no sense, else what kept the folder from
    /// being made.
    pub fn open(place: &ObjectsPlace) -> Result<Self, ObjectsError> {
        let backing = match place {
            ObjectsPlace::Folder(path) => Backing::Folder(Folder::open(path)?),
            ObjectsPlace::Url(url, variables) => Backing::Bucket(Bucket::open(url, variables)?),
        };
        Ok(Self(Arc::new(backing)))
    }

    /// Writes an object, durably when this returns. Writing the same bytes again changes nothing.
    ///
    /// # Errors
    /// [`ObjectsError::TooLarge`] above [`OBJECT_BYTES_MAX`], else what the place says.
    pub fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<(), ObjectsError> {
        fits(name, bytes.len() as u64)?;
        match &*self.0 {
            Backing::Folder(folder) => folder.put(name, &bytes),
            Backing::Bucket(bucket) => bucket.put(name.clone(), bytes),
        }
    }

    /// Writes objects, a few at the same time; all are durable when this returns.
    ///
    /// # Errors
    /// The first one met, as of [`Objects::put`]; some of the others may have been written.
    pub fn put_many(&self, objects: Vec<(ObjectName, Bytes)>) -> Result<(), ObjectsError> {
        objects.iter().try_for_each(|(name, bytes)| fits(name, bytes.len() as u64))?;
        match &*self.0 {
            Backing::Folder(folder) => folder.put_many(&objects),
            Backing::Bucket(bucket) => bucket.put_many(objects),
        }
    }

    /// Reads an object.
    ///
    /// # Errors
    /// [`ObjectsError::Missing`] when the place has no such object, [`ObjectsError::TooLarge`] above
    /// [`OBJECT_BYTES_MAX`], else what the place says.
    pub fn get(&self, name: &ObjectName) -> Result<Bytes, ObjectsError> {
        match &*self.0 {
            Backing::Folder(folder) => folder.get(name),
            Backing::Bucket(bucket) => bucket.get(name.clone()),
        }
    }

    /// Reads objects, from a server a few at the same time, and gives them in the order of their names here.
    ///
    /// # Errors
    /// The first one met, as of [`Objects::get`].
    pub fn get_many(&self, names: &[ObjectName]) -> Result<Vec<Bytes>, ObjectsError> {
        match &*self.0 {
            Backing::Folder(folder) => names.iter().map(|name| folder.get(name)).collect(),
            Backing::Bucket(bucket) => bucket.get_many(names.to_vec()),
        }
    }

    /// Deletes objects and says how many are gone. One that was not there counts: a server does not tell.
    /// After a crash a deleted object of a folder may be back, as an orphan.
    ///
    /// # Errors
    /// What the place says; some of the objects may be gone.
    pub fn delete(&self, names: Vec<ObjectName>) -> Result<u64, ObjectsError> {
        match &*self.0 {
            Backing::Folder(folder) => folder.delete(&names),
            Backing::Bucket(bucket) => bucket.delete(names),
        }
    }

    /// The objects behind `after` in the order of their paths, at most `limit` and at most
    /// [`OBJECTS_LISTED_MAX`]. What lies there under other names is passed over.
    ///
    /// # Errors
    /// What the place says.
    pub fn list(&self, after: Option<&ObjectName>, limit: usize) -> Result<Vec<ObjectInfo>, ObjectsError> {
        let limit = limit.min(OBJECTS_LISTED_MAX);
        match &*self.0 {
            Backing::Folder(folder) => folder.list(after, limit),
            Backing::Bucket(bucket) => bucket.list(after.cloned(), limit),
        }
    }

    /// Writes an object, reads it back, lists and deletes it: everything this place has to allow.
    ///
    /// # Errors
    /// What the place says, or [`ObjectsError::Io`] when it gives other bytes than it was given.
    pub fn check(&self) -> Result<(), ObjectsError> {
        let workspace: WorkspaceId = PROBE_WORKSPACE.parse().expect("the constant is a workspace's id");
        let probe = ObjectName::new(workspace);
        let checked = self.check_with(&probe);
        let deleted = self.delete(vec![probe]);
        checked.and(deleted.map(|_| ()))
    }

    fn check_with(&self, probe: &ObjectName) -> Result<(), ObjectsError> {
        let written = Bytes::from(probe.to_string());
        self.put(probe, written.clone())?;
        if self.get(probe)? != written {
            return Err(ObjectsError::io(
                self.describe(),
                "read a probe back",
                "it holds other bytes than written",
            ));
        }
        self.list(None, 1).map(|_| ())
    }

    /// The place in words for people: a folder's path or a URL, without credentials.
    pub fn describe(&self) -> String {
        match &*self.0 {
            Backing::Folder(folder) => folder.describe(),
            Backing::Bucket(bucket) => bucket.describe().to_owned(),
        }
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects").field(&self.describe()).finish()
    }
}

/// Refuses what is larger than an object may be.
fn fits(name: &ObjectName, bytes: u64) -> Result<(), ObjectsError> {
    if bytes > OBJECT_BYTES_MAX as u64 {
        return Err(ObjectsError::TooLarge { name: name.clone(), bytes });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
