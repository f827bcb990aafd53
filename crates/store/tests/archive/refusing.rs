//! What is not taken for an archive, and what is not overwritten.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fermata_store::archive::ArchiveError;
use fermata_store::{ObjectName, Objects, ObjectsPlace, Store, archive};

use crate::filled::{back_up, filled, nobody, place_of};
use crate::place::{Ledger, Place, options};
use crate::records::{insert_run, log, run, workspace};
use crate::sql_files::sql_file;

/// A small archive with a workspace's file in it, and the folder that it lies in.
fn small() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let ledger = Ledger::with(&Place::Sqlite, vec![insert_run(run(1)), log(1, 1)]);
    sql_file(ledger.folder.path(), "default").execute_batch("create table t (x)").unwrap();
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    back_up(&ledger, &file);
    let bytes = fs::read(&file).unwrap();
    (above, file, bytes)
}

fn check(file: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    fs::write(file, bytes).unwrap();
    archive::check(file, &mut nobody).map(drop)
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let (_above, file, mut bytes) = small();
    for at in 0..bytes.len() {
        let bit = 1 << (at % 8);
        bytes[at] ^= bit;
        let error = check(&file, &bytes).expect_err("it was changed");
        assert!(error.to_string().contains("archive"), "{at}: {error}");
        bytes[at] ^= bit;
    }
    check(&file, &bytes).unwrap();
}

