//! What is refused before anything is sent, and says why.

use serde_json::json;

use crate::support::{ADMIN, BEN, Setting};
use fermata_testkit::google::TOKEN;

#[tokio::test]
async fn arguments_are_held_to_the_document() {
    let setting = Setting::new();
    let cases = [
        ("gmail.users.messages.list", json!([{}]), "userId is missing"),
        (
            "gmail.users.messages.list",
            json!([{"userId": "me", "maxResult": 5}]),
            "maxResult is unknown; did you mean maxResults?",
        ),
        (
            "gmail.users.messages.list",
            json!([{"userId": "me", "maxResults": "many"}]),
            "maxResults is an integer, not this text",
        ),
        (
            "gmail.users.messages.list",
            json!([{"userId": "me", "maxResults": -1}]),
            "maxResults is an integer from 0 to",
        ),
        ("gmail.users.messages.list", json!([{"userId": ["me", "you"]}]), "userId has one value, not a list"),
        ("gmail.users.messages.list", json!([{"userId": ".."}]), "userId is a part of the path"),
        (
            "gmail.users.messages.list",
            json!([{"userId": "me", "includeSpamTrash": "no"}]),
            "includeSpamTrash is true or false",
        ),
        (
            "gmail.users.messages.list",
            json!([{"userId": "me", "access_token": "x"}]),
            "access_token is for the host to set",
        ),
        ("gmail.users.messages.list", json!([{"userId": "me", "requestBody": {}}]), "takes no body"),
        ("gmail.users.messages.list", json!([{"userId": "me", "alt": "media"}]), "no media to answer with"),
        ("gmail.users.messages.list", json!([{"userId": "me", "alt": "proto"}]), "alt is json or media"),
        (
            "gmail.users.messages.get",
            json!([{"userId": "me", "id": "x", "format": "tiny"}]),
            "format is one of minimal, full, raw, metadata",
        ),
        (
            "gmail.users.messages.send",
            json!([{"userId": "me", "requestBody": [1]}]),
            "requestBody is an object",
        ),
        (
            "gmail.users.messages.send",
            json!([{"userId": "me", "body": {}, "resource": {}}]),
            "is a second body",
        ),
        (
            "gmail.users.messages.send",
            json!([{"userId": "me", "media": {"mimeType": "image/png", "body": ""}}]),
            "media.mimeType is one of message/*",
        ),
        (
            "drive.files.create",
            json!([{"media": {"mimeType": "a/b", "bodyBase64": "***"}}]),
            "media.bodyBase64",
        ),
        (
            "people.people.get",
            json!([{"resourceName": "me", "personFields": "names"}]),
            "resourceName does not match ^people/[^/]+$",
        ),
        (
            "people.people.get",
            json!([{"resourceName": "people/..", "personFields": "names"}]),
            "resourceName is a part of the path",
        ),
        (
            "gmail.users.getProfile",
            json!([{"userId": "me"}, {"all": true}]),
            "all: true is for methods that take a pageToken",
        ),
        (
            "gmail.users.messages.list",
            json!([{"userId": "me", "fields": "messages"}, {"all": true}]),
            "needs nextPageToken among the fields",
        ),
        ("batch", json!([[]]), "takes 1 to 100 calls"),
        (
            "batch",
            json!([[{"method": "gmail.users.getProfile"}, {"method": "drive.files.list"}]]),
            "of one API",
        ),
        (
            "batch",
            json!([[{"method": "drive.files.get", "params": {"alt": "media"}}]]),
            "media cannot be a part",
        ),
        (
            "batch",
            json!([[{"method": "drive.files.get", "params": {"fileId": "x", "alt": "proto"}}]]),
            "alt is json or media",
        ),
    ];
    for (method, args, named) in cases {
        let error = setting.failure(method, args.clone()).await.error;
        assert_eq!(
            (error.code.as_str(), error.retryable),
            ("bad_arguments", false),
            "{method} {args}: {}",
            error.message
        );
        assert!(
            error.message.contains(named) && error.message.contains("tools.gapi"),
            "{method} {args}: {}",
            error.message
        );
    }
    assert_eq!(setting.google.count(TOKEN), 0);
}

#[tokio::test]
async fn media_is_bounded_by_the_method_and_by_us() {
    let setting = Setting::new();
    let upload = |kind: &str, bytes: usize| json!([{ "media": { "mimeType": kind, "body": "x".repeat(bytes) }, "videoId": "v" }, { "impersonate": ADMIN }]);
    let file = |bytes: usize| {
        let mut args = upload("text/plain", bytes);
        args[0].as_object_mut().unwrap().remove("videoId");
        args
    };
    let cases = [
        ("drive.files.create", file((5 << 20) + 1), "media has 5242881 bytes; the most is 5242880"),
        (
            "youtube.thumbnails.set",
            upload("image/png", (2 << 20) + 1),
            "media has 2097153 bytes; the most is 2097152",
        ),
        ("youtube.thumbnails.set", upload("image/gif", 1), "media.mimeType is one of image/jpeg, image/png"),
        (
            "drive.files.get",
            json!([{ "fileId": "x", "media": { "mimeType": "a/b", "body": "" } }]),
            "takes none",
        ),
    ];
    for (method, args, named) in cases {
        let error = setting.failure(method, args).await.error;
        assert_eq!(error.code, "bad_arguments", "{}", error.message);
        assert!(error.message.contains(named), "{method}: {}", error.message);
    }
    assert_eq!(setting.google.count(TOKEN), 0);
    let sent = setting.call("drive.files.create", file(5 << 20)).await;
    assert_eq!(sent["echo"]["bytes"], 5 << 20);
}

#[tokio::test]
async fn what_does_not_exist_is_told_with_what_does() {
    let setting = Setting::new();
    let cases = [
        (
            "gmail.users.messages.lst",
            "gmail v1 has no method users.messages.lst; did you mean users.messages.list?",
        ),
        ("gmial.users.messages.list", "no API gmial; did you mean gmail?"),
        ("gmail:v9.users.messages.list", "no API gmail of version v9"),
        ("gmail", "tools.gapi has no method \"gmail\""),
        ("gmail.users", "gmail v1 has no method users"),
    ];
    for (method, named) in cases {
        let error = setting.failure(method, json!([{}])).await.error;
        assert_eq!(error.code, "unknown_method", "{method}: {}", error.message);
        assert!(error.message.contains(named), "{method}: {}", error.message);
    }
}

#[tokio::test]
async fn large_numbers_and_texts_of_numbers_are_both_numbers() {
    let setting = Setting::new();
    let params = json!({"userId": "me", "startHistoryId": 9_007_199_254_740_991_u64, "maxResults": "5"});
    let got = setting.call("gmail.users.history.list", json!([params, {"impersonate": BEN}])).await;
    let query = json!([["maxResults", "5"], ["startHistoryId", "9007199254740991"], ["alt", "json"]]);
    assert_eq!(got["echo"]["query"], query);
}

#[tokio::test]
async fn settings_that_are_no_urls_are_refused() {
    let setting = Setting::new();
    for url in ["ftp://127.0.0.1", "not a url", "http://user:word@127.0.0.1/", "http://127.0.0.1/?x=1"] {
        setting.put("GAPI_BASE_URL", url);
        let error = setting.failure("admin.domains.list", json!([])).await.error;
        assert_eq!(error.code, "bad_setting");
        assert!(!error.message.contains("word"), "{}", error.message);
    }
}
