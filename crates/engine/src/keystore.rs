//! The keystore: names with sealed values, and the writes that have not reached the disk yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fermata_model::limits::KEYSTORE_VALUE_BYTES_MAX;
use fermata_model::record::{KeystoreEntry, KeystoreKind};
use fermata_model::seal::{Broken, NONCE_BYTES};
use fermata_model::{WorkspaceId, seal};
use fermata_store::{Change, CommitError, Group, ReadError, Store};

use zeroize::Zeroizing;

use crate::clock;

/// Longest namespace or name, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Names fetched at once when listing.
const PAGE: u32 = 1_000;
/// Most names a list answers.
const NAMES_MAX: usize = 10_000;

/// Why the keystore refuses.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The value is too large.
    #[error("the value takes {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A namespace or name is empty or too long.
    #[error("{0}")]
    BadName(String),
    /// The entry does not open.
    #[error("the entry cannot be opened")]
    Broken(#[source] Broken),
    /// The entry is a secret: a task may refer to it but never read it.
    #[error("{0} is a secret: a task can only refer to it")]
    Secret(String),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] ReadError),
    /// The write failed.
    #[error("the entry could not be written")]
    Commit(#[source] CommitError),
}

/// Where an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) workspace: WorkspaceId,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Place {
    /// Checks and makes a place.
    pub(crate) fn new(workspace: &WorkspaceId, namespace: &str, name: &str) -> Result<Self, KeystoreError> {
        for (what, text) in [("namespace", namespace), ("name", name)] {
            if text.is_empty() || text.chars().count() > NAME_CHARS_MAX || text.contains('\0') {
                let message = format!("a keystore {what} has 1 to {NAME_CHARS_MAX} characters");
                return Err(KeystoreError::BadName(message));
            }
        }
        Ok(Self { workspace: workspace.clone(), namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// What a sealed value is bound to.
    fn seal_place(&self, version: u32) -> Vec<u8> {
        let Self { workspace, namespace, name } = self;
        format!("fermata keystore 1\0{workspace}\0{namespace}\0{name}\0{version}").into_bytes()
    }
}

/// The keystore of a node. Writes are visible at once and reach the disk in order.
pub(crate) struct Keystore {
    store: Store,
    /// Entries written and not yet on disk; `None` for deleted ones. The number tells a write from
    /// the next one to the same place.
    ahead: Mutex<Ahead>,
}

#[derive(Default)]
struct Ahead {
    entries: HashMap<Place, (Option<KeystoreEntry>, u64)>,
    writes: u64,
}

impl Keystore {
    /// The keystore over a store.
    pub(crate) fn new(store: Store) -> Arc<Self> {
        Arc::new(Self { store, ahead: Mutex::default() })
    }

    /// The value of an entry that a task may read.
    pub(crate) fn get(&self, place: &Place) -> Result<Option<String>, KeystoreError> {
        let Some(entry) = self.entry(place)? else { return Ok(None) };
        if entry.kind == KeystoreKind::Secret {
            return Err(KeystoreError::Secret(place.name.clone()));
        }
        let key = self.key(&place.workspace)?;
        let plain =
            key.open(&place.seal_place(entry.version), &entry.sealed).map_err(KeystoreError::Broken)?;
        Ok(Some(String::from_utf8_lossy(&plain).into_owned()))
    }

    /// The value of an entry of either kind, for the host alone.
    pub(crate) fn reveal(&self, place: &Place) -> Result<Option<Zeroizing<String>>, KeystoreError> {
        let Some(entry) = self.entry(place)? else { return Ok(None) };
        let key = self.key(&place.workspace)?;
        let plain =
            key.open(&place.seal_place(entry.version), &entry.sealed).map_err(KeystoreError::Broken)?;
        Ok(Some(Zeroizing::new(String::from_utf8_lossy(&plain).into_owned())))
    }

    /// Whether there is an entry.
    pub(crate) fn has(&self, place: &Place) -> Result<bool, KeystoreError> {
        Ok(self.entry(place)?.is_some())
    }

    /// Writes a value. Returns the version and calls `done` once it is on disk.
    pub(crate) fn put(
        self: &Arc<Self>,
        place: &Place,
        kind: KeystoreKind,
        value: &str,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<u32, KeystoreError> {
        if value.len() > KEYSTORE_VALUE_BYTES_MAX {
            return Err(KeystoreError::TooLarge { bytes: value.len(), limit: KEYSTORE_VALUE_BYTES_MAX });
        }
        let key = self.key(&place.workspace)?;
        // Held over read and write, so that two writers get two versions.
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.entry_with(&ahead, place)?.map_or(0, |entry| entry.version) + 1;
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let entry = KeystoreEntry {
            namespace: place.namespace.clone(),
            name: place.name.clone(),
            kind,
            version,
            sealed: key.seal(nonce, &place.seal_place(version), value.as_bytes()),
            updated_at: clock::now(),
        };
        let change =
            Change::PutKeystore { workspace: place.workspace.clone(), entry: Box::new(entry.clone()) };
        self.write(&mut ahead, place, Some(entry), change, done);
        Ok(version)
    }

    /// Deletes an entry. Says whether there was one, and calls `done` once it is gone from disk.
    pub(crate) fn delete(
        self: &Arc<Self>,
        place: &Place,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<bool, KeystoreError> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let existed = self.entry_with(&ahead, place)?.is_some();
        let Place { workspace, namespace, name } = place.clone();
        let change = Change::DeleteKeystore { workspace, namespace, name };
        self.write(&mut ahead, place, None, change, done);
        Ok(existed)
    }

    /// Names in a namespace that begin with `prefix`, in order.
    pub(crate) fn names(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        prefix: &str,
    ) -> Result<Vec<String>, KeystoreError> {
        let mut names = std::collections::BTreeSet::new();
        let mut after: Option<String> = None;
        while names.len() < NAMES_MAX {
            let page = self.store.keystore_names(workspace, namespace, after.as_deref(), PAGE);
            let page = page.map_err(KeystoreError::Store)?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            names.extend(page);
        }
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, (entry, _)) in &ahead.entries {
            if place.workspace == *workspace && place.namespace == namespace {
                match entry {
                    Some(_) => names.insert(place.name.clone()),
                    None => names.remove(&place.name),
                };
            }
        }
        Ok(names.into_iter().filter(|name| name.starts_with(prefix)).collect())
    }

    /// Namespaces that have entries, in order.
    pub(crate) fn namespaces(&self, workspace: &WorkspaceId) -> Result<Vec<String>, KeystoreError> {
        let found = self.store.keystore_namespaces(workspace, None, PAGE).map_err(KeystoreError::Store)?;
        let mut namespaces: std::collections::BTreeSet<String> = found.into_iter().collect();
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let written = ahead
            .entries
            .iter()
            .filter(|(place, (entry, _))| entry.is_some() && place.workspace == *workspace);
        namespaces.extend(written.map(|(place, _)| place.namespace.clone()));
        Ok(namespaces.into_iter().collect())
    }

    fn entry(&self, place: &Place) -> Result<Option<KeystoreEntry>, KeystoreError> {
        self.entry_with(&self.ahead.lock().unwrap_or_else(PoisonError::into_inner), place)
    }

    fn entry_with(&self, ahead: &Ahead, place: &Place) -> Result<Option<KeystoreEntry>, KeystoreError> {
        if let Some((entry, _)) = ahead.entries.get(place) {
            return Ok(entry.clone());
        }
        let found = self.store.keystore_entry(&place.workspace, &place.namespace, &place.name);
        found.map_err(KeystoreError::Store)
    }

    fn write(
        self: &Arc<Self>,
        ahead: &mut Ahead,
        place: &Place,
        entry: Option<KeystoreEntry>,
        change: Change,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) {
        ahead.writes += 1;
        let write = ahead.writes;
        ahead.entries.insert(place.clone(), (entry, write));
        let (keystore, place) = (Arc::downgrade(self), place.clone());
        self.store.submit(Group::with(vec![change], move |fate| {
            if let Some(keystore) = keystore.upgrade() {
                keystore.landed(&place, write);
            }
            done(fate);
        }));
    }

    /// A write is on disk, or failed: from here on the ledger says what is true.
    fn landed(&self, place: &Place, write: u64) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.entries.get(place).is_some_and(|(_, newest)| *newest == write) {
            ahead.entries.remove(place);
        }
    }

    fn key(&self, workspace: &WorkspaceId) -> Result<seal::Key, KeystoreError> {
        Ok(self.store.workspace_key(workspace).map_err(KeystoreError::Store)?.derive("keystore"))
    }
}
