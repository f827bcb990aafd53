//! What Google refuses or fails to answer, and which of it may be tried again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{BEN, Setting};
use fermata_testkit::google::{APIS, DOCUMENT, Fault};

fn read() -> (&'static str, Value) {
    ("gmail.users.messages.list", json!([{"userId": "me"}, {"impersonate": BEN}]))
}

fn write() -> (&'static str, Value) {
    (
        "gmail.users.messages.send",
        json!([{"userId": "me", "requestBody": {"raw": "eA=="}}, {"impersonate": BEN}]),
    )
}

#[tokio::test]
async fn quotas_and_failures_are_told_apart() {
    let setting = Setting::new();
    // The fault, its code, whether reading and whether writing is tried again.
    let cases = [
        (Fault::TooMany(None), "rate_limited", true, true),
        (Fault::UserRate, "rate_limited", true, true),
        (Fault::Daily, "quota_exceeded", false, false),
        (Fault::Quota, "quota_exceeded", false, false),
        (Fault::Unavailable, "unavailable", true, true),
        (Fault::Internal, "unavailable", true, false),
        (Fault::Garbage, "bad_answer", true, false),
        (Fault::Half, "body", true, false),
    ];
    for (fault, code, reads, writes) in cases {
        for ((method, args), is_repeated) in [(read(), reads), (write(), writes)] {
            setting.google.fail_next(1, fault);
            let error = setting.failure(method, args).await.error;
            assert_eq!((error.code.as_str(), error.retryable), (code, is_repeated), "{fault:?} {method}");
        }
    }
    let (method, args) = read();
    setting.call(method, args).await;
}

#[tokio::test]
async fn google_says_how_long_to_wait() {
    let setting = Setting::new();
    let (method, args) = read();
    setting.google.fail_next(1, Fault::TooMany(Some(17)));
    let failure = setting.failure(method, args).await;
    assert_eq!(failure.retry_after, Some(Duration::from_secs(17)));
    assert!(failure.error.message.contains("429 rateLimitExceeded: Too many"), "{}", failure.error.message);
    assert!(failure.error.details.unwrap().get().contains("\"domain\":\"global\""));
}

#[tokio::test]
async fn who_does_not_answer_is_waited_for_no_longer_than_said() {
    let setting = Setting::new();
    for ((method, mut args), is_repeated) in [(read(), true), (write(), false)] {
        args[1]["timeoutMs"] = json!(300);
        setting.google.fail_next(1, Fault::Hang);
        let error = setting.failure(method, args).await.error;
        assert_eq!((error.code.as_str(), error.retryable), ("timeout", is_repeated), "{method}");
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_had_now_is_asked_for_again() {
    let setting = Setting::new();
    for fault in [Fault::Internal, Fault::Garbage, Fault::Half, Fault::TooMany(None)] {
        for named in ["gmail.users.messages.send", "gmail:v1.users.messages.send"] {
            setting.google.fail_next_documents(1, fault);
            let error = setting.failure(named, write().1).await.error;
            assert!(error.retryable, "nothing was sent: {fault:?} {}", error.message);
        }
    }
    assert_eq!((setting.google.count(APIS), setting.google.count(DOCUMENT)), (4, 4));
    setting.call("gmail.users.messages.send", write().1).await;
    assert_eq!(setting.google.count("gmail.users.messages.send"), 1);
}

#[tokio::test]
async fn a_batch_is_repeated_only_when_all_of_it_may_be() {
    let setting = Setting::new();
    let get = json!({"method": "gmail.users.messages.get", "params": {"userId": "me", "id": "m000001"}});
    let send = json!({"method": "gmail.users.messages.send", "params": {"userId": "me", "requestBody": {"raw": "eA=="}}});
    for (calls, is_repeated) in [(json!([get, get]), true), (json!([get, send]), false)] {
        for fault in [Fault::Internal, Fault::Half, Fault::Garbage] {
            setting.google.fail_next(1, fault);
            let error = setting.failure("batch", json!([calls, {"impersonate": BEN}])).await.error;
            assert_eq!(error.retryable, is_repeated, "{fault:?} {}", error.message);
        }
        setting.google.fail_next(1, Fault::TooMany(None));
        assert!(setting.failure("batch", json!([calls, {"impersonate": BEN}])).await.error.retryable);
    }
}
