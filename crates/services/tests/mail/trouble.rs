//! Servers that refuse, break off, or say what no server says.

use std::time::Duration;

use fermata_services::mail::Mail;
use fermata_testkit::smtp::{Act, Setup, SmtpPeer};
use serde_json::json;

use crate::outside::Outside;
use crate::{configured, plain, send, short, with};

#[tokio::test]
async fn refusals_are_passing_or_not_as_the_server_says() {
    let peer = plain();
    for command in ["", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        for (reply, retryable) in [("451 4.3.0 later", true), ("554 5.7.1 never", false)] {
            peer.upon(command, Act::Say(reply.into()));
            let error = send(&configured(&peer), short()).await.unwrap_err();
            assert_eq!(
                (error.code.as_str(), error.retryable),
                ("smtp_reply", retryable),
                "{command} {reply}"
            );
            assert!(error.message.ends_with(reply), "{}", error.message);
        }
    }
    assert!(peer.take().is_empty());
    send(&configured(&peer), short()).await.unwrap();
    assert_eq!(peer.take().len(), 1);
}

#[tokio::test]
async fn one_recipient_does_not_keep_the_message_from_the_others() {
    let peer = plain();
    peer.upon("RCPT", Act::Say("550 5.1.1 no such user".into()));
    let both = with(json!({ "to": ["nobody@example.com", "bob@example.com"] }));
    let answer = send(&configured(&peer), both.clone()).await.unwrap();
    let rejected = json!([{ "address": "nobody@example.com", "status": 550, "reply": "5.1.1 no such user" }]);
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(["bob@example.com"]), &rejected));
    assert_eq!(peer.take()[0].to, ["<bob@example.com>"]);
    // Nobody is left: one who may be taken later is enough to try again.
    for (replies, retryable) in
        [(["550 no", "550 no"], false), (["550 no", "450 later"], true), (["450 later", "550 no"], true)]
    {
        for reply in replies {
            peer.upon("RCPT", Act::Say(reply.into()));
        }
        let error = send(&configured(&peer), both.clone()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("smtp_reply", retryable), "{replies:?}");
    }
    assert!(peer.take().is_empty());
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_message_is_tried_again() {
    let peer = plain();
    for command in ["", "EHLO", "MAIL"] {
        peer.upon(command, Act::Close);
        let error = send(&configured(&peer), short()).await.unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.retryable),
            ("connection_lost", true),
            "{command}: {}",
            error.message
        );
    }
    let port = peer.port();
    drop(peer);
    let url = format!("smtp://127.0.0.1:{port}");
    let outside = Outside::with(&[("MAIL_SMTP_URL", &url), ("MAIL_FROM", "a@example.com")]);
    let error = send(&outside, short()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("connect", true));
}

#[tokio::test]
async fn a_message_whose_fate_is_unknown_is_not_sent_again() {
    let peer = plain();
    for act in [Act::Close, Act::Say("nonsense".into())] {
        peer.upon(".", act);
        let error = send(&configured(&peer), short()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("outcome_unknown", false), "{}", error.message);
    }
}

#[tokio::test]
async fn silence_ends_an_attempt() {
    for (command, code, retryable) in
        [("", "timeout", true), ("MAIL", "timeout", true), (".", "outcome_unknown", false)]
    {
        let peer = plain();
        peer.upon(command, Act::Hang);
        let hasty = Mail::default().within(Duration::from_millis(500));
        let args = json!([short()]).to_string();
        let error = configured(&peer).attempt(&hasty, "send", &args).await.unwrap_err().error;
        assert_eq!((error.code.as_str(), error.retryable), (code, retryable), "{command}: {}", error.message);
    }
}

#[tokio::test]
async fn garbage_is_not_read_for_ever() {
    let peer = plain();
    let endless = "220-x\r\n".repeat(1_000) + "220 x";
    for said in ["HTTP/1.1 400 Bad Request", "", "220_x", "99 x", &"2".repeat(5_000), &endless] {
        peer.upon("", Act::Say(said.into()));
        let error = send(&configured(&peer), short()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("bad_answer", true), "{}", error.message);
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_for_the_server_is_not_sent() {
    let peer = SmtpPeer::start(Setup { extensions: vec!["SIZE 1000".into()], ..Setup::default() }).unwrap();
    let error = send(&configured(&peer), with(json!({ "text": "x".repeat(1_000) }))).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("too_large", false), "{}", error.message);
    assert_eq!(peer.heard(), ["EHLO [127.0.0.1]"]);
    let small = plain();
    let mut outside = configured(&small);
    outside.policy.request_bytes_max = 10_000;
    let error = send(&outside, with(json!({ "text": "x".repeat(20_000) }))).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("too_large", false), "{}", error.message);
    assert!(small.take().is_empty());
}
