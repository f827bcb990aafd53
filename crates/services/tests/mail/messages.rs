//! Messages as another program reads them.

use fermata_services::mail::Mail;
use fermata_testkit::smtp::{Setup, SmtpPeer};
use serde_json::{Value, json};

use crate::outside::Outside;
use crate::{configured, plain, python, send, short, with};

/// What Python's parser makes of a message.
const READ: &str = r#"
import base64, email, email.policy, json, sys
raw = base64.b64decode(json.load(sys.stdin))
message = email.message_from_bytes(raw, policy=email.policy.SMTP)
parts = []
for part in message.walk():
    if part.is_multipart():
        parts.append({"type": part.get_content_type()})
        continue
    parts.append({
        "type": part.get_content_type(),
        "name": part.get_filename(),
        "disposition": part.get_content_disposition(),
        "content": base64.b64encode(part.get_payload(decode=True)).decode(),
        "charset": part.get_content_charset(),
    })
defects = [repr(defect) for part in message.walk() for defect in part.defects]
print(json.dumps({
    "headers": [[name, str(value)] for name, value in message.items()],
    "parts": parts,
    "defects": defects,
    "longest": max(len(line) for line in raw.split(b"\r\n")),
}))
"#;

/// The one message that a server took, as Python reads it.
fn read(peer: &SmtpPeer) -> Value {
    let [mail] = &peer.take()[..] else { panic!("one message") };
    let message = python::run(READ, &json!(base64(&mail.data)));
    assert_eq!(message["defects"], json!([]));
    assert!(message["longest"].as_u64().unwrap() <= 998, "{}", message["longest"]);
    message
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn header(message: &Value, name: &str) -> String {
    let headers = message["headers"].as_array().unwrap();
    let values: Vec<&str> =
        headers.iter().filter(|header| header[0] == name).map(|header| header[1].as_str().unwrap()).collect();
    values.join("|")
}

#[tokio::test]
async fn a_message_arrives_as_it_was_meant() {
    let peer = plain();
    let text = "Grüße \u{1f600}\n.\r\n..dots\nFrom here\n".to_owned() + &"long ".repeat(400);
    let all_bytes: Vec<u8> = (0..=255).collect();
    let message = json!({
        "from": "Ann Änne <ann@example.com>",
        "to": ["bob@example.com", { "name": "Carl, \"C\"", "address": "carl@example.com" }],
        "cc": "Dora <dora@bücher.example>",
        "bcc": ["eve@example.com", "bob@example.com"],
        "replyTo": "answers@example.com",
        "subject": "Über \u{1f600} ".to_owned() + &"and so on ".repeat(20),
        "text": text,
        "html": "<p>Grüße</p>",
        "attachments": [
            { "filename": "bytes.bin", "content": base64(&all_bytes), "encoding": "base64" },
            { "filename": "Übersicht \"1\".csv", "content": "ä;b\n.\n", "contentType": "text/csv; charset=utf-8" },
        ],
        "headers": { "X-Topic": "Prüfung", "In-Reply-To": "<1@example.com>" },
    });
    let answer = send(&configured(&peer), message).await.unwrap();
    let everybody = ["bob@example.com", "carl@example.com", "dora@xn--bcher-kva.example", "eve@example.com"];
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(everybody), &json!([])));
    assert!(peer.heard()[1].starts_with("MAIL FROM:<ann@example.com> SIZE="), "{:?}", peer.heard());

    let message = read(&peer);
    assert_eq!(header(&message, "From"), "Ann Änne <ann@example.com>");
    assert_eq!(header(&message, "To"), "bob@example.com, \"Carl, \\\"C\\\"\" <carl@example.com>");
    assert_eq!(header(&message, "Cc"), "Dora <dora@xn--bcher-kva.example>");
    assert_eq!(header(&message, "Bcc"), "");
    assert_eq!(header(&message, "Reply-To"), "answers@example.com");
    assert_eq!(
        header(&message, "Subject").trim_end(),
        "Über \u{1f600} ".to_owned() + "and so on ".repeat(20).trim_end()
    );
    assert_eq!(header(&message, "X-Topic"), "Prüfung");
    assert_eq!(header(&message, "In-Reply-To"), "<1@example.com>");
    assert_eq!(header(&message, "Message-ID"), answer["messageId"].as_str().unwrap());
    assert!(!header(&message, "Date").is_empty());

    let kinds: Vec<&str> =
        message["parts"].as_array().unwrap().iter().map(|part| part["type"].as_str().unwrap()).collect();
    let expected = [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/octet-stream",
        "text/csv",
    ];
    assert_eq!(kinds, expected);
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\n', "\r\n");
    assert_eq!(message["parts"][2]["content"], base64(lines(&text).as_bytes()));
    assert_eq!(message["parts"][3]["content"], base64("<p>Grüße</p>".as_bytes()));
    assert_eq!(message["parts"][4]["content"], base64(&all_bytes));
    assert_eq!(
        (&message["parts"][4]["name"], &message["parts"][4]["disposition"]),
        (&json!("bytes.bin"), &json!("attachment"))
    );
    assert_eq!(message["parts"][5]["name"], "Übersicht \"1\".csv");
    assert_eq!(message["parts"][5]["content"], base64("ä;b\n.\n".as_bytes()));
}

