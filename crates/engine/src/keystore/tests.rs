//! Versions of entries, with two keystores over one ledger in the place of two nodes.

use std::sync::mpsc;
use std::thread;

use fermata_model::limits::KEYSTORE_VERSIONS_MAX;
use fermata_store::{DatabaseUrl, Options};
use fermata_testkit::postgres::{self, Database};
use tempfile::TempDir;

use super::*;

/// A ledger, and what it goes away with.
struct Ledger {
    store: Store,
    _folder: TempDir,
    _database: Option<Database>,
}

impl Ledger {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let made = postgres::is_wanted().then(|| Database::create().unwrap());
        let database = made.as_ref().map(|database| DatabaseUrl::parse(database.url()).unwrap());
        let store = Store::open(folder.path(), Options { database, ..Options::default() }).unwrap();
        Self { store, _folder: folder, _database: made }
    }

    fn keystore(&self) -> Arc<Keystore> {
        Keystore::new(self.store.clone())
    }

    /// The numbers of the versions kept, the newest first.
    fn versions(&self) -> Vec<u32> {
        let found = self.store.keystore_versions(&place().workspace, "global", "KEY").unwrap();
        found.into_iter().map(|entry| entry.version).collect()
    }
}

fn place() -> Place {
    Place::new(&WorkspaceId::default_workspace(), "global", "KEY").unwrap()
}

fn value(value: &str) -> KeystorePut<'_> {
    KeystorePut { kind: KeystoreKind::Value, value, tasks: None, hosts: None, over: None }
}

type Fates = mpsc::Receiver<Result<(), CommitError>>;

/// A write that is on its way.
fn submit<T>(write: impl FnOnce(fermata_store::Done) -> Result<T, KeystoreError>) -> (T, Fates) {
    let (tell, told) = mpsc::channel();
    (write(Box::new(move |fate| tell.send(fate).unwrap())).unwrap(), told)
}

/// A write that is on disk.
fn written<T>(
    write: impl FnOnce(fermata_store::Done) -> Result<T, KeystoreError>,
) -> Result<T, KeystoreError> {
    let (tell, told) = mpsc::channel();
    let answer = write(Box::new(move |fate| tell.send(fate).unwrap()))?;
    told.recv().unwrap().map_err(KeystoreError::Commit)?;
    Ok(answer)
}

fn put(keystore: &Arc<Keystore>, new: KeystorePut<'_>) -> Result<u32, KeystoreError> {
    written(|done| keystore.put(&place(), User::Owner, new, done))
}

fn restore(
    keystore: &Arc<Keystore>,
    version: u32,
    over: Option<u32>,
) -> Result<KeystoreRestored, KeystoreError> {
    written(|done| keystore.restore(&place(), version, over, done))
}

fn read(keystore: &Keystore) -> Option<String> {
    keystore.get(&place(), User::Owner).unwrap()
}

