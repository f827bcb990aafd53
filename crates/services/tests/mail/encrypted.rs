//! Encryption and logins.

use fermata_testkit::smtp::{Act, Encryption, Setup, SmtpPeer};
use serde_json::json;

use crate::outside::Outside;
use crate::{send, short};

const PASSWORD: &str = "hush-hüsh";

fn start(encryption: Encryption, mechanisms: &str) -> SmtpPeer {
    let user = ("ann".to_owned(), PASSWORD.to_owned());
    SmtpPeer::start(Setup { encryption, mechanisms: mechanisms.into(), user, ..Setup::default() }).unwrap()
}

/// Settings for a server, with a login.
fn settings(url: &str, authority: &str) -> Outside {
    let mut values = vec![("MAIL_SMTP_URL", url), ("MAIL_FROM", "a@example.com"), ("MAIL_SMTP_USER", "ann")];
    if !authority.is_empty() {
        values.push(("MAIL_CA", authority));
    }
    Outside::with(&values).with_secret("MAIL_SMTP_PASSWORD", PASSWORD)
}

#[tokio::test]
async fn logins_go_over_encrypted_lines() {
    for (encryption, scheme) in [(Encryption::StartTls, "smtp"), (Encryption::Implicit, "smtps")] {
        for mechanisms in ["PLAIN LOGIN", "LOGIN", "XOAUTH2 plain"] {
            let peer = start(encryption, mechanisms);
            let url = format!("{scheme}://localhost:{}", peer.port());
            send(&settings(&url, &peer.certificate().unwrap()), short()).await.unwrap();
            let [mail] = &peer.take()[..] else { panic!("one message") };
            assert_eq!(
                (mail.user.as_deref(), mail.is_encrypted),
                (Some("ann"), true),
                "{encryption:?} {mechanisms}"
            );
        }
    }
}

#[tokio::test]
async fn nobody_else_is_trusted() {
    for (encryption, scheme) in [(Encryption::StartTls, "smtp"), (Encryption::Implicit, "smtps")] {
        let peer = start(encryption, "PLAIN");
        let url = format!("{scheme}://127.0.0.1:{}", peer.port());
        let error = send(&settings(&url, ""), short()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("tls", false), "{}", error.message);
        assert!(!peer.heard().iter().any(|line| line.starts_with("AUTH")), "{:?}", peer.heard());
    }
}

#[tokio::test]
async fn a_server_without_encryption_gets_nothing_unless_that_is_allowed() {
    let peer = start(Encryption::None, "PLAIN");
    let url = |options: &str| format!("smtp://127.0.0.1:{}{options}", peer.port());
    let error = send(&settings(&url("?tls=required"), ""), short()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("tls", false), "{}", error.message);
    assert_eq!(peer.heard(), ["EHLO [127.0.0.1]"]);
    for options in ["", "?tls=none"] {
        send(&settings(&url(options), ""), short()).await.unwrap();
        assert!(!peer.take()[0].is_encrypted);
    }
    let error =
        send(&settings(&format!("smtps://127.0.0.1:{}", peer.port()), ""), short()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("tls", false), "{}", error.message);
}

#[tokio::test]
async fn what_is_said_between_starttls_and_the_encryption_ends_it() {
    let peer = start(Encryption::StartTls, "PLAIN");
    peer.upon("STARTTLS", Act::Add("250-mallory\r\n250 AUTH PLAIN".into()));
    let url = format!("smtp://127.0.0.1:{}", peer.port());
    let error = send(&settings(&url, &peer.certificate().unwrap()), short()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("tls", false), "{}", error.message);
    assert_eq!(peer.heard(), ["EHLO [127.0.0.1]", "STARTTLS"]);
}

#[tokio::test]
async fn logins_that_fail_say_no_more_than_that() {
    let peer = start(Encryption::None, "PLAIN");
    let url = format!("smtp://127.0.0.1:{}", peer.port());
    let outside = settings(&url, "").with_secret("MAIL_SMTP_PASSWORD", "another-hush");
    for (act, retryable) in [
        (None, false),
        (Some("535 5.7.8 another-hush is not right"), false),
        (Some("454 4.7.0 another-hush cannot be checked now"), true),
    ] {
        if let Some(reply) = act {
            peer.upon("AUTH", Act::Say(reply.into()));
        }
        let error = send(&outside, short()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("login", retryable), "{}", error.message);
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
    let none = start(Encryption::None, "XOAUTH2");
    let url = format!("smtp://127.0.0.1:{}", none.port());
    assert_eq!(send(&settings(&url, ""), short()).await.unwrap_err().code, "login");
    // Without a login the server says what it wants.
    let url = format!("smtp://127.0.0.1:{}", peer.port());
    let outside = Outside::with(&[("MAIL_SMTP_URL", &url), ("MAIL_FROM", "a@example.com")]);
    let error = send(&outside, short()).await.unwrap_err();
    let details: serde_json::Value = serde_json::from_str(error.details.unwrap().get()).unwrap();
    assert_eq!(details, json!({ "status": 530, "reply": "5.7.0 log in first", "during": "MAIL FROM" }));
}