#[tokio::test]
async fn each_kind_of_body_stands_alone_too() {
    let peer = plain();
    for (fields, kinds) in [
        (json!({ "text": "x" }), vec!["text/plain"]),
        (json!({ "text": null, "html": "<p>x" }), vec!["text/html"]),
        (json!({ "html": "<p>x" }), vec!["multipart/alternative", "text/plain", "text/html"]),
        (
            json!({ "text": null, "attachments": [{ "filename": "a", "content": "x" }] }),
            vec!["multipart/mixed", "text/plain"],
        ),
        (json!({ "text": "" }), vec!["text/plain"]),
    ] {
        send(&configured(&peer), with(fields)).await.unwrap();
        let message = read(&peer);
        let found: Vec<&Value> =
            message["parts"].as_array().unwrap().iter().map(|part| &part["type"]).collect();
        assert_eq!(found, kinds);
    }
}

#[tokio::test]
async fn all_attempts_of_a_call_have_one_id() {
    let (peer, args) = (plain(), json!([short()]).to_string());
    let outside = configured(&peer);
    let mut ids = Vec::new();
    for key in ["run-1-call-1", "run-1-call-1", "run-1-call-2"] {
        let answer = outside.attempt_as(key, &Mail::default(), "send", &args).await.unwrap();
        ids.push(serde_json::from_str::<Value>(answer.value.get()).unwrap()["messageId"].to_string());
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert!(ids[0].ends_with("@example.com>\""), "{}", ids[0]);
}

#[tokio::test]
async fn letters_beyond_ascii_in_addresses_need_a_server_that_takes_them() {
    let message = with(json!({ "to": "grüße@example.com" }));
    let peer = plain();
    send(&configured(&peer), message.clone()).await.unwrap();
    let [mail] = &peer.take()[..] else { panic!("one message") };
    assert!(mail.from.ends_with(" SMTPUTF8 BODY=8BITMIME"), "{}", mail.from);
    assert_eq!(mail.to, ["<grüße@example.com>"]);
    let old = SmtpPeer::start(Setup { extensions: Vec::new(), ..Setup::default() }).unwrap();
    let error = send(&configured(&old), message).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("smtputf8", false));
    send(&configured(&old), short()).await.unwrap();
    assert_eq!(old.take()[0].from, "<fermata@example.com>");
}

#[tokio::test]
async fn the_sender_is_the_messages_or_the_workspaces() {
    let peer = plain();
    send(&configured(&peer), short()).await.unwrap();
    assert_eq!(header(&read(&peer), "From"), "Fermata <fermata@example.com>");
    let url = format!("smtp://localhost:{}", peer.port());
    let outside = Outside::with(&[("MAIL_SMTP_URL", &url)]);
    send(&outside, with(json!({ "from": "ann@example.com" }))).await.unwrap();
    assert_eq!(header(&read(&peer), "From"), "ann@example.com");
}