#[test]
fn writers_on_two_nodes_get_a_version_each() {
    const WRITES: u32 = 40;
    let ledger = Ledger::new();
    let write_all = |keystore: Arc<Keystore>| {
        let write = |_| loop {
            match put(&keystore, value("1")) {
                Err(error) if error.lost_race() => {}
                ended => return ended.unwrap(),
            }
        };
        (0..WRITES).map(write).collect::<Vec<u32>>()
    };
    let mut got: Vec<u32> = thread::scope(|scope| {
        let nodes = [ledger.keystore(), ledger.keystore()];
        let writers = nodes.map(|keystore| scope.spawn(|| write_all(keystore)));
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    got.sort_unstable();
    assert_eq!(got, (1..=2 * WRITES).collect::<Vec<u32>>());
    let kept: Vec<u32> = got.into_iter().rev().take(KEYSTORE_VERSIONS_MAX as usize).collect();
    assert_eq!(ledger.versions(), kept);
}

#[test]
fn what_comes_over_a_version_that_never_was_is_not_written() {
    let ledger = Ledger::new();
    let (here, there) = (ledger.keystore(), ledger.keystore());
    put(&here, value("1")).unwrap();
    // The committer is held, so that all of these are made of the first version.
    let (hold, held) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    ledger.store.submit(Group::with(Vec::new(), move |_| {
        begin.send(()).unwrap();
        assert!(held.recv().is_err(), "it is let go by dropping");
    }));
    begun.recv().unwrap();
    let (of_there, there_fate) = submit(|done| there.put(&place(), User::Owner, value("2"), done));
    let (second, second_fate) = submit(|done| here.put(&place(), User::Owner, value("3"), done));
    let (third, third_fate) = submit(|done| here.put(&place(), User::Owner, value("4"), done));
    assert_eq!((of_there, second, third), (2, 2, 3));
    assert_eq!(read(&here).as_deref(), Some("4"), "what was written is read here at once");
    drop(hold);
    there_fate.recv().unwrap().unwrap();
    for fate in [second_fate, third_fate] {
        let error = KeystoreError::Commit(fate.recv().unwrap().unwrap_err());
        assert!(error.lost_race(), "{error:?}");
    }
    assert_eq!((read(&here), ledger.versions()), (Some("2".into()), vec![2, 1]));
    assert_eq!(put(&here, value("5")).unwrap(), 3);
}

#[test]
fn an_expected_version_is_written_over_and_no_other() {
    let ledger = Ledger::new();
    let keystore = ledger.keystore();
    let over = |text, version| put(&keystore, KeystorePut { over: Some(version), ..value(text) });
    let refused = |fate: Result<u32, KeystoreError>, wanted: u32, is: u32| match fate {
        Err(KeystoreError::OtherVersion { expected, found, .. }) => {
            assert_eq!((expected, found), (wanted, is))
        }
        fate => panic!("{fate:?}"),
    };
    refused(over("1", 1), 1, 0);
    assert_eq!(over("1", 0).unwrap(), 1);
    refused(over("2", 0), 0, 1);
    assert_eq!(over("2", 1).unwrap(), 2);
    refused(over("3", 1), 1, 2);
    refused(restore(&keystore, 1, Some(1)).map(|restored| restored.version), 1, 2);
    assert_eq!(restore(&keystore, 1, Some(2)).unwrap().version, 3);
    assert_eq!(read(&keystore).as_deref(), Some("1"));
}

#[test]
fn an_earlier_version_comes_back_with_what_is_granted_today() {
    let ledger = Ledger::new();
    let keystore = ledger.keystore();
    let kind = KeystoreKind::Secret;
    let hosts = |hosts: &[&str]| Some(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>());
    put(&keystore, KeystorePut { kind, hosts: hosts(&["old.example"]), ..value("first") }).unwrap();
    put(&keystore, KeystorePut { hosts: hosts(&["new.example"]), ..value("2") }).unwrap();
    assert_eq!(read(&keystore).as_deref(), Some("2"));
    assert_eq!(restore(&keystore, 1, None).unwrap(), KeystoreRestored { kind, version: 3 });
    let refused = keystore.get(&place(), User::Task("any"));
    assert!(matches!(refused, Err(KeystoreError::Secret(_))), "it is a secret as it was: {refused:?}");
    let revealed = keystore.reveal(&place(), "any").unwrap().unwrap();
    assert_eq!((revealed.value.as_str(), revealed.hosts), ("first", vec!["new.example".to_owned()]));
    let unknown = restore(&keystore, 9, None);
    assert!(matches!(unknown, Err(KeystoreError::UnknownVersion { version: 9, .. })), "{unknown:?}");
}

#[test]
fn putting_back_is_no_use_and_writing_leaves_the_last_one() {
    let ledger = Ledger::new();
    let keystore = ledger.keystore();
    let used_at = || {
        keystore.write_uses();
        // Behind the uses in the queue.
        ledger.store.commit(Vec::new()).unwrap();
        keystore.entry(&place()).unwrap().and_then(|entry| entry.used_at)
    };
    put(&keystore, value("1")).unwrap();
    put(&keystore, value("2")).unwrap();
    restore(&keystore, 1, None).unwrap();
    assert_eq!(used_at(), None);
    read(&keystore);
    let used = used_at();
    assert!(used.is_some());
    put(&keystore, value("3")).unwrap();
    restore(&keystore, 1, None).unwrap();
    assert_eq!(used_at(), used);
    read(&keystore);
    written(|done| keystore.delete(&place(), User::Owner, done)).unwrap();
    put(&keystore, value("4")).unwrap();
    assert_eq!(used_at(), None, "it is another entry");
}

#[test]
fn what_is_forgotten_does_not_come_back() {
    let ledger = Ledger::new();
    let keystore = ledger.keystore();
    for text in ["1", "2", "3"] {
        put(&keystore, value(text)).unwrap();
    }
    written(|done| keystore.purge(&place(), done)).unwrap();
    assert_eq!(ledger.versions(), [3]);
    assert!(matches!(restore(&keystore, 1, None), Err(KeystoreError::UnknownVersion { .. })));
    assert_eq!(put(&keystore, value("4")).unwrap(), 4);
    assert!(written(|done| keystore.delete(&place(), User::Owner, done)).unwrap());
    assert!(!written(|done| keystore.delete(&place(), User::Owner, done)).unwrap());
    let unknown = written(|done| keystore.purge(&place(), done));
    assert!(matches!(unknown, Err(KeystoreError::Unknown { .. })), "{unknown:?}");
    assert_eq!(put(&keystore, value("5")).unwrap(), 1);
    assert_eq!(ledger.versions(), [1]);
    assert!(matches!(restore(&keystore, 3, None), Err(KeystoreError::UnknownVersion { .. })));
}

#[test]
fn an_entry_of_before_there_was_history_is_kept_like_others() {
    let ledger = Ledger::new();
    let keystore = ledger.keystore();
    let key = ledger.store.workspace_key(&place().workspace).unwrap().derive("keystore");
    let sealed_for = b"fermata keystore 1\0default\0global\0KEY\x007";
    let entry = KeystoreEntry {
        namespace: "global".into(),
        name: "KEY".into(),
        since: 0,
        kind: KeystoreKind::Value,
        version: 7,
        sealed: key.seal([7; NONCE_BYTES], sealed_for, b"old"),
        grants: Grants::default(),
        updated_at: 1,
        written_by: None,
        used_at: None,
    };
    let insert = Change::InsertKeystore { workspace: place().workspace, entry: Box::new(entry) };
    ledger.store.commit(vec![insert]).unwrap();
    put(&keystore, value("new")).unwrap();
    assert_eq!(restore(&keystore, 7, None).unwrap().version, 9);
    assert_eq!((read(&keystore).as_deref(), ledger.versions()), (Some("old"), vec![9, 8, 7]));
}

#[test]
fn a_kept_version_opens_in_its_place_only() {
    let ledger = Ledger::new();
    let keystore = ledger.keystore();
    put(&keystore, value("1")).unwrap();
    put(&keystore, value("2")).unwrap();
    put(&keystore, value("3")).unwrap();
    let first = ledger.store.keystore_versions(&place().workspace, "global", "KEY").unwrap().remove(2);
    // Somebody who can write the ledger passes an old value off as a newer one.
    let moved = Box::new(KeystoreEntry { version: 2, ..first });
    ledger.store.commit(vec![Change::KeepKeystore { workspace: place().workspace, entry: moved }]).unwrap();
    assert!(matches!(restore(&keystore, 2, None), Err(KeystoreError::Broken(_))));
    assert_eq!(restore(&keystore, 1, None).unwrap().version, 4);
}
