//! Objects in a bucket, over the wire: the requests, their signatures, and a server that goes away.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use fermata_model::WorkspaceId;
use fermata_store::{ObjectName, Objects, ObjectsError, ObjectsPlace};
use fermata_testkit::s3::S3Server;

fn fresh() -> ObjectName {
    ObjectName::new(WorkspaceId::default_workspace())
}

#[test]
fn server_what_was_written_is_read() {
    let server = S3Server::start().unwrap();
    let objects = open(&server, "some/prefix");
    let name = fresh();
    for bytes in [Bytes::from_static(b"bytes"), Bytes::new(), Bytes::from(vec![7; 3 << 20])] {
        objects.put(&name, bytes.clone()).unwrap();
        objects.put(&name, bytes.clone()).unwrap();
        assert_eq!(objects.get(&name), Ok(bytes));
    }
    let missing = fresh();
    assert_eq!(objects.get(&missing), Err(ObjectsError::Missing { name: missing }));
}

#[test]
fn server_deleting_twice_is_deleting_once() {
    let server = S3Server::start().unwrap();
    let objects = open(&server, "");
    let names: Vec<_> = (0..1_003).map(|_| fresh()).collect();
    let (written, _missing) = names.split_at(20);
    objects.put_many(written.iter().map(content).collect()).unwrap();
    assert_eq!(objects.delete(names.clone()), Ok(1_003));
    assert_eq!(objects.delete(names.clone()), Ok(1_003));
    assert_eq!(objects.delete(vec![]), Ok(0));
    assert_eq!(objects.list(None, 10), Ok(vec![]));
    assert!(matches!(objects.get(&names[0]), Err(ObjectsError::Missing { .. })));
}

#[test]
fn server_pages_hold_every_object_once_in_the_order_of_paths() {
    let server = S3Server::start().unwrap();
    let workspaces = ["a", "a-b", "ab", "default"].map(|id| id.parse::<WorkspaceId>().unwrap());
    let others = open(&server, "prefix-of-others");
    others.put(&fresh(), Bytes::from_static(b"x")).unwrap();
    for prefix in ["", "prefix"] {
        let objects = open(&server, prefix);
        let mut names: Vec<_> = (0..60).map(|at| ObjectName::new(workspaces[at % 4].clone())).collect();
        objects.put_many(names.iter().map(content).collect()).unwrap();
        names.sort_by_key(ToString::to_string);
        assert_eq!(listed(&objects, 7), names);
        assert_eq!(listed(&objects, 1_000), names);
        let bytes = objects.get_many(&names).unwrap();
        assert!(names.iter().zip(bytes).all(|(name, bytes)| bytes == name.to_string()));
        objects.delete(names).unwrap();
    }
    assert_eq!(listed(&others, 10).len(), 1);
}

#[test]
fn server_more_objects_than_one_answer_holds_are_listed() {
    let server = S3Server::start().unwrap();
    let objects = open(&server, "prefix");
    let mut names: Vec<_> = (0..1_100).map(|_| fresh()).collect();
    objects.put_many(names.iter().map(content).collect()).unwrap();
    names.sort();
    assert_eq!(listed(&objects, 5_000), names);
}

#[test]
fn server_a_stopped_server_is_told_in_time_and_works_when_started_again() {
    let server = S3Server::start().unwrap();
    let objects = open(&server, "prefix");
    let name = fresh();
    objects.put(&name, Bytes::from_static(b"bytes")).unwrap();
    server.stop().unwrap();
    let start = Instant::now();
    for error in [
        objects.get(&name).unwrap_err(),
        objects.put(&fresh(), Bytes::from_static(b"x")).unwrap_err(),
        objects.delete(vec![name.clone()]).unwrap_err(),
        objects.list(None, 1).unwrap_err(),
    ] {
        assert!(matches!(error, ObjectsError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains(server.bucket()), "{error}");
    }
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    server.start_again().unwrap();
    assert_eq!(objects.get(&name), Ok(Bytes::from_static(b"bytes")));
    objects.check().unwrap();
}

#[test]
fn server_a_place_is_checked_with_all_it_has_to_allow() {
    let server = S3Server::start().unwrap();
    let objects = open(&server, "prefix");
    objects.check().unwrap();
    assert_eq!(objects.list(None, 10), Ok(vec![]));
}

#[test]
fn server_a_wrong_secret_is_denied_and_not_shown() {
    let server = S3Server::start().unwrap();
    let objects = open_with(&server, server.bucket(), "", "hush-hush");
    let name = fresh();
    for error in [
        objects.get(&name).unwrap_err(),
        objects.put(&name, Bytes::from_static(b"x")).unwrap_err(),
        objects.delete(vec![name.clone()]).unwrap_err(),
        objects.list(None, 1).unwrap_err(),
        objects.check().unwrap_err(),
    ] {
        assert!(matches!(error, ObjectsError::Denied { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hush-hush"), "{error:?}");
    }
}

#[test]
fn server_a_bucket_that_is_not_there_is_no_place() {
    let server = S3Server::start().unwrap();
    let objects = open_with(&server, "no-such-bucket", "", server.secret_key());
    let error = objects.list(None, 1).unwrap_err();
    assert!(matches!(error, ObjectsError::BadUrl { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such-bucket"), "{error}");
}

#[test]
fn server_workers_of_a_runtime_may_wait_for_objects() {
    let server = S3Server::start().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let objects = open(&server, "prefix");
    let read = runtime.spawn(async move {
        let name = fresh();
        objects.put(&name, Bytes::from_static(b"bytes"))?;
        objects.get(&name)
    });
    assert_eq!(runtime.block_on(read).unwrap(), Ok(Bytes::from_static(b"bytes")));
}

fn open(server: &S3Server, prefix: &str) -> Objects {
    open_with(server, server.bucket(), prefix, server.secret_key())
}

fn open_with(server: &S3Server, bucket: &str, prefix: &str, secret: &str) -> Objects {
    let (endpoint, key) = (server.url(), server.access_key());
    let variables =
        [("aws_endpoint", &*endpoint), ("aws_access_key_id", key), ("aws_secret_access_key", secret)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let place = ObjectsPlace::parse(&format!("s3://{bucket}/{prefix}"), variables).unwrap();
    Objects::open(&place).unwrap()
}

fn content(name: &ObjectName) -> (ObjectName, Bytes) {
    (name.clone(), Bytes::from(name.to_string()))
}

fn listed(objects: &Objects, limit: usize) -> Vec<ObjectName> {
    let mut names: Vec<ObjectName> = Vec::new();
    loop {
        let page = objects.list(names.last(), limit).unwrap();
        assert!(page.len() <= limit);
        if page.is_empty() {
            return names;
        }
        assert!(page.iter().all(|info| info.modified_ms > 1_700_000_000_000));
        assert!(page.iter().all(|info| info.bytes == info.name.to_string().len() as u64 || info.bytes == 1));
        names.extend(page.into_iter().map(|info| info.name));
    }
}
