//! Answers that a good server seldom gives, from one that gives them on purpose.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use fermata_model::WorkspaceId;

use super::*;

const DENIED_WITH_ECHO: &str = "<Error><Code>InvalidToken</Code><Message>Bad token-of-mine.</Message>\
                                <Token-0>token-of-mine</Token-0></Error>";

/// What the server was asked, such as `POST /bucket?delete`.
type Asked = Arc<Mutex<Vec<String>>>;

/// A bucket on a server that answers every request by this function.
fn bucket(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> (Bucket, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            serve(&stream.unwrap(), &noted, &answer);
        }
    });
    let variables = [
        ("endpoint", &*endpoint),
        ("access_key_id", "key-of-mine"),
        ("secret_access_key", "secret-of-mine"),
        ("token", "token-of-mine"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (Bucket::open("s3://bucket/prefix", &variables).unwrap(), asked)
}

fn serve(stream: &TcpStream, asked: &Asked, answer: impl Fn(&str) -> (u16, String)) {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let Some(first) = lines.next() else { return };
    let length =
        lines.filter_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).last();
    std::io::copy(&mut reader.take(length.unwrap_or(0)), &mut std::io::sink()).unwrap();
    let request = first.trim_end_matches(" HTTP/1.1");
    let (status, body) = answer(request);
    asked.lock().unwrap().push(request.to_owned());
    let head =
        format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    let meta = "ETag: \"1\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    let _ = (&*stream).write_all(format!("{head}{meta}\r\n{body}").as_bytes());
}

fn fresh() -> ObjectName {
    ObjectName::new(WorkspaceId::default_workspace())
}

fn error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>Because.</Message></Error>")
}

#[test]
fn only_a_server_of_objects_can_say_that_one_is_missing() {
    let read = |status, body: String| bucket(move |_| (status, body.clone())).0.get(fresh()).unwrap_err();
    assert!(matches!(read(404, error("NoSuchKey")), ObjectsError::Missing { .. }));
    assert!(matches!(read(404, error("NoSuchBucket")), ObjectsError::BadUrl { .. }));
    assert!(matches!(read(404, "<h1>Not here</h1>".into()), ObjectsError::Io { .. }));
    assert!(matches!(read(301, String::new()), ObjectsError::Io { .. }));
    assert!(matches!(read(403, error("QuotaExceeded")), ObjectsError::Full { .. }));
}

#[test]
fn what_a_server_sends_back_is_not_repeated() {
    for status in [400, 401, 403] {
        let (bucket, _) = bucket(move |_| (status, DENIED_WITH_ECHO.to_owned()));
        for error in [bucket.get(fresh()).unwrap_err(), bucket.delete(vec![fresh()]).unwrap_err()] {
            assert!(matches!(error, ObjectsError::Denied { .. }), "{error:?}");
            let shown = format!("{error:?}");
            assert!(shown.contains("InvalidToken: Bad ….") && !shown.contains("of-mine"), "{shown}");
        }
    }
}

#[test]
fn a_server_that_fails_for_a_moment_is_asked_again() {
    let failures = AtomicBool::new(true);
    let (bucket, asked) = bucket(move |_| match failures.swap(false, Ordering::Relaxed) {
        true => (503, error("SlowDown")),
        false => (200, String::new()),
    });
    bucket.put(fresh(), Bytes::from_static(b"x")).unwrap();
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[test]
fn a_server_that_keeps_failing_is_given_up() {
    let (bucket, asked) = bucket(|_| (500, error("InternalError")));
    let error = bucket.put(fresh(), Bytes::from_static(b"x")).unwrap_err();
    assert!(matches!(error, ObjectsError::Unreachable { .. }), "{error:?}");
    assert_eq!(asked.lock().unwrap().len(), 1 + RETRIES_MAX);
}

#[test]
fn without_deletes_of_several_objects_each_is_deleted() {
    let refusals =
        [(405, error("MethodNotAllowed")), (501, error("NotImplemented")), (400, error("MalformedXML"))];
    for refusal in refusals {
        let (bucket, asked) = bucket(move |request| match request.starts_with("POST") {
            true => refusal.clone(),
            false => (204, String::new()),
        });
        assert_eq!(bucket.delete(vec![fresh(), fresh(), fresh()]), Ok(3));
        asked.lock().unwrap().retain(|request| request.starts_with("DELETE /bucket/prefix/default/"));
        assert_eq!(asked.lock().unwrap().len(), 3);
        asked.lock().unwrap().clear();
        assert_eq!(bucket.delete(vec![fresh()]), Ok(1));
        assert!(asked.lock().unwrap().iter().all(|request| request.starts_with("DELETE")));
    }
}

#[test]
fn an_object_that_a_delete_of_several_leaves_is_deleted_alone() {
    let names = [fresh(), fresh()];
    let left = format!("prefix/{}", names[1]);
    let results = format!(
        "<DeleteResult><Deleted><Key>prefix/{}</Key></Deleted><Error><Key>{left}</Key><Code>Odd</Code>\
         <Message>Because.</Message></Error></DeleteResult>",
        names[0]
    );
    let (bucket, asked) = bucket(move |request| match request.starts_with("POST") {
        true => (200, results.clone()),
        // Some servers mind when there is nothing to delete.
        false => (404, error("NoSuchKey")),
    });
    assert_eq!(bucket.delete(names.to_vec()), Ok(2));
    assert_eq!(asked.lock().unwrap()[1..], [format!("DELETE /bucket/{left}")]);
}

#[test]
fn a_server_that_cannot_begin_behind_a_key_still_gives_pages() {
    let mut names: Vec<_> = (0..5).map(|_| fresh()).collect();
    names.sort();
    let object = |key: String| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>"
        )
    };
    let strays = ["prefix/stray", "prefix/default/00/stray"].map(|key| object(key.to_owned()));
    let contents = names.iter().map(|name| object(format!("prefix/{name}"))).chain(strays);
    let listing = format!("<ListBucketResult>{}</ListBucketResult>", contents.collect::<String>());
    let (bucket, _) = bucket(move |_| (200, listing.clone()));
    let page = bucket.list(Some(names[1].clone()), 2).unwrap();
    assert_eq!(page.into_iter().map(|info| info.name).collect::<Vec<_>>(), names[2..4]);
    assert_eq!(bucket.list(None, 100).unwrap().len(), 5);
}
