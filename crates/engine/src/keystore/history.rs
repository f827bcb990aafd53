//! Earlier versions of an entry: kept when another comes over them, put back, forgotten.

use std::sync::Arc;

use fermata_model::WorkspaceId;
use fermata_model::limits::KEYSTORE_VERSIONS_MAX;
use fermata_model::record::{KeystoreEntry, KeystoreKind};
use fermata_store::{Change, CommitError, Group};

use super::ahead::Ahead;
use super::{Keystore, KeystoreError, Next, Place, check_version};

/// An earlier version that became the newest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeystoreRestored {
    /// Whether tasks may read it: as it was then.
    pub kind: KeystoreKind,
    /// The number it has now.
    pub version: u32,
}

impl Keystore {
    /// Writes an earlier version anew. Who may use it stays as it is: what was granted then may have been
    /// taken back since. Calls `done` once it is on disk.
    pub(crate) fn restore(
        self: &Arc<Self>,
        place: &Place,
        version: u32,
        over: Option<u32>,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<KeystoreRestored, KeystoreError> {
        let mut ahead = self.ahead();
        let entry = self.known(&ahead, place)?;
        check_version(place, over, Some(&entry))?;
        let earlier = self.version_of(place, &entry, version)?;
        let (kind, value) = (earlier.kind, self.unsealed(place, &earlier)?);
        let next = Next { kind, value: &value, grants: entry.grants.clone(), written_by: None };
        let version = self.write_next(&mut ahead, place, Some(entry), next, done)?;
        Ok(KeystoreRestored { kind, version })
    }

    /// Forgets all versions of an entry but the one that counts, and calls `done` once they are gone from
    /// disk.
    pub(crate) fn purge(
        &self,
        place: &Place,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<(), KeystoreError> {
        let ahead = self.ahead();
        let entry = self.known(&ahead, place)?;
        // While nothing else can be written: behind what was kept so far, before what will be.
        self.store.submit(Group::with(vec![forgetting(place, &entry, entry.version - 1)], done));
        Ok(())
    }

    fn known(&self, ahead: &Ahead, place: &Place) -> Result<KeystoreEntry, KeystoreError> {
        let unknown =
            || KeystoreError::Unknown { namespace: place.namespace.clone(), name: place.name.clone() };
        self.entry_with(ahead, place)?.ok_or_else(unknown)
    }

    fn version_of(
        &self,
        place: &Place,
        entry: &KeystoreEntry,
        version: u32,
    ) -> Result<KeystoreEntry, KeystoreError> {
        if version == entry.version {
            return Ok(entry.clone());
        }
        let found = self.store.keystore_versions(&place.workspace, &place.namespace, &place.name);
        let found = found.map_err(KeystoreError::Store)?.into_iter();
        let mut found = found.filter(|earlier| earlier.since == entry.since && earlier.version == version);
        let unknown = || KeystoreError::UnknownVersion { name: place.name.clone(), version };
        found.next().ok_or_else(unknown)
    }
}

/// What is to be written for an entry to come over the one before.
pub(super) fn changes(
    workspace: &WorkspaceId,
    before: Option<KeystoreEntry>,
    entry: &KeystoreEntry,
) -> Vec<Change> {
    let written = Box::new(entry.clone());
    let Some(before) = before else {
        return vec![Change::InsertKeystore { workspace: workspace.clone(), entry: written }];
    };
    let over = before.version;
    let mut changes = vec![
        Change::KeepKeystore { workspace: workspace.clone(), entry: Box::new(before) },
        Change::UpdateKeystore { workspace: workspace.clone(), entry: written, over },
    ];
    if entry.version > KEYSTORE_VERSIONS_MAX {
        let KeystoreEntry { namespace, name, since, version, .. } = entry.clone();
        let up_to = version - KEYSTORE_VERSIONS_MAX;
        let workspace = workspace.clone();
        changes.push(Change::ForgetKeystore { workspace, namespace, name, since, up_to });
    }
    changes
}

/// What is to be written for an entry to be gone, with all that it was.
pub(super) fn deletion(place: &Place, entry: &KeystoreEntry) -> Vec<Change> {
    let Place { workspace, namespace, name } = place.clone();
    let gone = Change::DeleteKeystore { workspace, namespace, name, since: entry.since };
    vec![gone, forgetting(place, entry, u32::MAX)]
}

fn forgetting(place: &Place, entry: &KeystoreEntry, up_to: u32) -> Change {
    let Place { workspace, namespace, name } = place.clone();
    Change::ForgetKeystore { workspace, namespace, name, since: entry.since, up_to }
}
