//! What cannot be sent is refused before anything is said.

use fermata_model::json as raw;
use fermata_services::Service as _;
use fermata_services::mail::Mail;
use serde_json::{Value, json};

use crate::outside::Outside;
use crate::{plain, send, short, with};

fn refusal(args: &Value) -> String {
    let args = raw::parse(args.to_string()).unwrap();
    let refused = Mail::default().check("send", &args);
    let error = refused.map(|_| args.get().to_owned()).unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("bad_arguments", false));
    error.message
}

#[test]
fn wrong_messages_are_refused() {
    let many = vec!["a@example.com"; 101];
    for (message, expected) in [
        (json!({}), "to, cc and bcc"),
        (json!({ "to": [], "text": "x" }), "to, cc and bcc"),
        (json!({ "to": "a@example.com" }), "a text, an html or attachments"),
        (with(json!({ "to": "nobody" })), "to is no mail address"),
        (with(json!({ "to": ["a@example.com", "a@b@c"] })), "to[1] is no mail address"),
        (with(json!({ "cc": { "address": "a@example.com", "nome": "x" } })), "cc"),
        (with(json!({ "from": "\"a b\"@example.com" })), "from is no mail address"),
        (with(json!({ "to": many })), "to, cc and bcc"),
        (with(json!({ "subject": "x".repeat(901) })), "subject"),
        (with(json!({ "body": "x" })), "unknown field `body`"),
        (with(json!({ "text": "x".repeat(6 << 20), "html": "x" })), "the limit is"),
        (with(json!({ "headers": { "Bcc": "a@example.com" } })), "\"Bcc\" cannot be set"),
        (with(json!({ "headers": { "Content-Type": "text/html" } })), "\"Content-Type\" cannot be set"),
        (with(json!({ "headers": { "X y": "1" } })), "\"X y\" cannot be set"),
        (with(json!({ "attachments": [{ "filename": "", "content": "" }] })), "attachments[0].filename"),
        (
            with(json!({ "attachments": [{ "filename": "a", "content": "?", "encoding": "base64" }] })),
            "is not base64",
        ),
        (
            with(
                json!({ "attachments": [{ "filename": "a", "content": "", "contentType": "multipart/mixed" }] }),
            ),
            "contentType",
        ),
        (
            with(json!({ "attachments": [{ "filename": "a", "content": "", "contentType": "nonsense" }] })),
            "contentType",
        ),
    ] {
        let said = refusal(&json!([message]));
        assert!(said.starts_with("tools.mail.send: ") && said.contains(expected), "{expected}: {said}");
    }
    refusal(&json!([short(), {}]));
    refusal(&json!([]));
    assert_eq!(Mail::default().check("sent", &raw::null()).unwrap_err().code, "unknown_method");
}

#[tokio::test]
async fn no_field_adds_a_line() {
    let peer = plain();
    let ends = ["\r\nBcc: eve@example.com", "\nX: y", "\rX: y", "\0"];
    for end in ends {
        let text = |base: &str| format!("{base}{end}");
        for fields in [
            json!({ "from": text("a@example.com") }),
            json!({ "from": { "name": text("Ann"), "address": "a@example.com" } }),
            json!({ "to": text("Ann <a@example.com>") }),
            json!({ "to": { "address": text("a@example.com") } }),
            json!({ "to": format!("Ann{end} <a@example.com>") }),
            json!({ "replyTo": text("a@example.com") }),
            json!({ "subject": text("Hello") }),
            json!({ "headers": { "X-A": text("b") } }),
            json!({ "headers": { (text("X-A")): "b" } }),
            json!({ "attachments": [{ "filename": text("a.txt"), "content": "x" }] }),
            json!({ "attachments": [{ "filename": "a.txt", "content": "x", "contentType": text("text/plain") }] }),
        ] {
            refusal(&json!([with(fields)]));
        }
        let from = text("fermata@example.com");
        let url = format!("smtp://127.0.0.1:{}", peer.port());
        let outside = Outside::with(&[("MAIL_SMTP_URL", &url), ("MAIL_FROM", &from)]);
        assert_eq!(send(&outside, short()).await.unwrap_err().code, "bad_setting");
    }
    assert!(peer.heard().is_empty());
}

#[tokio::test]
async fn settings_are_checked() {
    let from = ("MAIL_FROM", "a@example.com");
    let url = |url| ("MAIL_SMTP_URL", url);
    for (settings, code) in [
        (vec![from], "not_configured"),
        (vec![url("smtp://127.0.0.1:9")], "not_configured"),
        (vec![url("smtp://127.0.0.1:9"), ("MAIL_FROM", "nobody")], "bad_setting"),
        (vec![url("http://127.0.0.1:9"), from], "bad_setting"),
        (vec![url("nonsense"), from], "bad_setting"),
        (vec![url("smtp://ann:hush@127.0.0.1:9"), from], "bad_setting"),
        (vec![url("smtp://127.0.0.1:9?tls=no"), from], "bad_setting"),
        (vec![url("smtps://127.0.0.1:9?tls=none"), from], "bad_setting"),
        (vec![url("smtp://127.0.0.1:9"), from, ("MAIL_SMTP_USER", "ann")], "not_configured"),
        (vec![url("smtp://127.0.0.1:9"), from, ("MAIL_CA", "nonsense")], "bad_setting"),
        (vec![url("smtp://10.0.0.1"), from], "private_address"),
        (vec![url("smtp://0x0a.1"), from], "private_address"),
    ] {
        let error = send(&Outside::with(&settings), short()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), (code, false), "{settings:?}: {}", error.message);
        assert!(!error.message.contains("hush"), "{}", error.message);
    }
}
