//! The requests are those of Google's official client for Python, for one list of calls, `calls.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::http;
use fermata_model::json;
use fermata_services::gapi::Document;
use fermata_testkit::python::{self, Python};
use serde::Deserialize;
use serde_json::Value;

/// Headers that say something of the request, not of the client.
const HEADERS: [&str; 4] = ["accept", "content-type", "x-goog-api-version", "x-http-method-override"];

#[derive(Deserialize)]
struct Call {
    api: String,
    version: String,
    method: String,
    #[serde(with = "in_order")]
    params: String,
}

#[derive(Debug, Deserialize)]
struct Sent {
    method: String,
    uri: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

/// What the script prints.
#[derive(Deserialize)]
struct Recorded {
    calls: Vec<Sent>,
    batch: Sent,
}

/// A request, as far as it matters.
#[derive(Debug, PartialEq)]
struct Seen {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Body,
}

#[derive(Debug, PartialEq)]
enum Body {
    None,
    Json(Value),
    Parts(Vec<(String, Vec<u8>)>),
    Bytes(Vec<u8>),
}

#[test]
fn requests_are_those_of_the_official_client() {
    let python = Python::with_google_client().unwrap();
    let list = std::fs::read_to_string(here("calls.json")).unwrap();
    let calls: Vec<Call> = serde_json::from_str(&list).unwrap();
    let sent: Recorded = serde_json::from_str(&python.run(&here("official.py"), &list).unwrap()).unwrap();
    assert_eq!(calls.len(), sent.calls.len());

    let folder = python::google_documents().unwrap();
    let mut documents: BTreeMap<String, Document> = BTreeMap::new();
    let mut methods = std::collections::BTreeSet::new();
    for (call, theirs) in calls.iter().zip(sent.calls) {
        let name = format!("{}.{}.json", call.api, call.version);
        let document = documents
            .entry(name.clone())
            .or_insert_with(|| Document::parse(&std::fs::read(folder.join(name)).unwrap()).unwrap());
        let arguments = json::parse(format!("[{}]", call.params)).unwrap();
        let ours = document.request(&call.method, &arguments);
        let ours = ours.unwrap_or_else(|error| panic!("{}.{}: {}", call.api, call.method, error.message));
        assert_eq!(of_ours(ours), of_theirs(theirs), "{}.{}", call.api, call.method);
        methods.insert(format!("{}.{}", call.api, call.method));
    }
    println!("{} calls of {} methods of {} APIs are equal", calls.len(), methods.len(), documents.len());
    assert!(methods.len() >= 50, "only {} methods were compared", methods.len());
}

#[test]
fn a_batch_is_that_of_the_official_client() {
    let python = Python::with_google_client().unwrap();
    let list = std::fs::read_to_string(here("calls.json")).unwrap();
    let calls: Vec<Call> = serde_json::from_str(&list).unwrap();
    let sent: Recorded = serde_json::from_str(&python.run(&here("official.py"), &list).unwrap()).unwrap();

    let folder = python::google_documents().unwrap();
    let document = Document::parse(&std::fs::read(folder.join("gmail.v1.json")).unwrap()).unwrap();
    let batched = calls.iter().filter(|call| call.api == "gmail" && !call.params.contains("\"media\""));
    let batched =
        batched.map(|call| format!(r#"{{"method":"gmail.{}","params":{}}}"#, call.method, call.params));
    let batched: Vec<String> = batched.collect();
    let ours = document.batch(&json::parse(format!("[[{}]]", batched.join(","))).unwrap()).unwrap();

    let (ours, theirs) = (of_ours(ours), of_theirs(sent.batch));
    assert_eq!((&ours.method, &ours.url, &ours.headers), (&theirs.method, &theirs.url, &theirs.headers));
    let (Body::Parts(ours), Body::Parts(theirs)) = (ours.body, theirs.body) else { panic!("no parts") };
    assert_eq!((ours.len(), theirs.len()), (batched.len(), batched.len()));
    for ((our_head, ours), (their_head, theirs)) in ours.iter().zip(&theirs) {
        assert_eq!(without_id(our_head), without_id(their_head));
        assert_eq!(message(ours), message(theirs));
    }
    println!("a batch of {} calls is equal", batched.len());
}

/// Each client has ids of its own.
fn without_id(head: &str) -> String {
    head.split("; ").filter(|line| !line.starts_with("content-id")).collect::<Vec<_>>().join("; ")
}

/// First line, kind of body, and body of a request that is part of a batch.
fn message(part: &[u8]) -> (String, Option<String>, Option<Value>) {
    let text = String::from_utf8(part.to_vec()).unwrap().replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap();
    let (first, head) = head.split_once('\n').unwrap();
    let body = (!body.is_empty()).then(|| serde_json::from_str(body).unwrap());
    let mut kinds = head.lines().map(str::to_lowercase).filter(|line| line.starts_with("content-type:"));
    // Theirs names a kind even where there is no body.
    let kind = kinds.next_back().filter(|_| body.is_some());
    (first.to_owned(), kind, body)
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gapi").join(name)
}

fn of_ours(request: http::Request) -> Seen {
    let body = request.body.map(|body| match body {
        http::Body::Text(text) => text.into_bytes(),
        http::Body::Bytes(bytes) => bytes,
    });
    seen(request.method, &request.url, request.headers.into_iter().collect(), body)
}

fn of_theirs(sent: Sent) -> Seen {
    let body = sent.body.map(|body| BASE64.decode(body).unwrap());
    seen(sent.method, &sent.uri, sent.headers, body)
}

/// An empty query is none, and boundaries between parts are anybody's choice.
fn seen(method: String, url: &str, headers: BTreeMap<String, String>, body: Option<Vec<u8>>) -> Seen {
    let kind = headers.get("content-type").cloned().unwrap_or_default();
    let headers = headers.into_iter().filter(|(name, _)| HEADERS.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name, value.split(';').next().unwrap_or_default().to_owned()));
    let body = match (body, kind.split_once("boundary=")) {
        (None, _) => Body::None,
        (Some(body), Some((_, boundary))) => Body::Parts(parts(&body, boundary.trim_matches('"'))),
        (Some(body), None) if kind == "application/json" => {
            Body::Json(serde_json::from_slice(&body).unwrap())
        }
        (Some(body), None) => Body::Bytes(body),
    };
    Seen { method, url: url.trim_end_matches('?').to_owned(), headers: headers.collect(), body }
}

/// The heads, sorted and in lower case, and the bodies; JSON without its spaces.
fn parts(body: &[u8], boundary: &str) -> Vec<(String, Vec<u8>)> {
    let text: String = body.iter().copied().map(char::from).collect();
    let mut parts = Vec::new();
    for part in text.split(&format!("--{boundary}")).skip(1).take_while(|part| !part.starts_with("--")) {
        let part = part.strip_prefix("\r\n").or(part.strip_prefix('\n')).unwrap();
        let part = part.strip_suffix("\r\n").or(part.strip_suffix('\n')).unwrap();
        // Their lines end otherwise than ours, and media may have such ends too: the first empty line ends the head.
        let ends = ["\r\n\r\n", "\n\n"].iter().filter_map(|end| part.split_once(end));
        let (head, body) = ends.min_by_key(|(head, _)| head.len()).unwrap();
        let mut head: Vec<String> = head.lines().map(str::to_lowercase).collect();
        head.sort();
        let bytes: Vec<u8> = body.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let json = serde_json::from_slice::<Value>(&bytes).ok();
        parts.push((head.join("; "), json.map_or(bytes, |json| json.to_string().into_bytes())));
    }
    parts
}

/// The parameters as they are written, for their order goes into the query.
mod in_order {
    use serde::{Deserialize, Deserializer};
    use serde_json::value::RawValue;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|text| text.get().to_owned())
    }
}
