//! Values too large for a row: they lie in the object store, and the row holds a reference.
//!
//! On the way in, [`Spill::upload`] puts them there before their group is queued, and the group carries
//! what the committer is to write in their place. On the way out, a read that meets references is done
//! again with what they refer to (see [`sought`]), so that no connection waits for the object store.

mod cache;
mod carried;
mod fetch;
mod reference;
pub(crate) mod sought;
mod upload;

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use fermata_model::WorkspaceId;
use fermata_model::seal::Key;

use crate::objects::{ObjectName, Objects, ObjectsError, ObjectsPlace};
use cache::Cache;
pub(crate) use carried::{Carried, Carrying, Upload};
pub(crate) use reference::{BLOB_PREFIX, JSON_PREFIX, Reference, is_id_of};

/// Largest JSON text or checkpoint that a row holds itself, in bytes.
pub const INLINE_BYTES_MAX: usize = 64 << 10;
/// Bytes kept in memory of objects that were read or written last.
const CACHE_BYTES_MAX: usize = 32 << 20;

/// The object store of a ledger, with what is needed to use it.
pub(crate) struct Spill {
    place: ObjectsPlace,
    objects: OnceLock<Objects>,
    /// Whether large values are put there; if not, they stay in their rows.
    is_used: bool,
    /// The workspaces' data keys, as far as they were asked for.
    keys: Mutex<HashMap<WorkspaceId, Key>>,
    cache: Mutex<Cache>,
}

impl Spill {
    /// Large values go to a place, which is opened.
    pub(crate) fn to(place: &ObjectsPlace) -> Result<Self, ObjectsError> {
        let objects = Objects::open(place)?;
        Ok(Self { objects: objects.into(), ..Self::later(place.clone(), true) })
    }

    /// Large values go to a place that is opened when there is one, if `is_used`.
    pub(crate) fn later(place: ObjectsPlace, is_used: bool) -> Self {
        let cache = Mutex::new(Cache::new(CACHE_BYTES_MAX));
        Self { place, objects: OnceLock::new(), is_used, keys: Mutex::default(), cache }
    }

    /// The object store, opened at the first time.
    pub(crate) fn objects(&self) -> Result<&Objects, ObjectsError> {
        if let Some(objects) = self.objects.get() {
            return Ok(objects);
        }
        let opened = Objects::open(&self.place)?;
        Ok(self.objects.get_or_init(|| opened))
    }

    /// A workspace's data key, if it was learned.
    pub(crate) fn known_key(&self, workspace: &WorkspaceId) -> Option<Key> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(workspace).cloned()
    }

    /// Keeps a workspace's data key.
    pub(crate) fn learn_key(&self, workspace: &WorkspaceId, key: &Key) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(workspace.clone(), key.clone());
    }

    /// These objects are about to be deleted.
    pub(crate) fn forget(&self, names: &[ObjectName]) {
        let mut cache = self.cache();
        names.iter().for_each(|name| cache.forget(name));
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
