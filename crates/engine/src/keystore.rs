//! The keystore: names with sealed values, and the writes that have not reached the disk yet.

mod ahead;
mod error;
mod history;
mod place;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fermata_connect::egress::Binding;
use fermata_model::grants::{Grants, PATTERNS_MAX, TaskPattern};
use fermata_model::limits::KEYSTORE_VALUE_BYTES_MAX;
use fermata_model::record::{KeystoreEntry, KeystoreKind};
use fermata_model::seal::NONCE_BYTES;
use fermata_model::{Millis, WorkspaceId, seal};
use fermata_store::{Change, CommitError, Group, Store};

use zeroize::Zeroizing;

use crate::clock;
use ahead::Ahead;
pub use error::KeystoreError;
pub use history::KeystoreRestored;
pub use place::open_namespace;
pub(crate) use place::{Place, RESERVED};

/// Names fetched at once when listing.
const PAGE: u32 = 1_000;
/// Uses written down in one group.
const USES_AT_ONCE: usize = 1_000;
/// Most names a list answers.
const NAMES_MAX: usize = 10_000;

/// An entry to write.
#[derive(Debug, Clone)]
pub struct KeystorePut<'a> {
    /// Whether tasks may read it.
    pub kind: KeystoreKind,
    /// The value: the JSON of a value, a secret itself.
    pub value: &'a str,
    /// The tasks that may use it; without them those of the entry before, or all.
    pub tasks: Option<Vec<TaskPattern>>,
    /// The hosts that a secret may go to; without them those of the entry before, or none.
    pub hosts: Option<Vec<String>>,
    /// The version that it may be written over, nought where there must be none; without it any.
    pub over: Option<u32>,
}

/// Who wants to use an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum User<'a> {
    /// Somebody who may do anything in the workspace.
    Owner,
    /// A task, by its name.
    Task(&'a str),
}

impl User<'_> {
    fn check(self, entry: &KeystoreEntry) -> Result<(), KeystoreError> {
        if self.may_use(&entry.grants) {
            return Ok(());
        }
        Err(KeystoreError::NotGranted(entry.name.clone()))
    }

    fn may_use(self, grants: &Grants) -> bool {
        match self {
            User::Owner => true,
            User::Task(task) => grants.allow_task(task),
        }
    }

    fn task(self) -> Option<String> {
        match self {
            User::Owner => None,
            User::Task(task) => Some(task.to_owned()),
        }
    }
}

/// What the next version of an entry is made of.
struct Next<'a> {
    kind: KeystoreKind,
    value: &'a str,
    grants: Grants,
    written_by: Option<String>,
}

/// The keystore of a node. Writes are visible at once and reach the disk in order.
pub(crate) struct Keystore {
    store: Store,
    /// Entries written and not yet on disk.
    ahead: Mutex<Ahead>,
    /// Entries used since that was last written down.
    used: Mutex<HashMap<Place, Millis>>,
}

impl Keystore {
    /// The keystore over a store.
    pub(crate) fn new(store: Store) -> Arc<Self> {
        Arc::new(Self { store, ahead: Mutex::default(), used: Mutex::default() })
    }

    /// The value of an entry that its user may read.
    pub(crate) fn get(&self, place: &Place, user: User<'_>) -> Result<Option<String>, KeystoreError> {
        let Some(entry) = self.entry(place)? else { return Ok(None) };
        user.check(&entry)?;
        if entry.kind == KeystoreKind::Secret {
            return Err(KeystoreError::Secret(place.name.clone()));
        }
        self.open(place, &entry).map(|plain| Some(plain.to_string()))
    }

    /// The value of an entry of either kind and the hosts it may go to, for the host alone, on behalf of a
    /// task.
    pub(crate) fn reveal(&self, place: &Place, task: &str) -> Result<Option<Revealed>, KeystoreError> {
        let Some(entry) = self.entry(place)? else { return Ok(None) };
        User::Task(task).check(&entry)?;
        let value = self.open(place, &entry)?;
        Ok(Some(Revealed { value, hosts: entry.grants.hosts }))
    }

    /// The value of an entry, which is used by that.
    fn open(&self, place: &Place, entry: &KeystoreEntry) -> Result<Zeroizing<String>, KeystoreError> {
        let value = self.unsealed(place, entry)?;
        self.used().insert(place.clone(), clock::now());
        Ok(value)
    }

    fn unsealed(&self, place: &Place, entry: &KeystoreEntry) -> Result<Zeroizing<String>, KeystoreError> {
        let sealed_for = place.seal_place(entry.version, &entry.grants);
        let opened = self.key(&place.workspace)?.open(&sealed_for, &entry.sealed);
        let plain = Zeroizing::new(opened.map_err(KeystoreError::Broken)?);
        Ok(Zeroizing::new(String::from_utf8_lossy(&plain).into_owned()))
    }

