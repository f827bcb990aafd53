//! Attempts over real sockets: what is sent, and what becomes of answers that are late, broken or none.

use std::collections::BTreeMap;
use std::time::Duration;

use fermata_connect::egress::{Gate, HostPattern, Policy, SecretError, Secrets};
use fermata_model::{CallError, Json, WorkspaceId, json};
use fermata_services::supabase::Supabase;
use fermata_services::{Attempted, Failure, Progress, Request, Service as _, Vault, Way};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::peer::{Peer, Reply, response};

const SELECT: (&str, &str) = ("from.select", r#"[["t"],[]]"#);
const INSERT: (&str, &str) = ("from.insert", r#"[["t"],[{"a":1}]]"#);
const DELETE_USER: (&str, &str) =
    ("auth.admin.deleteUser", r#"[null,null,["3f0e9a52-5c1c-4f4e-9a30-2b8d2f8f6a11"]]"#);
const JSON: (&str, &str) = ("content-type", "application/json");

/// How long to wait for an answer that comes.
const PATIENT: Duration = Duration::from_secs(20);
/// How long to wait for one that may not come.
const IMPATIENT: Duration = Duration::from_millis(500);

struct Keystore(BTreeMap<&'static str, String>);

impl Vault for Keystore {
    fn value(&self, name: &str) -> Result<Option<String>, CallError> {
        Ok(self.0.get(name).cloned())
    }

    fn secret(&self, _name: &str) -> Result<Option<Zeroizing<String>>, CallError> {
        panic!("the service reads no secret");
    }
}

/// The gate puts the reference itself in, so that what is compared says which secret stood where.
impl Secrets for Keystore {
    fn reveal(&self, name: &str, _host: &str) -> Result<Zeroizing<String>, SecretError> {
        Ok(Zeroizing::new(format!("{{{{secret:{name}}}}}")))
    }
}

struct Quiet;

impl Progress for Quiet {
    fn tell(&self, _line: &str) {}
}

/// One attempt against whatever the keystore names.
async fn attempt_with(values: &[(&'static str, &str)], call: (&str, &str)) -> Attempted {
    attempt_within(PATIENT, values, call).await
}

async fn attempt_within(
    timeout: Duration,
    values: &[(&'static str, &str)],
    (method, args): (&str, &str),
) -> Attempted {
    let policy = Policy {
        hosts: vec![HostPattern::Any],
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        timeout,
        response_bytes_max: 64 << 10,
        ..Policy::default()
    };
    let keystore = Keystore(values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect());
    let way = Way { gate: &Gate::new(), policy, vault: &keystore, secrets: &keystore, progress: &Quiet };
    let args = json::parse(args.to_owned()).unwrap();
    let request = Request {
        workspace: WorkspaceId::default_workspace(),
        method: method.to_owned(),
        args,
        idempotency_key: "run-1".to_owned(),
    };
    Supabase.attempt(request, &way).await
}

async fn attempt(peer: &Peer, call: (&str, &str)) -> Attempted {
    attempt_with(&[("SUPABASE_URL", &peer.url)], call).await
}

async fn impatient(peer: &Peer, call: (&str, &str)) -> Attempted {
    attempt_within(IMPATIENT, &[("SUPABASE_URL", &peer.url)], call).await
}

fn value(json: &Json) -> Value {
    serde_json::from_str(json.get()).unwrap()
}

fn answer(attempted: Attempted) -> Value {
    value(&attempted.map_err(|failure| failure.error.message).unwrap().value)
}

fn failure(attempted: Attempted) -> Failure {
    attempted.map(|answer| answer.value.get().to_owned()).unwrap_err()
}

#[tokio::test]
async fn a_chain_goes_out_and_its_rows_come_back() {
    let peer = Peer::start(vec![response(
        "206 Partial Content",
        &[JSON, ("content-range", "0-0/7")],
        r#"[{"a":1}]"#,
    )])
    .await;
    let call = ("from.select.eq", r#"[["t"],["*",{"count":"exact"}],["a","x y"]]"#);
    let result = answer(attempt(&peer, call).await);
    let expected = json!({
        "success": true, "error": null, "data": [{ "a": 1 }], "count": 7, "status": 206, "statusText": "Partial Content",
    });
    assert_eq!(result, expected);
    let [request] = &peer.requests()[..] else { panic!("one request") };
    assert!(request.starts_with("GET /rest/v1/t?select=*&a=eq.x+y HTTP/1.1\r\n"), "{request}");
    for header in
        ["accept-profile: public", "prefer: count=exact", "apikey: {{secret:SUPABASE_SERVICE_ROLE_KEY}}"]
    {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{request}");
    }
    assert!(!request.contains("idempotency-key"), "{request}");
}

#[tokio::test]
async fn a_postgrest_that_stands_alone_is_asked_without_a_key() {
    let peer = Peer::start(vec![response("200 OK", &[JSON], "[]")]).await;
    answer(attempt_with(&[("POSTGREST_URL", &peer.url)], SELECT).await);
    let [request] = &peer.requests()[..] else { panic!("one request") };
    assert!(request.starts_with("GET /t?select=* HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains("secret") && !request.contains("profile"), "{request}");
    let error =
        failure(attempt_with(&[("POSTGREST_URL", &peer.url)], ("storage.listBuckets", "[null,[]]")).await)
            .error;
    assert_eq!(error.code, "not_configured");
}

#[tokio::test]
async fn without_an_address_the_call_fails() {
    let error = failure(attempt_with(&[], SELECT).await).error;
    assert_eq!((error.code.as_str(), error.retryable), ("not_configured", false));
    assert!(error.message.contains("SUPABASE_URL"), "{}", error.message);
}

#[tokio::test]
async fn being_asked_to_wait_is_heeded_by_reads_and_writes() {
    for call in [SELECT, INSERT] {
        let body = r#"{"message":"slow down"}"#;
        let peer =
            Peer::start(vec![response("429 Too Many Requests", &[JSON, ("retry-after", "7")], body)]).await;
        let Failure { error, retry_after, last_answer } = failure(attempt(&peer, call).await);
        assert!(error.retryable);
        assert_eq!(retry_after, Some(Duration::from_secs(7)));
        let last = value(&last_answer.unwrap());
        assert_eq!((&last["error"]["message"], &last["status"]), (&json!("slow down"), &json!(429)));
    }
}

#[tokio::test]
async fn a_server_error_repeats_reads_only() {
    let peer =
        Peer::start(vec![response("500 Internal Server Error", &[JSON], r#"{"message":"gone wrong"}"#)])
            .await;
    let failed = failure(attempt(&peer, SELECT).await);
    assert!(failed.error.retryable);
    assert_eq!(value(&failed.last_answer.unwrap())["error"]["message"], "gone wrong");
    let result = answer(attempt(&peer, INSERT).await);
    assert_eq!((&result["error"]["message"], &result["status"]), (&json!("gone wrong"), &json!(500)));
}

#[tokio::test]
async fn an_error_that_is_thrown_fails_the_call() {
    let body =
        r#"{"code":"23505","details":"Key (id)=(1) already exists.","hint":null,"message":"duplicate key"}"#;
    let peer = Peer::start(vec![response("409 Conflict", &[JSON], body)]).await;
    let call = ("from.insert.throwOnError", r#"[["t"],[{"id":1}],[]]"#);
    let Failure { error, last_answer, .. } = failure(attempt(&peer, call).await);
    assert_eq!(
        (error.name.as_str(), error.code.as_str(), error.retryable),
        ("PostgrestError", "23505", false)
    );
    assert_eq!(value(&error.details.unwrap())["details"], "Key (id)=(1) already exists.");
    assert!(last_answer.is_none());
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_an_error_of_the_result() {
    let peer = Peer::start(vec![response("200 OK", &[JSON], "<html>")]).await;
    let result = answer(attempt(&peer, SELECT).await);
    assert_eq!((&result["data"], &result["error"]["message"]), (&json!(null), &json!("<html>")));
}

/// Replies after which nobody knows what the request did.
fn silences() -> [Reply; 3] {
    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n[{\"a\":";
    [Reply::Hang, Reply::Bytes(half.into()), Reply::Bytes(Vec::new())]
}

#[tokio::test]
async fn silence_repeats_reads_only() {
    for reply in silences() {
        let peer = Peer::start(vec![reply]).await;
        let read = failure(impatient(&peer, SELECT).await);
        assert!(read.error.retryable, "{}", read.error.message);
        let write = failure(impatient(&peer, INSERT).await);
        assert!(!write.error.retryable, "{}", write.error.message);
        let last = value(&write.last_answer.unwrap());
        assert_eq!(
            (&last["status"], &last["data"], &last["success"]),
            (&json!(0), &json!(null), &json!(false))
        );
        assert!(last["error"]["message"].as_str().unwrap().starts_with("FetchError: "), "{last}");
        let thrown = failure(impatient(&peer, ("from.insert.throwOnError", r#"[["t"],[{}],[]]"#)).await);
        assert!(thrown.last_answer.is_none());
    }
}

#[tokio::test]
async fn nobody_there_repeats_writes_too() {
    let failed = failure(attempt_with(&[("SUPABASE_URL", "http://127.0.0.1:1")], INSERT).await);
    assert_eq!((failed.error.code.as_str(), failed.error.retryable), ("connect", true));
    assert_eq!(value(&failed.last_answer.unwrap())["status"], 0);
}

#[tokio::test]
async fn a_host_that_is_not_allowed_fails_the_call() {
    let failed = failure(attempt_with(&[("SUPABASE_URL", "http://10.0.0.1")], SELECT).await);
    assert_eq!((failed.error.code.as_str(), failed.error.retryable), ("private_address", false));
    assert!(failed.last_answer.is_none());
}

#[tokio::test]
async fn more_rows_than_fit_fail_the_call() {
    let peer =
        Peer::start(vec![response("200 OK", &[JSON], &format!("[\"{}\"]", "x".repeat(65 << 10)))]).await;
    let failed = failure(attempt(&peer, SELECT).await);
    assert_eq!((failed.error.code.as_str(), failed.error.retryable), ("too_large", false));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let peer = Peer::start(vec![response("302 Found", &[("location", "http://127.0.0.1:1/")], "")]).await;
    assert_eq!(failure(attempt(&peer, SELECT).await).error.code, "unexpected_redirect");
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn a_user_is_looked_up_before_being_deleted() {
    let user = response("200 OK", &[JSON], r#"{"id":"u"}"#);
    let peer = Peer::start(vec![user.clone(), response("200 OK", &[JSON], "{}")]).await;
    assert_eq!(
        answer(attempt(&peer, DELETE_USER).await),
        json!({ "data": { "user": { "id": "u" } }, "error": null })
    );
    let methods: Vec<String> = peer.requests().iter().map(|request| request[..3].to_owned()).collect();
    assert_eq!(methods, ["GET", "DEL"]);

    let missing =
        response("404 Not Found", &[JSON], r#"{"error_code":"user_not_found","msg":"User not found"}"#);
    let peer = Peer::start(vec![missing]).await;
    assert_eq!(answer(attempt(&peer, DELETE_USER).await)["error"]["code"], "user_not_found");
    assert_eq!(peer.requests().len(), 1);

    let peer = Peer::start(vec![response("200 OK", &[JSON], "<html>")]).await;
    assert_eq!(answer(attempt(&peer, DELETE_USER).await)["data"], json!({ "user": null }));
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn a_file_comes_as_text_or_as_bytes() {
    let call = ("storage.from.download", r#"[null,["b"],["a.txt"]]"#);
    let peer = Peer::start(vec![response("200 OK", &[("content-type", "text/plain")], "ü")]).await;
    let file = json!({ "type": "text/plain", "size": 2, "text": "ü" });
    assert_eq!(answer(attempt(&peer, call).await), json!({ "data": file, "error": null }));
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 2\r\n\r\n\xff\x00".to_vec();
    let peer = Peer::start(vec![Reply::Bytes(bytes)]).await;
    let file = json!({ "type": "image/png", "size": 2, "base64": "/wA=" });
    assert_eq!(answer(attempt(&peer, call).await), json!({ "data": file, "error": null }));
}

#[tokio::test]
async fn a_public_address_needs_no_request() {
    let call = (
        "storage.from.getPublicUrl",
        r#"[null,["b"],["ä b/c.png",{"download":"x y.png","transform":{"width":5}}]]"#,
    );
    let result = answer(attempt_with(&[("SUPABASE_URL", "https://a.example.com/")], call).await);
    let address =
        "https://a.example.com/storage/v1/render/image/public/b/%C3%A4%20b/c.png?download=x+y.png&width=5";
    assert_eq!(result, json!({ "data": { "publicUrl": address } }));
}

#[tokio::test]
async fn a_function_is_told_the_key_of_the_call() {
    let peer = Peer::start(vec![response("200 OK", &[JSON], r#"{"done":true}"#)]).await;
    let result = answer(attempt(&peer, ("functions.invoke", r#"[null,["f",{"body":{"a":1}}]]"#)).await);
    assert_eq!(result, json!({ "data": { "done": true }, "error": null }));
    let [request] = &peer.requests()[..] else { panic!("one request") };
    assert!(
        request.contains("\r\nidempotency-key: run-1\r\n") && request.ends_with("{\"a\":1}"),
        "{request}"
    );
}

#[test]
fn retry_false_makes_one_attempt() {
    let attempts = |method: &str, args: &str| {
        let args = json::parse(args.to_owned()).unwrap();
        Supabase.check(method, &args).unwrap().retry.attempts_max
    };
    assert_eq!(attempts("from.select.retry", r#"[["t"],[],[false]]"#), 1);
    assert!(attempts("from.select.retry", r#"[["t"],[],[true]]"#) > 1);
}
