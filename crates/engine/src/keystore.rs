//! The keystore: names with sealed values, and the writes that have not reached the disk yet.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use fermata_connect::egress::HostPattern;
use fermata_model::grants::{Grants, PATTERNS_MAX, TaskPattern};
use fermata_model::limits::KEYSTORE_VALUE_BYTES_MAX;
use fermata_model::record::{KeystoreEntry, KeystoreKind};
use fermata_model::seal::{Broken, NONCE_BYTES};
use fermata_model::{Millis, WorkspaceId, seal};
use fermata_store::{Change, CommitError, Group, ReadError, Store};

use zeroize::Zeroizing;

use crate::clock;

/// The namespace of what the system keeps about a workspace. Neither tasks nor the API reach it.
pub(crate) const RESERVED: &str = "fermata";
/// Longest namespace or name, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Names fetched at once when listing.
const PAGE: u32 = 1_000;
/// Uses written down in one group.
const USES_AT_ONCE: usize = 1_000;
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
    /// The task may not use the entry.
    #[error("{0} is not granted to this task")]
    NotGranted(String),
    /// What the entry may be used for is not well put.
    #[error("{0}")]
    BadGrants(String),
    /// A workspace's policy cannot be read, or is not well put.
    #[error("the policy cannot be used: {0}")]
    BadPolicy(String),
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

    /// The same, anywhere but where the system keeps what is its own.
    pub(crate) fn open(workspace: &WorkspaceId, namespace: &str, name: &str) -> Result<Self, KeystoreError> {
        if namespace == RESERVED {
            return Err(KeystoreError::BadName(format!("the keystore namespace {RESERVED} is reserved")));
        }
        Self::new(workspace, namespace, name)
    }

    /// What a sealed value is bound to: whoever can write the database, and has no key, can neither move
    /// it to another name nor grant it to others.
    fn seal_place(&self, version: u32, grants: &Grants) -> Vec<u8> {
        let Self { workspace, namespace, name } = self;
        let place = format!("{workspace}\0{namespace}\0{name}\0{version}");
        if *grants == Grants::default() {
            // As before there were grants.
            return format!("fermata keystore 1\0{place}").into_bytes();
        }
        let grants = serde_json::to_string(grants).unwrap_or_default();
        format!("fermata keystore 2\0{place}\0{grants}").into_bytes()
    }
}

/// An entry to write.
#[derive(Debug)]
pub struct KeystorePut<'a> {
    /// Whether tasks may read it.
    pub kind: KeystoreKind,
    /// The value: the JSON of a value, a secret itself.
    pub value: &'a str,
    /// The tasks that may use it; without them those of the entry before, or all.
    pub tasks: Option<Vec<TaskPattern>>,
    /// The hosts that a secret may go to; without them those of the entry before, or none.
    pub hosts: Option<Vec<String>>,
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
}

/// The keystore of a node. Writes are visible at once and reach the disk in order.
pub(crate) struct Keystore {
    store: Store,
    /// Entries written and not yet on disk; `None` for deleted ones. The number tells a write from
    /// the next one to the same place.
    ahead: Mutex<Ahead>,
    /// Entries used since that was last written down.
    used: Mutex<HashMap<Place, Millis>>,
}

#[derive(Default)]
struct Ahead {
    entries: HashMap<Place, (Option<KeystoreEntry>, u64)>,
    writes: u64,
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

    fn open(&self, place: &Place, entry: &KeystoreEntry) -> Result<Zeroizing<String>, KeystoreError> {
        let sealed_for = place.seal_place(entry.version, &entry.grants);
        let opened = self.key(&place.workspace)?.open(&sealed_for, &entry.sealed);
        let plain = Zeroizing::new(opened.map_err(KeystoreError::Broken)?);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(place.clone(), clock::now());
        Ok(Zeroizing::new(String::from_utf8_lossy(&plain).into_owned()))
    }

    /// Writes down when entries were last used. Not at once for each: reading would write.
    pub(crate) fn write_uses(&self) {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
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

    /// Writes a value. Returns the version and calls `done` once it is on disk.
    pub(crate) fn put(
        self: &Arc<Self>,
        place: &Place,
        user: User<'_>,
        new: KeystorePut<'_>,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<u32, KeystoreError> {
        let KeystorePut { kind, value, tasks, hosts } = new;
        if value.len() > KEYSTORE_VALUE_BYTES_MAX {
            return Err(KeystoreError::TooLarge { bytes: value.len(), limit: KEYSTORE_VALUE_BYTES_MAX });
        }
        let key = self.key(&place.workspace)?;
        // Held over read and write, so that two writers get two versions.
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.entry_with(&ahead, place)?;
        before.as_ref().map_or(Ok(()), |entry| user.check(entry))?;
        let version = before.as_ref().map_or(0, |entry| entry.version) + 1;
        let granted = before.map(|entry| entry.grants).unwrap_or_default();
        let grants = Grants { tasks: tasks.unwrap_or(granted.tasks), hosts: hosts.unwrap_or(granted.hosts) };
        check_grants(&grants)?;
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let entry = KeystoreEntry {
            namespace: place.namespace.clone(),
            name: place.name.clone(),
            kind,
            version,
            sealed: key.seal(nonce, &place.seal_place(version, &grants), value.as_bytes()),
            grants,
            updated_at: clock::now(),
            used_at: None,
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
        user: User<'_>,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<bool, KeystoreError> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.entry_with(&ahead, place)?;
        before.as_ref().map_or(Ok(()), |entry| user.check(entry))?;
        let existed = before.is_some();
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
        Ok(namespaces.into_iter().collect())
    }

    /// What of a workspace is ahead of the disk, without grants where it was deleted. To be taken before the
    /// ledger is read: what lands meanwhile is then in one of the two.
    fn ahead_in(&self, workspace: &WorkspaceId) -> Vec<(Place, Option<Grants>)> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let of_workspace = ahead.entries.iter().filter(|(place, _)| place.workspace == *workspace);
        let granted = |entry: &Option<KeystoreEntry>| entry.as_ref().map(|entry| entry.grants.clone());
        of_workspace.map(|(place, (entry, _))| (place.clone(), granted(entry))).collect()
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

/// A value that only the host may see.
pub(crate) struct Revealed {
    pub(crate) value: Zeroizing<String>,
    /// Where it may be sent: host patterns.
    pub(crate) hosts: Vec<String>,
}

impl Revealed {
    /// Whether the value may be sent to a host.
    pub(crate) fn is_bound_to(&self, host: &str) -> bool {
        let patterns = self.hosts.iter().filter_map(|text| text.parse::<HostPattern>().ok());
        patterns.into_iter().any(|pattern| pattern.covers(host))
    }
}

fn check_grants(grants: &Grants) -> Result<(), KeystoreError> {
    if grants.tasks.len() > PATTERNS_MAX || grants.hosts.len() > PATTERNS_MAX {
        return Err(KeystoreError::BadGrants(format!("an entry has at most {PATTERNS_MAX} tasks and hosts")));
    }
    match grants.hosts.iter().find_map(|text| text.parse::<HostPattern>().err()) {
        Some(error) => Err(KeystoreError::BadGrants(error.to_string())),
        None => Ok(()),
    }
}
