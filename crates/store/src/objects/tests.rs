//! What every place must do, shown on a folder, and what a server that is not there comes to.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::*;

fn folder() -> (tempfile::TempDir, Objects) {
    let place = tempfile::tempdir().unwrap();
    let objects = Objects::open(&ObjectsPlace::Folder(place.path().join("objects"))).unwrap();
    (place, objects)
}

fn fresh() -> ObjectName {
    ObjectName::new(WorkspaceId::default_workspace())
}

#[test]
fn what_was_written_is_read() {
    let (_place, objects) = folder();
    let name = fresh();
    for bytes in [Bytes::from_static(b"bytes"), Bytes::new(), Bytes::from(vec![7; 3 << 20])] {
        objects.put(&name, bytes.clone()).unwrap();
        objects.put(&name, bytes.clone()).unwrap();
        assert_eq!(objects.get(&name), Ok(bytes));
    }
}

#[test]
fn a_missing_object_is_said_to_be_missing() {
    let (_place, objects) = folder();
    let name = fresh();
    assert_eq!(objects.get(&name), Err(ObjectsError::Missing { name: name.clone() }));
    objects.put(&fresh(), Bytes::from_static(b"x")).unwrap();
    assert_eq!(objects.get_many(std::slice::from_ref(&name)), Err(ObjectsError::Missing { name }));
}

#[test]
fn deleting_twice_is_deleting_once() {
    let (_place, objects) = folder();
    let names = vec![fresh(), fresh()];
    objects.put(&names[0], Bytes::from_static(b"x")).unwrap();
    assert_eq!(objects.delete(names.clone()), Ok(2));
    assert_eq!(objects.delete(names.clone()), Ok(2));
    assert!(matches!(objects.get(&names[0]), Err(ObjectsError::Missing { .. })));
}

#[test]
fn pages_hold_every_object_once_in_the_order_of_paths() {
    let (place, objects) = folder();
    let workspaces = ["a", "a-b", "ab", "default"].map(|id| id.parse::<WorkspaceId>().unwrap());
    let mut names: Vec<_> = (0..120).map(|at| ObjectName::new(workspaces[at % 4].clone())).collect();
    let content = |name: &ObjectName| (name.clone(), Bytes::from(name.to_string()));
    objects.put_many(names.iter().map(content).collect()).unwrap();
    std::fs::write(place.path().join("objects/stray"), "x").unwrap();
    std::fs::write(place.path().join("objects/default/stray"), "x").unwrap();
    names.sort_by_key(ToString::to_string);
    let mut listed = Vec::new();
    loop {
        let page = objects.list(listed.last(), 7).unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.iter().all(|info| info.bytes == info.name.to_string().len() as u64));
        assert!(page.iter().all(|info| info.modified_ms > 1_700_000_000_000));
        listed.extend(page.into_iter().map(|info| info.name));
    }
    assert_eq!(listed, names);
    let bytes = objects.get_many(&names).unwrap();
    assert!(names.iter().zip(bytes).all(|(name, bytes)| bytes == name.to_string()));
}

#[test]
fn a_check_leaves_nothing_behind() {
    let (_place, objects) = folder();
    objects.check().unwrap();
    assert_eq!(objects.list(None, 10), Ok(vec![]));
}

#[test]
fn a_place_that_cannot_be_a_folder_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Objects::open(&ObjectsPlace::Folder(file.path().into())).unwrap_err();
    assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
}

#[test]
fn an_object_that_is_too_large_is_refused() {
    let (_place, objects) = folder();
    // The pages are never touched, so this takes no memory.
    let bytes = Bytes::from(vec![0; OBJECT_BYTES_MAX + 1]);
    assert!(matches!(objects.put(&fresh(), bytes), Err(ObjectsError::TooLarge { .. })));
}

fn at(port: u16) -> ObjectsPlace {
    let variables = [
        ("aws_endpoint", format!("http://127.0.0.1:{port}")),
        ("aws_access_key_id", "key-of-nobody".to_owned()),
        ("aws_secret_access_key", "hush-hush".to_owned()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
    ObjectsPlace::parse("s3://bucket/prefix", variables).unwrap()
}

#[test]
fn server_a_refused_connection_is_told_quickly_and_without_credentials() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let objects = Objects::open(&at(port)).unwrap();
    let start = Instant::now();
    let errors = [
        objects.put(&fresh(), Bytes::from_static(b"x")).unwrap_err(),
        objects.get(&fresh()).unwrap_err(),
        objects.delete(vec![fresh(), fresh()]).unwrap_err(),
        objects.list(None, 1).unwrap_err(),
        objects.check().unwrap_err(),
    ];
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    for error in errors {
        let shown = format!("{error} {error:?} {objects:?}");
        assert!(matches!(error, ObjectsError::Unreachable { .. }), "{shown}");
        assert!(shown.contains("refused"), "{shown}");
        assert!(!shown.contains("hush-hush") && !shown.contains("key-of-nobody"), "{shown}");
    }
}

#[test]
fn settings_that_make_no_sense_are_refused_at_opening() {
    let variables = vec![("aws_virtual_hosted_style_request".to_owned(), "perhaps".to_owned())];
    let opened = Objects::open(&ObjectsPlace::parse("s3://bucket", variables).unwrap());
    assert!(matches!(opened, Err(ObjectsError::BadUrl { .. })), "{opened:?}");
}
