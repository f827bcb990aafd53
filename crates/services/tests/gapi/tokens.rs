//! Credentials and tokens: asked for once, early, again after a refusal, and never shown.

use futures::future::join_all;
use serde_json::json;

use crate::support::{ADMIN, BEN, Setting};
use fermata_testkit::google::{APIS, DOCUMENT, Fault, TOKEN};

const READ: &str = "https://www.googleapis.com/auth/gmail.readonly";

fn profile() -> serde_json::Value {
    json!([{"userId": "me"}, {"impersonate": BEN}])
}

#[tokio::test]
async fn many_calls_at_once_ask_for_one_token() {
    let setting = Setting::new();
    let calls = (0..50).map(|_| setting.call("gmail.users.getProfile", profile()));
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|answer| answer["emailAddress"] == BEN));
    assert_eq!(setting.google.count("gmail.users.getProfile"), 50);
    assert_eq!([APIS, DOCUMENT, TOKEN].map(|name| setting.google.count(name)), [1, 1, 1]);
}

#[tokio::test]
async fn many_calls_at_once_share_a_refusal_too() {
    let setting = Setting::new();
    setting.google.deny_scope(READ);
    let calls = (0..20).map(|_| setting.failure("gmail.users.messages.list", profile()));
    let failures = join_all(calls).await;
    let error = &failures[0].error;
    assert!(failures.iter().all(|failure| failure.error.message == error.message));
    assert_eq!((error.code.as_str(), error.retryable), ("no_token", false));
    assert!(
        error.message.contains("unauthorized_client") && error.message.contains(READ),
        "{}",
        error.message
    );
    assert!(setting.google.count(TOKEN) < 20, "{}", setting.google.count(TOKEN));
}

#[tokio::test]
async fn each_user_and_each_set_of_scopes_has_a_token_of_its_own() {
    let setting = Setting::new();
    for user in [ADMIN, BEN, ADMIN] {
        let got =
            setting.call("gmail.users.getProfile", json!([{"userId": "me"}, {"impersonate": user}])).await;
        assert_eq!(got["emailAddress"], user);
    }
    assert_eq!(setting.google.count(TOKEN), 2);
    let scopes = json!({"impersonate": BEN, "scopes": ["https://mail.google.com/"]});
    setting.call("gmail.users.getProfile", json!([{"userId": "me"}, scopes])).await;
    assert_eq!(setting.google.count(TOKEN), 3);
    let other = json!({"impersonate": BEN, "scopes": ["https://www.googleapis.com/auth/drive"]});
    let refused = setting.failure("gmail.users.getProfile", json!([{"userId": "me"}, other])).await.error;
    assert!(refused.message.contains("insufficientPermissions"), "{}", refused.message);
}

