//! Secrets are nowhere in what is kept of a run: not in the memory that was put down, and not in the ledger's files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use fermata_engine::KeystorePut;
use fermata_model::record::{Checkpoint, KeystoreKind, Run};
use fermata_model::{DeliveryNumber, Limits};
use fermata_testkit::google::{Google, World};
use fermata_testkit::http_peer::{HttpPeer, Reply, Seen};
use fermata_testkit::openai::OpenAiPeer;
use fermata_testkit::{postgres, python};
use fermata_vm::{Config, Engine, EngineHash, Snapshot, source};
use serde_json::{Value, json};

use crate::support::{Bench, engine_folder};

const SECRET: &str = "hunter2&more=so/on%end";
/// What the task keeps in its memory, in every form that is looked for.
const KEPT: &str = "needle&more=so/on%end";
/// Calls that the task makes before it waits.
const CALLS: DeliveryNumber = 6;
/// What every token of Google's begins with.
const TOKEN: &str = "ya29.";
const BEN: &str = "ben1@one.example";
const INSTANCES_MAX: u32 = 4;

const TASK: &str = "export default async ({ url, kept }, tools) => {
  const key = tools.secret('KEY');
  const headers = { 'x-key': `Key ${key}`, authorization: 'Bearer {{secret:KEY}}' };
  const messages = [{ role: 'user', content: 'hello' }];
  const answers = [
    await tools.http.post(url, { inside: key }, { headers }),
    await tools.http.get(`${url}{{secret:KEY}}?q=${key}`),
    await fetch(url, { method: 'PUT', body: `text with ${key}`, headers }).then((answer) => answer.text()),
    await tools.openai.chat.completions.create({ model: 'chat-1', messages }),
    await tools.supabase.from('orders').select(),
    await tools.gapi.gmail.users.messages.list({ userId: 'ben1@one.example' }),
  ];
  const held = [['\\u2713', kept].join(''), encodeURIComponent(kept), btoa(kept)];
  const event = await tools.events.wait('go');
  return [key, headers, answers, held, event];
}";

#[tokio::test]
async fn a_run_that_used_a_secret_is_put_down_without_it() {
    let bench = Bench::with(|settings| settings.resident_for = Duration::ZERO).await;
    let (echo, openai, google) = (HttpPeer::start(repeat), OpenAiPeer::start(SECRET), google().await);
    for name in ["KEY", "OPENAI_API_KEY", "SUPABASE_SERVICE_ROLE_KEY"] {
        keep(&bench, name, KeystoreKind::Secret, SECRET).await;
    }
    keep(&bench, "GAPI_KEY", KeystoreKind::Secret, google.key()).await;
    keep(&bench, "GAPI_BASE_URL", KeystoreKind::Value, &google.url()).await;
    keep(&bench, "OPENAI_BASE_URL", KeystoreKind::Value, &openai.base_url()).await;
    keep(&bench, "SUPABASE_URL", KeystoreKind::Value, &echo.url("")).await;
    bench.publish("user.js", TASK).await;
    let run = bench.start("user", &json!({ "url": echo.url("/"), "kept": KEPT }).to_string()).await;
    let checkpoint = put_down(&bench, &run).await;
    assert_eq!((echo.seen().len(), openai.seen().len()), (4, 1));
    assert_eq!(google.users_of("gmail.users.messages.list"), [BEN], "it had a token");
    for (at, seen) in echo.seen().iter().enumerate() {
        let sent = format!("{seen:?}{}", String::from_utf8_lossy(&seen.body));
        assert!(sent.contains("hunter2"), "request {at} brought it: {sent}");
    }

    let memory = memory(&bench, &run, &checkpoint);
    assert_eq!(forms_in(&memory, KEPT), ["plain", "UTF-16", "percent", "base64"], "what is there is found");
    let hidden = [SECRET, TOKEN, &private_key(&google)];
    assert_eq!(hidden.map(|text| forms_in(&memory, text)), [[""; 0]; 3]);
    if !postgres::is_wanted() {
        let files = files(bench.folder());
        assert!(files.iter().any(|(name, _)| name.ends_with("-wal")), "the log is among the files");
        let all = files.into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<u8>>();
        assert!(forms_in(&all, KEPT).contains(&"plain"), "what is there is found");
        assert_eq!(hidden.map(|text| forms_in(&all, text)), [[""; 0]; 3]);
    }
}

