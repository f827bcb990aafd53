//! From each database to each.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use fermata_store::archive::{KeyState, Progress, Stage};
use fermata_store::{Store, archive};

use crate::filled::{OBJECTS, back_up, dump, filled, nobody, objects_of, place_of};
use crate::place::{Place, options, rows};
use crate::records::{run_id, workspace};

#[test]
fn from_sqlite_to_sqlite() {
    round_trip(&Place::Sqlite, &Place::Sqlite);
}

#[test]
fn from_sqlite_to_postgres() {
    round_trip(&Place::Sqlite, &Place::postgres());
}

#[test]
fn from_postgres_to_postgres() {
    round_trip(&Place::postgres(), &Place::postgres());
}

#[test]
fn from_postgres_to_sqlite() {
    round_trip(&Place::postgres(), &Place::Sqlite);
}

fn round_trip(from: &Place, to: &Place) {
    let source = filled(from);
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("fermata.archive");
    let made = back_up(&source, &file);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(archive::check(&file, &mut nobody).unwrap(), made);
    assert_eq!(made.objects, u64::from(OBJECTS));

    let (folder, database) = (above.path().join("data"), to.database());
    let place = place_of(&folder, database.as_deref());
    let mut stages = Vec::new();
    let mut told = |progress: Progress| {
        stages.push(progress.stage);
        assert!(progress.of.is_none_or(|of| progress.done <= of), "{progress:?}");
    };
    let restored = archive::restore(&file, &place, &mut told).unwrap();
    stages.dedup();
    assert_eq!(stages, [Stage::Checking, Stage::Rows, Stage::ReadingBack]);
    assert_eq!((restored.summary, restored.key), (made, KeyState::Missing));
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);

    let before = dump(source.folder.path(), source.database.as_deref());
    let after = dump(&folder, database.as_deref());
    for (before, after) in before.iter().zip(&after) {
        assert!(!before.1.is_empty(), "{} has no rows to compare", before.0);
        assert_eq!(before, after);
    }
    assert_eq!(objects_of(source.folder.path()), objects_of(&folder));
    let sql = "select count(*) from task_runs where owner_node is not null";
    assert_eq!(rows(&folder, database.as_deref(), sql), [[Some("0".to_owned())]]);

    // A server opens it with the key that is brought along, and reads what is sealed.
    fs::copy(source.folder.path().join("master.key"), &restored.key_path).unwrap();
    let store = Store::open(&folder, options(database.as_deref())).unwrap();
    assert_eq!(store.run(&workspace(), run_id(2)).unwrap().unwrap().birth.priority, i16::MIN);
    let key = |store: &Store| *store.workspace_key(&workspace()).unwrap().expose();
    assert_eq!(key(&store), key(&source.store));
}

#[test]
fn a_text_that_postgres_cannot_hold_is_restored_there_as_a_server_would_write_it() {
    let source = filled(&Place::Sqlite);
    source.execute("update task_logs set message = 'a' || char(0) || 'b' where run_id = (select min(run_id) from task_logs) and seq = 1");
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    back_up(&source, &file);
    let place = Place::postgres();
    let database = place.database();
    let folder = above.path().join("data");
    archive::restore(&file, &place_of(&folder, database.as_deref()), &mut nobody).unwrap();
    let sql = "select message from task_logs where seq = 1";
    assert_eq!(rows(&folder, database.as_deref(), sql), [[Some("a\u{fffd}b".to_owned())]]);
}

#[test]
fn a_store_that_crashed_can_be_backed_up_without_a_server() {
    let source = filled(&Place::Sqlite);
    let copy = tempfile::tempdir().unwrap();
    for name in ["fermata.db", "fermata.db-wal"] {
        fs::copy(source.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    source.execute("delete from objects");
    let expected = dump(source.folder.path(), None);
    drop(source);
    rusqlite::Connection::open(copy.path().join("fermata.db"))
        .unwrap()
        .execute("delete from objects", [])
        .unwrap();
    let file = copy.path().join("archive");
    archive::backup(&place_of(copy.path(), None), &file, false, &mut nobody).unwrap();
    let folder = copy.path().join("restored");
    archive::restore(&file, &place_of(&folder, None), &mut nobody).unwrap();
    assert_eq!(dump(&folder, None), expected);
}
