//! A peer that misbehaves: the outcome is the documented one, after as many attempts as it should be, and the run
//! goes on.

use fermata_engine::KeystorePut;
use fermata_model::record::KeystoreKind;
use fermata_testkit::http_peer::{HttpPeer, Reply, ReplyBody};
use serde_json::{Value, json};

use crate::support::Bench;

/// Largest answer that is read here.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Milliseconds of one attempt.
const ATTEMPT_MS: u32 = 1_000;

/// Makes a call that goes wrong, catches its error, and makes another one.
const HTTP: &str = "export default async ({ method, url, good, timeoutMs }, { http }) => {
  const began = Date.now();
  const outcome = await (method === 'get' ? http.get(url, { timeoutMs }) : http.post(url, { x: 1 }, { timeoutMs }))
    .then(({ status, data }) => ({ status, data }), ({ code, attempts }) => ({ code, attempts }));
  const waited = Date.now() - began;
  return { outcome, waited, after: (await http.get(good)).data };
}";
const OPENAI: &str = "export default async ({ good, timeoutMs }, { http, openai }) => {
  const began = Date.now();
  const outcome = await openai.models.retrieve('m', { timeout: timeoutMs })
    .then(({ id }) => ({ id }), ({ code, attempts }) => ({ code, attempts }));
  const waited = Date.now() - began;
  return { outcome, waited, after: (await http.get(good)).data };
}";

/// What a run made of it.
struct Seen {
    outcome: Value,
    /// By the run's clock, in milliseconds.
    waited: i64,
    /// Attempts that the peer heard of.
    asked: usize,
}

/// A peer whose path `/good` is well, while all else answers as told.
fn peer(bad: impl Fn() -> Reply + Send + Sync + 'static) -> HttpPeer {
    HttpPeer::start(move |asked| match asked.path.as_str() {
        "/good" => Reply::new(200, "text/plain", "fine"),
        _ => bad(),
    })
}

async fn run(bench: &Bench, peer: &HttpPeer, task: &str, method: &str, scheme: &str) -> Seen {
    let url = peer.url("/bad").replace("http:", scheme);
    let input = json!({ "method": method, "url": url, "good": peer.url("/good"), "timeoutMs": ATTEMPT_MS });
    let run = bench.run(task, &input.to_string()).await;
    let mut result: Value = serde_json::from_str(&bench.result(&run)).unwrap();
    assert_eq!(result["after"], "fine", "the run goes on");
    let asked = peer.take_seen().iter().filter(|seen| seen.path != "/good").count();
    Seen { outcome: result["outcome"].take(), waited: result["waited"].as_i64().unwrap(), asked }
}

async fn through_http(reply: Reply, method: &str) -> (Value, usize) {
    let bench = bench().await;
    bench.publish("ask.js", HTTP).await;
    let peer = peer(move || reply.clone());
    let seen = run(&bench, &peer, "ask", method, "http:").await;
    (seen.outcome, seen.asked)
}

async fn through_openai(reply: Reply) -> (Value, usize) {
    let bench = bench().await;
    bench.publish("ask.js", OPENAI).await;
    let peer = peer(move || reply.clone());
    set_up_openai(&bench, &peer.url("/v1")).await;
    let seen = run(&bench, &peer, "ask", "get", "http:").await;
    (seen.outcome, seen.asked)
}

async fn bench() -> Bench {
    Bench::skipping_waits(|settings| settings.egress.response_bytes_max = ANSWER_BYTES_MAX).await
}

async fn set_up_openai(bench: &Bench, url: &str) {
    let url = json!(url).to_string();
    let hosts = Some(vec!["127.0.0.1".to_owned()]);
    let secret = KeystorePut { kind: KeystoreKind::Secret, value: "sk-1", tasks: None, hosts, over: None };
    let value = KeystorePut { kind: KeystoreKind::Value, value: &url, tasks: None, hosts: None, over: None };
    for (name, put) in [("OPENAI_API_KEY", secret), ("OPENAI_BASE_URL", value)] {
        bench.engine.keystore_put(&bench.workspace, "global", name, put).await.unwrap();
    }
}

fn ok() -> Reply {
    Reply::json(200, &json!({ "id": "m" }))
}