    /// Writes down when entries were last used. Not at once for each: reading would write.
    pub(crate) fn write_uses(&self) {
        let used = std::mem::take(&mut *self.used());
        let changes: Vec<Change> = used
            .into_iter()
            .map(|(Place { workspace, namespace, name }, at)| Change::UseKeystore {
                workspace,
                namespace,
                name,
                at,
            })
            .collect();
        for changes in changes.chunks(USES_AT_ONCE) {
            self.store.submit(Group::with(changes.to_vec(), |_| ()));
        }
    }

    /// Whether there is an entry that its user may use.
    pub(crate) fn has(&self, place: &Place, user: User<'_>) -> Result<bool, KeystoreError> {
        Ok(self.entry(place)?.is_some_and(|entry| user.check(&entry).is_ok()))
    }

    /// Writes a value. Returns the version and calls `done` once it is on disk. Of two nodes that write an
    /// entry at the same moment one is told that it [lost the race](KeystoreError::lost_race).
    pub(crate) fn put(
        self: &Arc<Self>,
        place: &Place,
        user: User<'_>,
        new: KeystorePut<'_>,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<u32, KeystoreError> {
        let KeystorePut { kind, value, tasks, hosts, over } = new;
        if value.len() > KEYSTORE_VALUE_BYTES_MAX {
            return Err(KeystoreError::TooLarge { bytes: value.len(), limit: KEYSTORE_VALUE_BYTES_MAX });
        }
        // Held over read and write, so that two writers get two versions.
        let mut ahead = self.ahead();
        let before = self.entry_with(&ahead, place)?;
        before.as_ref().map_or(Ok(()), |entry| user.check(entry))?;
        check_version(place, over, before.as_ref())?;
        let granted = before.as_ref().map(|entry| entry.grants.clone()).unwrap_or_default();
        let grants = Grants { tasks: tasks.unwrap_or(granted.tasks), hosts: hosts.unwrap_or(granted.hosts) };
        check_grants(&grants)?;
        let next = Next { kind, value, grants, written_by: user.task() };
        self.write_next(&mut ahead, place, before, next, done)
    }

    fn write_next(
        self: &Arc<Self>,
        ahead: &mut Ahead,
        place: &Place,
        before: Option<KeystoreEntry>,
        next: Next<'_>,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<u32, KeystoreError> {
        let Next { kind, value, grants, written_by } = next;
        let now = clock::now();
        let version = before.as_ref().map_or(0, |entry| entry.version) + 1;
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let sealed_for = place.seal_place(version, &grants);
        let entry = KeystoreEntry {
            namespace: place.namespace.clone(),
            name: place.name.clone(),
            since: before.as_ref().map_or_else(|| ahead.moment(now), |entry| entry.since),
            kind,
            version,
            sealed: self.key(&place.workspace)?.seal(nonce, &sealed_for, value.as_bytes()),
            grants,
            updated_at: now,
            written_by,
            used_at: before.as_ref().and_then(|entry| entry.used_at),
        };
        let changes = history::changes(&place.workspace, before, &entry);
        self.write(ahead, place, Some(entry), changes, done);
        Ok(version)
    }

    /// Deletes an entry with its history. Says whether there was one, and calls `done` once it is gone from
    /// disk.
    pub(crate) fn delete(
        self: &Arc<Self>,
        place: &Place,
        user: User<'_>,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<bool, KeystoreError> {
        let mut ahead = self.ahead();
        let before = self.entry_with(&ahead, place)?;
        before.as_ref().map_or(Ok(()), |entry| user.check(entry))?;
        let existed = before.is_some();
        let changes = before.map(|entry| history::deletion(place, &entry)).unwrap_or_default();
        self.write(&mut ahead, place, None, changes, done);
        // Whoever gets the name next was not used yet.
        self.used().remove(place);
        Ok(existed)
    }

    /// Names in a namespace that begin with `prefix`, in order.
    pub(crate) fn names(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        prefix: &str,
        user: User<'_>,
    ) -> Result<Vec<String>, KeystoreError> {
        let ahead = self.ahead_in(workspace);
        let mut names = BTreeSet::new();
        let mut after: Option<String> = None;
        while names.len() < NAMES_MAX {
            let page = self.store.keystore_names(workspace, namespace, after.as_deref(), PAGE);
            let page = page.map_err(KeystoreError::Store)?;
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            names
                .extend(page.into_iter().filter(|entry| user.may_use(&entry.grants)).map(|entry| entry.name));
        }
        for (place, grants) in ahead.into_iter().filter(|(place, _)| place.namespace == namespace) {
            match grants {
                Some(grants) if user.may_use(&grants) => names.insert(place.name),
                _ => names.remove(&place.name),
            };
        }
        Ok(names.into_iter().filter(|name| name.starts_with(prefix)).collect())
    }

