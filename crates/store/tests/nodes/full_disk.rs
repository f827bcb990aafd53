//! PostgreSQL's disk is full: a clear error, nothing half written, and work again once there is room.

use std::error::Error;

use fermata_store::{Change, CommitError, DatabaseUrl, Options, Store};
use fermata_testkit::postgres::{Database, Server};

use crate::records::{entry, run, workspace};

#[test]
fn server_a_full_disk_under_postgres_fails_what_is_written_and_passes() {
    let server = Server::start().unwrap();
    let database = Database::create_on(&server.url()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::parse(database.url()).unwrap();
    let store = Store::open(folder.path(), Options { database: Some(url), ..Options::default() }).unwrap();
    let rows = database.query_text("checkpoint; select pg_relation_filepath('fermata.keystore')").unwrap();
    let file = rows[0][0].clone().unwrap();

    server.restart_with_full_disk(&file).unwrap();
    // The group has a run as well, which would have had room.
    let refused = store.commit(vec![insert(1), entry("global", "a", 1)]).unwrap_err();
    assert!(matches!(refused, CommitError::Io { .. }), "{refused:?}");
    assert!(chain(&refused).contains("No space left on device"), "{}", chain(&refused));
    // What needs no room there is written meanwhile.
    store.commit(vec![insert(2)]).unwrap();

    server.restart_with_room(&file).unwrap();
    store.commit(vec![insert(1), entry("global", "a", 1)]).unwrap();
    assert_eq!(store.keystore_names(&workspace(), "global", None, 10).unwrap().len(), 1);
    let runs = database.query_text("select count(*) from fermata.task_runs").unwrap();
    assert_eq!(runs[0][0].as_deref(), Some("2"));
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(|error| error.to_string()).collect::<Vec<_>>().join(": ")
}

fn insert(n: u8) -> Change {
    Change::InsertRun(Box::new(run(n)))
}