fn error(code: &str, attempts: usize) -> Value {
    json!({ "code": code, "attempts": attempts })
}

#[tokio::test]
async fn a_service_that_is_busy_is_asked_again_when_it_says() {
    for (task, text) in [("http", HTTP), ("openai", OPENAI)] {
        let bench = bench().await;
        bench.publish(&format!("{task}.js"), text).await;
        let peer = peer(ok);
        set_up_openai(&bench, &peer.url("/v1")).await;
        let busy = |after: &str| Reply::json(429, &json!({})).with("retry-after", after);
        peer.next([busy("600"), busy("1200")]);
        let seen = run(&bench, &peer, task, "post", "http:").await;
        assert_eq!(seen.asked, 3, "{task}");
        assert_eq!(seen.waited, 1_800_000, "{task}: exactly as long as it was asked to");
        assert!(seen.outcome["status"] == 200 || seen.outcome["id"] == "m", "{}", seen.outcome);
        // Longer than anybody waits.
        peer.next([busy("999999")]);
        assert_eq!(run(&bench, &peer, task, "get", "http:").await.waited, 3_600_000, "{task}");
    }
}

#[tokio::test]
async fn a_service_that_stays_busy_has_the_last_word() {
    let busy = Reply::json(429, &json!({ "error": { "code": "slow_down" } })).with("retry-after", "1");
    let answer = json!({ "status": 429, "data": { "error": { "code": "slow_down" } } });
    assert_eq!(through_http(busy.clone(), "get").await, (answer, 3));
    assert_eq!(through_openai(busy).await, (error("slow_down", 3), 3));
}

#[tokio::test]
async fn a_service_that_fails_is_asked_again_where_that_is_harmless() {
    let failed = Reply::new(500, "text/plain", "oh no");
    let answer = json!({ "status": 500, "data": "oh no" });
    assert_eq!(through_http(failed.clone(), "get").await, (answer.clone(), 3));
    assert_eq!(through_http(failed.clone(), "post").await, (answer, 1));
    assert_eq!(through_openai(failed).await, (error("http_500", 3), 3));
}

#[tokio::test]
async fn garbage_is_an_answer_of_http_and_none_of_others() {
    let garbage = Reply::new(200, "application/json", b"\"{[\xc3".to_vec());
    let (outcome, asked) = through_http(garbage.clone(), "get").await;
    assert_eq!((&outcome["status"], asked), (&json!(200), 1), "{outcome}");
    assert_eq!(through_openai(garbage).await, (error("bad_answer", 3), 3));
}

#[tokio::test]
async fn half_a_body_is_no_answer() {
    let half = ok().coming(ReplyBody::Half(b"{\"id\":".to_vec()));
    assert_eq!(through_http(half.clone(), "get").await, (error("body", 3), 3));
    assert_eq!(through_openai(half).await, (error("body", 3), 3));
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let endless = ok().coming(ReplyBody::Endless(vec![b' '; 16 << 10]));
    assert_eq!(through_http(endless.clone(), "get").await, (error("too_large", 1), 1));
    assert_eq!(through_openai(endless).await, (error("too_large", 1), 1));
    let trickle = ok().coming(ReplyBody::Endless(b" ".to_vec()));
    assert_eq!(through_http(trickle.clone(), "get").await, (error("timeout", 3), 3));
    assert_eq!(through_openai(trickle).await, (error("timeout", 3), 3));
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up() {
    let hang = ok().coming(ReplyBody::Hang);
    assert_eq!(through_http(hang.clone(), "get").await, (error("timeout", 3), 3));
    assert_eq!(through_http(hang.clone(), "post").await, (error("timeout", 3), 3));
    assert_eq!(through_openai(hang).await, (error("timeout", 3), 3));
}

#[tokio::test]
async fn a_service_that_cannot_speak_tls_hears_nothing() {
    let (bench, peer) = (bench().await, peer(ok));
    bench.publish("http.js", HTTP).await;
    bench.publish("openai.js", OPENAI).await;
    set_up_openai(&bench, &peer.url("/v1").replace("http:", "https:")).await;
    for task in ["http", "openai"] {
        let seen = run(&bench, &peer, task, "get", "https:").await;
        assert_eq!((seen.outcome, seen.asked), (error("tls", 1), 0), "{task}");
    }
}