#[tokio::test]
async fn a_token_is_asked_for_again_five_minutes_before_its_end() {
    for (life, asked) in [(3600, 1), (300, 2)] {
        let setting = Setting::new();
        setting.google.set_token_life(life);
        setting.call("gmail.users.getProfile", profile()).await;
        setting.call("gmail.users.getProfile", profile()).await;
        assert_eq!(setting.google.count(TOKEN), asked, "{life}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let setting = Setting::new();
    setting.call("gmail.users.getProfile", profile()).await;
    setting.google.revoke_tokens();
    setting.call("gmail.users.getProfile", profile()).await;
    assert_eq!((setting.google.count(TOKEN), setting.google.count("gmail.users.getProfile")), (2, 3));

    setting.google.fail_next(2, Fault::Unauthorized);
    let error = setting.failure("gmail.users.getProfile", profile()).await.error;
    assert_eq!((error.code.as_str(), error.retryable), ("unauthorized", false));
    assert_eq!((setting.google.count(TOKEN), setting.google.count("gmail.users.getProfile")), (3, 5));
}

#[tokio::test]
async fn what_goes_wrong_at_the_token_server_may_pass() {
    let setting = Setting::new();
    let send = json!([{"userId": "me", "requestBody": {"raw": "eA=="}}, {"impersonate": BEN}]);
    for fault in [Fault::Unavailable, Fault::Internal, Fault::TooMany(Some(1)), Fault::Garbage, Fault::Half] {
        setting.google.fail_next_tokens(1, fault);
        let error = setting.failure("gmail.users.messages.send", send.clone()).await.error;
        assert!(error.retryable, "nothing was sent: {}", error.message);
    }
    setting.call("gmail.users.messages.send", send).await;
    assert_eq!(setting.google.count("gmail.users.messages.send"), 1);
}

#[tokio::test]
async fn a_refresh_token_and_an_api_key_will_do_where_there_is_no_account() {
    let setting = Setting::new();
    setting.remove("GAPI_KEY");
    setting.put("GAPI_OAUTH", &setting.google.oauth());
    let got = setting.call("gmail.users.getProfile", json!([{"userId": "me"}])).await;
    assert_eq!(got["emailAddress"], ADMIN);
    setting.call("admin.domains.list", json!([])).await;
    let error = setting.failure("gmail.users.getProfile", profile()).await.error;
    assert_eq!(error.code, "no_credentials");

    setting.put("GAPI_API_KEY", "public");
    let search = json!([{"part": "id", "q": "rust"}, {"auth": "apiKey"}]);
    assert_eq!(setting.call("youtube.search.list", search).await["kind"], "youtube#searchListResponse");
    let nothing = json!([{"part": "id"}, {"auth": "none"}]);
    assert_eq!(setting.failure("youtube.search.list", nothing).await.error.code, "unauthorized");
    for name in ["GAPI_OAUTH", "GAPI_API_KEY"] {
        setting.remove(name);
    }
    assert_eq!(setting.failure("admin.domains.list", json!([])).await.error.code, "no_credentials");
}

#[tokio::test]
async fn methods_without_scopes_need_a_key_at_most() {
    let setting = Setting::new();
    let search = json!([{"query": "rust"}]);
    assert_eq!(setting.failure("kgsearch.entities.search", search.clone()).await.error.code, "unauthorized");
    setting.put("GAPI_API_KEY", "public");
    assert_eq!(setting.call("kgsearch.entities.search", search).await["echo"]["query"][0][1], "rust");
    assert_eq!(setting.google.count(TOKEN), 0);
}

#[tokio::test]
async fn a_token_that_a_server_sends_back_is_covered() {
    let setting = Setting::new();
    let sent = json!([{"userId": "me", "requestBody": {"raw": "eA=="}}, {"impersonate": BEN}]);
    let echo = setting.call("gmail.users.messages.send", sent).await.to_string();
    assert!(echo.contains("Bearer [redacted]") && !echo.contains("ya29"), "{echo}");
}

#[tokio::test]
async fn credentials_lead_to_google_or_its_stand_in_and_are_never_told() {
    let setting = Setting::new();
    let key = setting.google.key().replace(&setting.google.url(), "http://127.0.0.1:9");
    setting.put("GAPI_KEY", &key);
    let error = setting.failure("admin.domains.list", json!([])).await.error;
    assert_eq!(error.code, "bad_credentials");
    for broken in [
        "{\"client_email\": \"hush\", \"private_key\": 5}",
        "hush",
        "{\"client_email\": \"a\", \"private_key\": \"hush\"}",
    ] {
        setting.put("GAPI_KEY", broken);
        let error = setting.failure("admin.domains.list", json!([])).await.error;
        assert_eq!(error.code, "bad_credentials");
        assert!(!error.message.contains("hush"), "{}", error.message);
    }
    assert_eq!(setting.google.count(TOKEN), 0);
}

#[tokio::test]
async fn credentials_can_be_looked_at_and_tokens_forgotten() {
    let setting = Setting::new();
    let options = json!([{"impersonate": BEN, "scopes": [READ]}]);
    let checked = setting.call("checkCredentials", options.clone()).await;
    assert_eq!(
        (&checked["ok"], &checked["kind"], &checked["subject"]),
        (&json!(true), &json!("serviceAccount"), &json!(BEN))
    );
    let info = setting.call("getTokenInfo", options.clone()).await;
    assert_eq!((&info["cached"], &info["scopes"]), (&json!(true), &json!([READ])));
    assert!(info["expiresInSeconds"].as_u64().unwrap() > 3000);
    assert!(!info.to_string().contains("ya29"));
    assert_eq!(setting.call("clearTokenCache", json!([])).await, json!({"cleared": 1}));
    assert_eq!(setting.call("getTokenInfo", options.clone()).await["cached"], false);

    setting.google.deny_scope(READ);
    setting.call("clearTokenCache", json!([])).await;
    let refused = setting.call("checkCredentials", options).await;
    assert_eq!((&refused["ok"], &refused["error"]["code"]), (&json!(false), &json!("no_token")));
    assert_eq!(setting.call("echo", json!([{"a": 1}])).await, json!({"a": 1}));
    assert_eq!(setting.call("health", json!([])).await["ok"], true);
}
