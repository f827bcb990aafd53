//! Removing objects that nothing refers to: superseded checkpoints, and what was uploaded for groups that
//! were never committed.

use std::sync::PoisonError;
use std::time::Duration;

use fermata_model::WorkspaceId;

use super::Store;
use crate::change::{Change, Removal, Removed};
use crate::error::{ReadError, RemoveError};
use crate::objects::{ObjectInfo, ObjectName};
use crate::spill;
use crate::tables::objects::{self, KnownObject};

/// What a walk through the objects has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Rows and objects that were looked at. When it is 0 the walk has come to its end, and the next one
    /// begins at the start.
    pub looked_at: u64,
    /// Objects that were deleted.
    pub deleted: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// How far the walk has come.
#[derive(Debug, Default)]
pub(super) struct Walk {
    rows: Part<(WorkspaceId, [u8; 16])>,
    objects: Part<ObjectName>,
}

/// How far one of its parts has come.
#[derive(Debug)]
enum Part<T> {
    /// To behind this one, or nowhere yet.
    Behind(Option<T>),
    /// To its end.
    Done,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self::Behind(None)
    }
}

impl<T> Part<T> {
    /// Where it goes on after a page with this last entry.
    fn after(last: Option<T>) -> Self {
        last.map_or(Self::Done, |last| Self::Behind(Some(last)))
    }
}

impl Store {
    /// Looks at up to `limit` objects the ledger knows and up to `limit` that are in the object store, from
    /// where the last call stopped, and deletes those that nothing refers to and that are at least
    /// `older_than` old. That has to be longer than any commit takes, and than the clocks of this machine
    /// and of the object store are apart; an hour is.
    ///
    /// # Errors
    /// [`RemoveError`]; then a later call goes on from the same place.
    pub fn collect_objects(&self, older_than: Duration, limit: u32) -> Result<Collected, RemoveError> {
        let age_ms = i64::try_from(older_than.as_millis()).unwrap_or(i64::MAX);
        let before = crate::open::now().saturating_sub(age_ms);
        // Two walks at once would only do the same work twice.
        let mut walk = self.inner.walk.lock().unwrap_or_else(PoisonError::into_inner);
        let mut collected = Collected::default();
        self.collect_known(&mut walk, before, limit, &mut collected)?;
        self.collect_orphans(&mut walk, before, limit, &mut collected)?;
        if collected.looked_at == 0 {
            *walk = Walk::default();
        }
        Ok(collected)
    }

    /// First the rows are deleted, then the objects: what is interrupted between leaves orphans.
    fn collect_known(
        &self,
        walk: &mut Walk,
        before: i64,
        limit: u32,
        collected: &mut Collected,
    ) -> Result<(), RemoveError> {
        let Part::Behind(after) = &walk.rows else { return Ok(()) };
        let page = self.read("objects", |db| objects::list(db, after.as_ref(), limit));
        let page = page.map_err(|source| RemoveError::Read { source })?;
        let is_garbage = |known: &&KnownObject| !known.is_needed && known.created_at <= before;
        let garbage: Vec<&KnownObject> = page.iter().filter(is_garbage).collect();
        if !garbage.is_empty() {
            let removed =
                |known: &&KnownObject| Removed::Object { workspace: known.workspace.clone(), id: known.id };
            let changes = garbage.iter().map(|known| Change::Remove(Removal(removed(known)))).collect();
            self.commit(changes).map_err(|source| RemoveError::Commit { source })?;
            let names = garbage.iter().map(|known| ObjectName::with_id(known.workspace.clone(), known.id));
            self.delete_objects(names.collect())?;
        }
        collected.looked_at += page.len() as u64;
        collected.deleted += garbage.len() as u64;
        collected.bytes += garbage.iter().map(|known| known.bytes).sum::<u64>();
        walk.rows = Part::after(page.last().map(|known| (known.workspace.clone(), known.id)));
        Ok(())
    }

    fn collect_orphans(
        &self,
        walk: &mut Walk,
        before: i64,
        limit: u32,
        collected: &mut Collected,
    ) -> Result<(), RemoveError> {
        let Part::Behind(after) = &walk.objects else { return Ok(()) };
        let failed = |source| RemoveError::Objects { source };
        let objects = self.objects().map_err(failed)?;
        let page = objects.list(after.as_ref(), limit as usize).map_err(failed)?;
        let old: Vec<&ObjectInfo> = page.iter().filter(|object| object.modified_ms <= before).collect();
        let orphans = self.orphans(&old).map_err(|source| RemoveError::Read { source })?;
        self.delete_objects(orphans.iter().map(|orphan| orphan.name.clone()).collect())?;
        collected.looked_at += page.len() as u64;
        collected.deleted += orphans.len() as u64;
        collected.bytes += orphans.iter().map(|orphan| orphan.bytes).sum::<u64>();
        walk.objects = Part::after(page.into_iter().next_back().map(|object| object.name));
        Ok(())
    }

    /// Those that this ledger made and that nothing refers to. What others put there is left alone.
    fn orphans<'a>(&self, objects: &[&'a ObjectInfo]) -> Result<Vec<&'a ObjectInfo>, ReadError> {
        let mut own = Vec::new();
        for object in objects {
            match self.workspace_key(object.name.workspace()) {
                Ok(key) if spill::is_id_of(&key, object.name.id()) => own.push(*object),
                Ok(_) | Err(ReadError::NoWorkspace(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.read("objects", |db| {
            let mut orphans = Vec::new();
            for object in &own {
                if !objects::is_known(db, object.name.workspace(), object.name.id())? {
                    orphans.push(*object);
                }
            }
            Ok(orphans)
        })
    }

    /// Deletes objects that no row refers to.
    pub(super) fn delete_objects(&self, names: Vec<ObjectName>) -> Result<(), RemoveError> {
        if names.is_empty() {
            return Ok(());
        }
        self.inner.spill.forget(&names);
        let deleted = self.objects().and_then(|objects| objects.delete(names));
        deleted.map(drop).map_err(|source| RemoveError::Objects { source })
    }
}