async fn google() -> Google {
    let documents = tokio::task::spawn_blocking(python::google_documents).await.unwrap().unwrap();
    Google::start(&documents, World::new(1, 2, 3)).unwrap()
}

/// A line of the key that the host signs with.
fn private_key(google: &Google) -> String {
    let key: Value = serde_json::from_str(google.key()).unwrap();
    key["private_key"].as_str().unwrap().lines().nth(5).unwrap().to_owned()
}

/// Answers with all that came.
fn repeat(seen: &Seen) -> Reply {
    let body = String::from_utf8_lossy(&seen.body);
    Reply::json(
        200,
        &json!([{ "path": seen.path, "query": seen.query, "headers": seen.headers, "body": body }]),
    )
}

async fn keep(bench: &Bench, name: &str, kind: KeystoreKind, value: &str) {
    let hosts = (kind == KeystoreKind::Secret).then(|| vec!["127.0.0.1".to_owned()]);
    let put = KeystorePut { kind, value, tasks: None, hosts, over: None };
    bench.engine.keystore_put(&bench.workspace, "global", name, put).await.unwrap();
}

/// Waits until the run has made its calls and was put down.
async fn put_down(bench: &Bench, run: &Run) -> Checkpoint {
    let began = std::time::Instant::now();
    loop {
        let found = bench.engine.store().checkpoint(&bench.workspace, run.birth.id).unwrap();
        if let Some(checkpoint) = found.filter(|checkpoint| checkpoint.delivery == CALLS) {
            return checkpoint;
        }
        let state = bench.engine.store().run(&bench.workspace, run.birth.id).unwrap().unwrap().state;
        assert!(!state.status.is_ended() && began.elapsed() < Duration::from_secs(60), "{state:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The memory that the run goes on with.
fn memory(bench: &Bench, run: &Run, checkpoint: &Checkpoint) -> Vec<u8> {
    let engine = Engine::open(&Config { folder: engine_folder(), instances_max: INSTANCES_MAX }).unwrap();
    let program = source::compile("user.js", TASK).unwrap();
    let baseline = engine.load(&program, Limits::default()).unwrap();
    let key = bench.engine.store().workspace_key(&bench.workspace).unwrap().derive("checkpoints");
    let (workspace, delivery) = (bench.workspace.as_str().as_bytes(), checkpoint.delivery.to_le_bytes());
    let place = [workspace, &[0], run.birth.id.as_bytes(), &delivery].concat();
    let snapshot = Snapshot::open(&key, &place, EngineHash(checkpoint.engine), &checkpoint.sealed).unwrap();
    snapshot.memory(&baseline).unwrap()
}

/// All files below a folder, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files.extend(self::files(&entry));
        } else {
            files.push((entry.to_str().unwrap().to_owned(), fs::read(&entry).unwrap()));
        }
    }
    files
}

/// In which forms a text is among these bytes.
fn forms_in(bytes: &[u8], text: &str) -> Vec<&'static str> {
    let is_there = |form: &[u8]| bytes.windows(form.len()).any(|window| window == form);
    let forms = [
        ("plain", vec![text.as_bytes().to_vec()]),
        ("UTF-16", vec![text.encode_utf16().flat_map(u16::to_le_bytes).collect()]),
        ("percent", vec![percent(text)]),
        ("base64", base64(text)),
    ];
    let found = forms.iter().filter(|(_, ways)| ways.iter().any(|way| is_there(way)));
    found.map(|(name, _)| *name).collect()
}

fn percent(text: &str) -> Vec<u8> {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(byte).collect::<String>().into_bytes()
}

/// In both alphabets, wherever it begins: what stays the same whatever stands before and behind it.
fn base64(text: &str) -> Vec<Vec<u8>> {
    let shifted = |shift: usize| {
        let bytes = [vec![0; shift], text.as_bytes().to_vec()].concat();
        let whole = (shift * 8).div_ceil(6)..bytes.len() * 8 / 6;
        [STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)].map(|text| text.as_bytes()[whole.clone()].to_vec())
    };
    (0..3).flat_map(shifted).collect()
}