    /// Namespaces that have entries, in order.
    pub(crate) fn namespaces(&self, workspace: &WorkspaceId) -> Result<Vec<String>, KeystoreError> {
        let ahead = self.ahead_in(workspace);
        let found = self.store.keystore_namespaces(workspace, None, PAGE).map_err(KeystoreError::Store)?;
        let mut namespaces: BTreeSet<String> = found.into_iter().collect();
        let written = ahead.into_iter().filter(|(_, grants)| grants.is_some());
        namespaces.extend(written.map(|(place, _)| place.namespace));
        Ok(namespaces.into_iter().filter(|namespace| open_namespace(namespace).is_ok()).collect())
    }

    /// What of a workspace is ahead of the disk, without grants where it was deleted. To be taken before the
    /// ledger is read: what lands meanwhile is then in one of the two.
    fn ahead_in(&self, workspace: &WorkspaceId) -> Vec<(Place, Option<Grants>)> {
        let ahead = self.ahead();
        let of_workspace = ahead.entries().filter(|(place, _)| place.workspace == *workspace);
        let granted = |entry: Option<&KeystoreEntry>| entry.map(|entry| entry.grants.clone());
        of_workspace.map(|(place, entry)| (place.clone(), granted(entry))).collect()
    }

    fn entry(&self, place: &Place) -> Result<Option<KeystoreEntry>, KeystoreError> {
        self.entry_with(&self.ahead(), place)
    }

    fn entry_with(&self, ahead: &Ahead, place: &Place) -> Result<Option<KeystoreEntry>, KeystoreError> {
        if let Some(entry) = ahead.get(place) {
            return Ok(entry.cloned());
        }
        let found = self.store.keystore_entry(&place.workspace, &place.namespace, &place.name);
        found.map_err(KeystoreError::Store)
    }

    fn write(
        self: &Arc<Self>,
        ahead: &mut Ahead,
        place: &Place,
        entry: Option<KeystoreEntry>,
        changes: Vec<Change>,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) {
        let (write, chain) = ahead.write(place, entry);
        let (keystore, place) = (Arc::downgrade(self), place.clone());
        let group = Group::with(changes, move |fate| {
            if let Some(keystore) = keystore.upgrade() {
                // On disk, or failed: from here on the ledger says what is true.
                keystore.ahead().landed(&place, write);
            }
            done(fate);
        });
        self.store.submit(group.in_chain(&chain));
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn used(&self) -> MutexGuard<'_, HashMap<Place, Millis>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, workspace: &WorkspaceId) -> Result<seal::Key, KeystoreError> {
        Ok(self.store.workspace_key(workspace).map_err(KeystoreError::Store)?.derive("keystore"))
    }
}

/// A value that only the host may see.
pub(crate) struct Revealed {
    pub(crate) value: Zeroizing<String>,
    /// Where it may be sent: bindings.
    pub(crate) hosts: Vec<String>,
}

impl Revealed {
    /// Whether the value may be sent to a host.
    pub(crate) fn is_bound_to(&self, host: &str) -> bool {
        self.bindings().any(|binding| binding.covers(host))
    }

    /// Whether it may be sent there unencrypted.
    pub(crate) fn may_go_unencrypted_to(&self, host: &str) -> bool {
        self.bindings().any(|binding| binding.covers_unencrypted(host))
    }

    fn bindings(&self) -> impl Iterator<Item = Binding> {
        self.hosts.iter().filter_map(|text| text.parse().ok())
    }
}

fn check_version(
    place: &Place,
    over: Option<u32>,
    before: Option<&KeystoreEntry>,
) -> Result<(), KeystoreError> {
    let found = before.map_or(0, |entry| entry.version);
    match over {
        Some(expected) if expected != found => {
            Err(KeystoreError::OtherVersion { name: place.name.clone(), expected, found })
        }
        _ => Ok(()),
    }
}

fn check_grants(grants: &Grants) -> Result<(), KeystoreError> {
    if grants.tasks.len() > PATTERNS_MAX || grants.hosts.len() > PATTERNS_MAX {
        return Err(KeystoreError::BadGrants(format!("an entry has at most {PATTERNS_MAX} tasks and hosts")));
    }
    match grants.hosts.iter().find_map(|text| text.parse::<Binding>().err()) {
        Some(error) => Err(KeystoreError::BadGrants(error.to_string())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
