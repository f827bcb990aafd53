//! From one place to another without a file between.

use std::fs;

use fermata_store::archive::{ArchiveError, KeyState};
use fermata_store::{OpenError, archive};

use crate::filled::{OBJECTS, dump, filled, nobody, objects_of, place_of};
use crate::place::{Ledger, Place};

#[test]
fn from_sqlite_to_postgres_and_back() {
    let Ledger { store, folder, .. } = filled(&Place::Sqlite);
    let above = tempfile::tempdir().unwrap();
    let (from, there, back) = (folder.path(), above.path().join("there"), above.path().join("back"));
    let place = Place::postgres();
    let database = place.database();
    let to = place_of(&there, database.as_deref());
    let error = archive::copy(&place_of(from, None), &to, &mut nobody).unwrap_err();
    assert!(matches!(error, ArchiveError::Place(OpenError::InUse { .. })), "{error:?}");
    assert!(!there.exists());
    drop(store);
    let expected = (dump(from, None), objects_of(from));

    let copied = archive::copy(&place_of(from, None), &to, &mut nobody).unwrap();
    assert_eq!(copied.key, KeyState::Missing);
    assert_eq!((dump(&there, database.as_deref()), objects_of(&there)), expected);

    archive::copy(&to, &place_of(&back, None), &mut nobody).unwrap();
    assert_eq!((dump(&back, None), objects_of(&back)), expected);
}

#[test]
fn objects_stay_where_they_are_when_the_folder_is_the_same() {
    let Ledger { store, folder, .. } = filled(&Place::Sqlite);
    drop(store);
    let place = Place::postgres();
    let database = place.database();
    let to = place_of(folder.path(), database.as_deref());
    let before = objects_of(folder.path());
    let copied = archive::copy(&place_of(folder.path(), None), &to, &mut nobody).unwrap();
    assert_eq!((copied.summary.objects, copied.key), (u64::from(OBJECTS), KeyState::Opens));
    assert_eq!(objects_of(folder.path()), before);
    assert_eq!(dump(folder.path(), database.as_deref()), dump(folder.path(), None));
}

#[test]
fn objects_that_stay_are_not_removed_when_the_copy_fails() {
    let Ledger { store, folder, .. } = filled(&Place::Sqlite);
    drop(store);
    let before = objects_of(folder.path());
    fs::write(folder.path().join("objects").join(before[0].0.to_string()), "changed").unwrap();
    let there = tempfile::tempdir().unwrap();
    let place = Place::postgres();
    let database = place.database();
    // The target has rows: nothing is copied, and nothing is cleared away.
    let to = place_of(there.path(), database.as_deref());
    archive::copy(&place_of(folder.path(), None), &to, &mut nobody).unwrap();
    let again = place_of(folder.path(), database.as_deref());
    let error = archive::copy(&place_of(folder.path(), None), &again, &mut nobody).unwrap_err();
    assert!(matches!(error, ArchiveError::NotEmpty { .. }), "{error:?}");
    assert_eq!(objects_of(folder.path()).len(), before.len());
}

#[test]
fn a_database_with_a_node_at_work_is_not_copied() {
    let place = Place::postgres();
    let source = filled(&place);
    let above = tempfile::tempdir().unwrap();
    source.execute("update nodes set seen_at = seen_at + 1000000");
    let from = place_of(source.folder.path(), source.database.as_deref());
    let to = place_of(&above.path().join("to"), None);
    let error = archive::copy(&from, &to, &mut nobody).unwrap_err();
    assert!(matches!(error, ArchiveError::AtWork { .. }), "{error:?}");
    source.store.leave().unwrap();
    archive::copy(&from, &to, &mut nobody).unwrap();
}
