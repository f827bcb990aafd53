//! What opening refuses, and what it finds again.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use fermata_store::{CommitError, OpenError, Options, Store};

use crate::place::{Ledger, Place, execute, on_both, options, with_key};
use crate::records::{insert_run, run, run_id, workspace};

#[test]
fn a_new_folder_and_its_files_are_for_the_owner_only() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("data/fermata");
    let store = Store::open(&folder, Options::default()).unwrap();
    store.commit(vec![insert_run(run(1))]).unwrap();
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for name in ["fermata.db", "fermata.db-wal", "fermata.lock", "master.key"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!(store.path(), folder);
}

#[test]
fn a_second_opening_is_refused_until_the_first_is_dropped() {
    on_both(|place| {
        let Ledger { store, folder, database } = Ledger::new(place);
        let open = || Store::open(folder.path(), options(database.as_deref()));
        let error = open().unwrap_err();
        let is_ours = |pid| pid == Some(std::process::id());
        assert!(matches!(error, OpenError::InUse { pid, .. } if is_ours(pid)), "{error}");
        drop(store);
        open().unwrap();
    });
}

#[test]
fn what_was_acknowledged_is_there_after_reopening_without_closing() {
    on_both(|place| {
        let Ledger { store, folder, database } = Ledger::new(place);
        store.commit(vec![insert_run(run(1))]).unwrap();
        let key = store.workspace_key(&workspace()).unwrap();
        drop(store);
        let store = Store::open(folder.path(), options(database.as_deref())).unwrap();
        assert!(store.run(&workspace(), run_id(1)).unwrap().is_some());
        assert_eq!(store.workspace_key(&workspace()).unwrap().expose(), key.expose());
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
    });
}

#[test]
fn a_copy_of_the_files_in_the_middle_of_work_opens_with_all_that_was_acknowledged() {
    // What the disk holds after a power cut: no connection was closed, nothing was flushed after.
    let Ledger { store, folder, .. } = Ledger::new(&Place::Sqlite);
    for n in 1..20 {
        store.commit(vec![insert_run(run(n))]).unwrap();
    }
    let copy = tempfile::tempdir().unwrap();
    for name in ["fermata.db", "fermata.db-wal", "master.key"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let store = Store::open(copy.path(), Options::default()).unwrap();
    for n in 1..20 {
        assert!(store.run(&workspace(), run_id(n)).unwrap().is_some(), "run {n}");
    }
}

#[test]
fn a_closed_store_refuses_writes_and_still_reads() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![insert_run(run(1))]);
        store.close();
        assert!(matches!(store.commit(vec![insert_run(run(2))]), Err(CommitError::Closed)));
        assert!(store.run(&workspace(), run_id(1)).unwrap().is_some());
    });
}

#[test]
fn other_files_are_not_taken_for_a_database() {
    for content in [&b"hello"[..], &[b'x'; 4096], b"SQLite format 3\0"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fermata.db"), content).unwrap();
        let error = Store::open(folder.path(), Options::default()).unwrap_err();
        assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
        assert_eq!(fs::read(folder.path().join("fermata.db")).unwrap(), content, "it was not touched");
    }
}

#[test]
fn a_database_that_was_cut_short_is_found() {
    let Ledger { store, folder, .. } = Ledger::with(&Place::Sqlite, vec![insert_run(run(1))]);
    drop(store);
    let path = folder.path().join("fermata.db");
    let half = fs::metadata(&path).unwrap().len() / 2;
    fs::File::options().write(true).open(&path).unwrap().set_len(half).unwrap();
    let error = Store::open(folder.path(), Options::default()).unwrap_err();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
}

#[test]
fn a_damaged_page_is_found_by_the_check() {
    let Ledger { store, folder, .. } =
        Ledger::with(&Place::Sqlite, (1..=200).map(|n| insert_run(run(n))).collect());
    drop(store);
    let path = folder.path().join("fermata.db");
    let mut bytes = fs::read(&path).unwrap();
    // The last pages hold rows and indexes, not the schema, so that the file still opens.
    let last = bytes.len() - 4096;
    bytes[last..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let store = Store::open(folder.path(), Options::default()).unwrap();
    assert!(store.check().map_or(true, |found| !found.is_empty()));
}

#[test]
fn a_newer_schema_is_refused() {
    on_both(|place| {
        let Ledger { store, folder, database } = Ledger::new(place);
        drop(store);
        let sql = "insert into migrations (number, name, applied_at) values (999, 'later', 0)";
        execute(folder.path(), database.as_deref(), sql);
        let error = Store::open(folder.path(), options(database.as_deref())).unwrap_err();
        assert!(matches!(error, OpenError::NewerSchema { found: 999, .. }), "{error:?}");
    });
}

#[test]
fn a_wrong_missing_or_malformed_master_key_is_refused() {
    on_both(|place| {
        let Ledger { store, folder, database } = Ledger::new(place);
        drop(store);
        let open = |options| Store::open(folder.path(), options).map(drop);
        let without_key = || options(database.as_deref());
        let wrong = open(with_key(database.as_deref(), 1));
        assert!(matches!(wrong, Err(OpenError::WrongMasterKey)));
        let path = folder.path().join("master.key");
        let right = fs::read_to_string(&path).unwrap();
        fs::write(&path, "12").unwrap();
        assert!(matches!(open(without_key()), Err(OpenError::MasterKeyMalformed { .. })));
        fs::remove_file(&path).unwrap();
        assert!(matches!(open(without_key()), Err(OpenError::MasterKeyMissing { .. })));
        fs::write(&path, right).unwrap();
        open(without_key()).unwrap();
    });
}

#[test]
fn a_given_master_key_leaves_no_file() {
    on_both(|place| {
        let (folder, database) = (tempfile::tempdir().unwrap(), place.database());
        let options = || with_key(database.as_deref(), 1);
        drop(Store::open(folder.path(), options()).unwrap());
        assert!(!folder.path().join("master.key").exists());
        Store::open(folder.path(), options()).unwrap();
    });
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    // Permissions do not hold back the superuser; a unit test covers the naming of the error.
    let holds = fs::write(folder.path().join("probe"), "").is_err();
    let opened = Store::open(folder.path(), Options::default());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(!holds || matches!(opened, Err(OpenError::ReadOnly { .. })));
}

#[test]
fn a_file_in_the_place_of_the_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let error = Store::open(&path, Options::default()).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}

#[test]
fn a_deposed_store_writes_nothing_more() {
    on_both(|place| {
        let ledger = Ledger::with(place, vec![insert_run(run(1))]);
        ledger.execute("update nodes set epoch = epoch + 1");
        let fate = ledger.store.commit(vec![insert_run(run(2))]);
        assert!(matches!(fate, Err(CommitError::Deposed)), "{fate:?}");
        assert!(ledger.store.run(&workspace(), run_id(2)).unwrap().is_none());
    });
}