#[test]
fn a_cut_or_longer_file_is_found() {
    let (_above, file, bytes) = small();
    for length in 0..bytes.len() {
        let error = check(&file, &bytes[..length]).expect_err("it was cut");
        assert!(matches!(error, ArchiveError::Cut { .. } | ArchiveError::NotAnArchive { .. }), "{error:?}");
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(matches!(check(&file, &longer), Err(ArchiveError::Cut { .. } | ArchiveError::Damaged { .. })));
    let twice = [&bytes[..], &bytes[..]].concat();
    assert!(matches!(check(&file, &twice), Err(ArchiveError::Damaged { .. })));
}

#[test]
fn other_files_and_other_versions_are_told_apart() {
    let (_above, file, bytes) = small();
    assert!(matches!(check(&file, b"SQLite format 3\0"), Err(ArchiveError::NotAnArchive { .. })));
    assert!(matches!(check(&file, b"fermata archive x\n"), Err(ArchiveError::NotAnArchive { .. })));
    let mut later = bytes.clone();
    later["fermata archive ".len()] = b'7';
    let error = check(&file, &later).unwrap_err();
    assert!(matches!(&error, ArchiveError::OtherFormat { found, known: 2, .. } if found == "7"), "{error:?}");
    let gone = archive::check(&file.with_extension("gone"), &mut nobody);
    assert!(matches!(gone, Err(ArchiveError::File { action: "open", .. })));
}

#[test]
fn a_newer_schema_is_refused() {
    let (_above, file, mut bytes) = small();
    let text = br#""schema":"#;
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap() + text.len();
    assert!(bytes[at].is_ascii_digit() && bytes[at + 1] == b',');
    bytes[at] = b'9';
    let hashed = bytes.len() - 32;
    let hash = blake3::hash(&bytes[..hashed]);
    bytes[hashed..].copy_from_slice(hash.as_bytes());
    let error = check(&file, &bytes).unwrap_err();
    assert!(matches!(error, ArchiveError::NewerArchive { found: 9, .. }), "{error:?}");
}

#[test]
fn nothing_is_written_when_the_archive_is_damaged() {
    let (above, file, mut bytes) = small();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let place = Place::postgres();
    let database = place.database().unwrap();
    for database in [None, Some(&*database)] {
        let folder = above.path().join("data");
        archive::restore(&file, &place_of(&folder, database), &mut nobody).unwrap_err();
        assert!(!folder.exists());
    }
    let schemas = "select count(*) from pg_namespace where nspname = 'fermata'";
    assert_eq!(database.query_text(schemas).unwrap(), [[Some("0".to_owned())]]);
}

#[test]
fn a_place_that_has_something_is_refused() {
    let (above, file, _) = small();
    let restore = |place: &archive::Place| archive::restore(&file, place, &mut nobody).map(drop);
    let refused = |place: &archive::Place, word: &str| match restore(place) {
        Err(ArchiveError::NotEmpty { found, .. }) => assert!(found.contains(word), "{found}"),
        other => panic!("{other:?}"),
    };

    let ledger = Ledger::new(&Place::Sqlite);
    let here = place_of(ledger.folder.path(), None);
    assert!(matches!(restore(&here), Err(ArchiveError::Place(_))), "it is in use");
    let Ledger { store, folder, .. } = ledger;
    drop(store);
    refused(&place_of(folder.path(), None), "fermata.db");

    let data = above.path().join("data");
    let objects = Objects::open(&ObjectsPlace::Folder(data.join("objects"))).unwrap();
    let name = ObjectName::new(workspace());
    objects.put(&name, Bytes::from_static(b"x")).unwrap();
    refused(&place_of(&data, None), "objects");
    assert!(!data.join("fermata.db").exists() && objects.get(&name).is_ok());
    objects.delete(vec![name]).unwrap();
    restore(&place_of(&data, None)).unwrap();

    let place = Place::postgres();
    let server = Ledger::new(&place);
    let elsewhere = above.path().join("elsewhere");
    refused(&place_of(&elsewhere, server.database.as_deref()), "workspaces");
}

#[test]
fn an_empty_schema_on_the_server_is_used() {
    let (above, file, _) = small();
    let place = Place::postgres();
    let ledger = Ledger::new(&place);
    ledger.store.close();
    ledger.execute("delete from workspaces; delete from node_commits; delete from nodes");
    let database = ledger.database.clone();
    let folder = above.path().join("data");
    archive::restore(&file, &place_of(&folder, database.as_deref()), &mut nobody).unwrap();
    fs::copy(ledger.folder.path().join("master.key"), folder.join("master.key")).unwrap();
    assert!(Store::open(&folder, options(database.as_deref())).is_err(), "the key is another");
}

#[test]
fn what_cannot_be_restored_leaves_nothing() {
    let source = filled(&Place::Sqlite);
    // A database refuses what its schema does not allow: as if the archive were of another program.
    source.execute(
        "pragma ignore_check_constraints = on; update objects set workspace = '' where run_id <> ''",
    );
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    let place = place_of(source.folder.path(), None);
    let error = archive::backup(&place, &file, false, &mut nobody).unwrap_err();
    assert!(matches!(&error, ArchiveError::Read { table, .. } if table == "objects"), "{error:?}");
    assert_eq!(fs::read_dir(above.path()).unwrap().count(), 0, "no draft is left");
}

#[test]
fn an_object_that_is_gone_is_named() {
    let source = filled(&Place::Sqlite);
    fs::remove_dir_all(source.folder.path().join("objects/default")).unwrap();
    let above = tempfile::tempdir().unwrap();
    let place = place_of(source.folder.path(), None);
    let error = archive::backup(&place, &above.path().join("archive"), false, &mut nobody).unwrap_err();
    assert!(error.to_string().starts_with("there is no object default/"), "{error}");
}

#[test]
fn a_file_is_replaced_only_when_that_is_wanted() {
    let ledger = filled(&Place::Sqlite);
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    fs::write(&file, "precious").unwrap();
    let place = place_of(ledger.folder.path(), None);
    let error = archive::backup(&place, &file, false, &mut nobody).unwrap_err();
    assert!(matches!(error, ArchiveError::Exists { .. }));
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    archive::backup(&place, &file, true, &mut nobody).unwrap();
    archive::check(&file, &mut nobody).unwrap();
}

#[test]
fn a_folder_or_database_without_a_ledger_is_named() {
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    let folder = above.path().join("nothing");
    let error = archive::backup(&place_of(&folder, None), &file, false, &mut nobody).unwrap_err();
    assert!(matches!(error, ArchiveError::NoLedger { .. }), "{error:?}");
    assert!(!folder.exists() && !file.exists());
    let server = Place::postgres();
    let database = server.database();
    let place = place_of(&folder, database.as_deref());
    let error = archive::backup(&place, &file, false, &mut nobody).unwrap_err();
    assert!(matches!(error, ArchiveError::NoLedger { .. }), "{error:?}");
}
