//! What opening a PostgreSQL database refuses, in words for people.

use std::error::Error;

use fermata_store::{DatabaseUrl, OpenError, Options, Store};
use fermata_testkit::postgres::Database;

use crate::place::{execute, with_key};

/// The error of opening a URL.
fn refusal(url: &str) -> OpenError {
    let folder = tempfile::tempdir().unwrap();
    let database = Some(DatabaseUrl::parse(url).unwrap());
    Store::open(folder.path(), Options { database, ..Options::default() }).unwrap_err()
}

/// The error and its causes, as a person is shown them.
fn words(error: &OpenError) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// The URL with another password.
fn with_password(url: &str, password: &str) -> String {
    let (user, rest) = url.split_once('@').unwrap();
    let (user, _) = user.rsplit_once(':').unwrap();
    format!("{user}{password}@{rest}")
}

#[test]
fn a_login_that_is_refused_says_so_and_not_the_password() {
    let database = Database::create().unwrap();
    for password in [":wrong-word", ""] {
        let error = refusal(&with_password(database.url(), password));
        assert!(matches!(error, OpenError::Login { .. }), "{error:?}");
        let words = words(&error);
        assert!(words.contains("check user and password") && !words.contains("wrong-word"), "{words}");
    }
    let error = refusal(&database.url().replace("postgres://fermata:", "postgres://stranger:"));
    assert!(matches!(error, OpenError::Login { .. }), "{error:?}");
}

#[test]
fn a_database_or_server_that_is_not_there_is_named() {
    let database = Database::create().unwrap();
    let (server, _) = database.url().rsplit_once('/').unwrap();
    let error = refusal(&format!("{server}/missing"));
    assert!(matches!(error, OpenError::NoDatabase { .. }), "{error:?}");
    assert!(words(&error).contains("/missing; make it with createdb"), "{}", words(&error));
    // Nothing listens on port 1, and .invalid is nowhere.
    for url in ["postgres://u:secret@127.0.0.1:1/x", "postgres://u:secret@host.invalid/x"] {
        let error = refusal(url);
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
        let words = words(&error);
        assert!(words.contains("cannot be reached") && !words.contains("secret"), "{words}");
    }
}

#[test]
fn a_url_that_is_none_is_refused_with_the_reason() {
    for text in ["", "localhost/fermata", "mysql://here/fermata", "host=here user=me"] {
        let reason = DatabaseUrl::parse(text).unwrap_err();
        assert!(!reason.is_empty(), "{text}");
    }
    let error = refusal("postgres://u:secret@127.0.0.1/x?sslmode=perhaps");
    assert!(matches!(error, OpenError::Server { .. }), "{error:?}");
    assert!(words(&error).contains("cannot read the address of") && !words(&error).contains("secret"));
}

#[test]
fn an_older_schema_is_not_brought_up_to_date_by_opening() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Database::create().unwrap());
    let open = || Store::open(folder.path(), with_key(Some(&database), 1));
    drop(open().unwrap());
    let newest = "select max(number) from migrations";
    execute(folder.path(), Some(&database), &format!("delete from migrations where number = ({newest})"));
    let error = open().unwrap_err();
    assert!(matches!(error, OpenError::OlderSchema { found, known } if found + 1 == known), "{error:?}");
    assert!(error.to_string().contains("fermata migrate up"), "{error}");
    execute(folder.path(), Some(&database), "delete from migrations");
    let error = open().unwrap_err();
    assert!(matches!(error, OpenError::OlderSchema { found: 0, .. }), "{error:?}");
}

#[test]
fn many_nodes_may_open_an_empty_database_at_once() {
    let database = Database::create().unwrap();
    let stores: Vec<Store> = std::thread::scope(|scope| {
        let open = || {
            let folder = tempfile::tempdir().unwrap();
            Store::open(folder.path(), with_key(Some(&database), 1)).unwrap()
        };
        let opening: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        opening.into_iter().map(|store| store.join().unwrap()).collect()
    });
    let mut ids: Vec<_> = stores.iter().map(|store| store.node_id().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert_eq!(stores[0].nodes().unwrap().len(), 4);
}
