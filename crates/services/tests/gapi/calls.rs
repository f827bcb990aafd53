//! Calls that go well: paths, pages, users, media, batches.

use serde_json::json;

use crate::support::{ADMIN, BEN, Setting};
use fermata_testkit::google::{APIS, BATCH, DOCUMENT, TOKEN, World};

#[tokio::test]
async fn a_mailbox_is_searched_for_the_user_who_owns_it() {
    let setting = Setting::new();
    let found = setting
        .call(
            "gmail.users.messages.list",
            json!([{"userId": "me", "q": "subject:invoice"}, {"impersonate": BEN}]),
        )
        .await;
    assert_eq!(found["messages"].as_array().unwrap().len(), 5);
    let id = &found["messages"][0]["id"];
    let params =
        json!({"userId": BEN, "id": id, "format": "metadata", "metadataHeaders": ["Subject", "From"]});
    let message = setting.call("gmail.users.messages.get", json!([params, {"impersonate": BEN}])).await;
    assert_eq!(message["payload"]["headers"][1], json!({"name": "Subject", "value": "Invoice 0"}));
    assert_eq!(message["payload"]["headers"].as_array().unwrap().len(), 2);
    assert_eq!(setting.google.users_of("gmail.users.messages.get"), [BEN]);
    assert_eq!((setting.google.count(APIS), setting.google.count(DOCUMENT)), (1, 1));
    assert_eq!(setting.google.count(TOKEN), 1, "both methods are opened by the same scope");
}

#[tokio::test]
async fn a_mailbox_is_closed_to_everybody_else() {
    let setting = Setting::new();
    let call = |user: &str, options| {
        setting.failure("gmail.users.messages.list", json!([{"userId": user}, options]))
    };
    assert_eq!(call(BEN, json!({"impersonate": ADMIN})).await.error.code, "forbidden");
    let nobody = call("me", json!(null)).await.error;
    assert_eq!((nobody.code.as_str(), nobody.retryable), ("bad_request", false));
    assert!(nobody.message.contains("failedPrecondition"), "{}", nobody.message);
    let stranger = call("me", json!({"impersonate": "nobody@one.example"})).await.error;
    assert_eq!(stranger.code, "no_token");
    assert!(stranger.message.contains("acting for nobody@one.example"), "{}", stranger.message);
}

#[tokio::test]
async fn the_paths_and_limits_of_older_tasks_work() {
    let setting = Setting::new();
    let domains = setting.call("admin.domains.list", json!([])).await;
    assert_eq!(domains["domains"][1]["domainName"], "two.example");
    let users =
        setting.call("admin.users.list", json!([{"domain": "two.example", "maxResults": 5000}])).await;
    assert_eq!(users["users"].as_array().unwrap().len(), 3);
    let everybody = setting.call("admin.users.list", json!([{}])).await;
    assert_eq!(everybody["users"].as_array().unwrap().len(), 6);
    let messages = json!([{"userId": "me", "maxResults": 5000, "__impersonate": BEN}]);
    let messages = setting.call("gmail.users.messages.list", messages).await;
    assert_eq!(messages["messages"].as_array().unwrap().len(), 30);
    assert_eq!(setting.google.users_of("directory.users.list"), [ADMIN, ADMIN]);
    let by_address = setting.call("admin.domains.list", json!([{"customer": ADMIN}])).await;
    assert_eq!(by_address, domains);
    let ben = json!([{"userKey": BEN}, {"__impersonate": ADMIN}]);
    assert_eq!(setting.call("admin.users.get", ben).await["primaryEmail"], BEN);
    let message = json!([{"userId": "me", "id": "m000001", "format": "METADATA", "__impersonate": BEN}]);
    let message = setting.call("gmail.users.messages.get", message).await;
    assert!(message["payload"]["headers"].is_array() && message["payload"]["body"].is_null(), "{message}");
}

#[tokio::test]
async fn a_service_account_acts_for_the_user_whose_mailbox_is_named() {
    let setting = Setting::new();
    let list = |params, options| setting.call("gmail.users.messages.list", json!([params, options]));
    let own = list(json!({"userId": BEN, "q": "for ben1"}), json!(null)).await;
    assert_eq!(own["messages"].as_array().unwrap().len(), 30);
    assert_eq!(setting.google.users_of("gmail.users.messages.list"), [BEN]);
}

#[tokio::test]
async fn all_pages_are_one_answer() {
    let setting = Setting::new();
    let list = |params, options| setting.call("gmail.users.messages.list", json!([params, options]));
    let all = list(json!({"userId": "me", "maxResults": 7}), json!({"impersonate": BEN, "all": true})).await;
    assert_eq!(all["messages"].as_array().unwrap().len(), 30);
    assert_eq!(all.get("nextPageToken"), None);
    assert_eq!(setting.google.count("gmail.users.messages.list"), 5);

    let cut = json!({"impersonate": BEN, "all": true, "limit": 10});
    let cut = list(json!({"userId": "me", "maxResults": 7}), cut).await;
    assert_eq!(cut["messages"].as_array().unwrap().len(), 10);
    assert_eq!(cut.get("nextPageToken"), None, "going on from there would leave messages out");

    let whole = json!({"impersonate": BEN, "all": true, "limit": 14});
    let whole = list(json!({"userId": "me", "maxResults": 7}), whole).await;
    assert_eq!(whole["nextPageToken"], "14");
    let rest = json!({"userId": "me", "maxResults": 7, "pageToken": "14"});
    let rest = list(rest, json!({"impersonate": BEN, "all": true})).await;
    assert_eq!(rest["messages"].as_array().unwrap().len(), 16);
}

#[tokio::test]
async fn so_many_pages_end_where_going_on_is_possible() {
    let setting = Setting::with(World::new(1, 2, 150));
    let list = |params| {
        setting.call("gmail.users.messages.list", json!([params, {"impersonate": BEN, "all": true}]))
    };
    let first = list(json!({"userId": "me", "maxResults": 1})).await;
    assert_eq!(first["messages"].as_array().unwrap().len(), 100);
    let token = &first["nextPageToken"];
    let second = list(json!({"userId": "me", "maxResults": 1, "pageToken": token})).await;
    assert_eq!(second["messages"].as_array().unwrap().len(), 50);
    assert_eq!(second["messages"][49]["id"], "m000149");
    assert_eq!(
        setting.lines.0.lock().unwrap().first().unwrap(),
        "gapi.gmail.users.messages.list: 10 pages, 10 items"
    );
}

#[tokio::test]
async fn calls_in_a_batch_are_answered_in_order_and_fail_alone() {
    let setting = Setting::new();
    let get = |id: &str| json!({"method": "gmail.users.messages.get", "params": {"userId": "me", "id": id, "format": "minimal"}});
    let mut calls: Vec<_> = (0..20).map(|number| get(&format!("m{number:06}"))).collect();
    calls[7] = get("none");
    calls.push(json!({"method": "gmail.users.messages.modify", "params": {
        "userId": "me", "id": "m000001", "requestBody": {"addLabelIds": ["STARRED", "ümlaut"]}}}));
    let answers = setting.call("batch", json!([calls, {"impersonate": BEN}])).await;
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 21);
    for (number, answer) in answers.iter().enumerate().take(20).filter(|(number, _)| *number != 7) {
        assert_eq!((&answer["ok"], &answer["data"]["id"]), (&json!(true), &json!(format!("m{number:06}"))));
    }
    assert_eq!((&answers[7]["status"], &answers[7]["error"]["code"]), (&json!(404), &json!("not_found")));
    assert_eq!(answers[20]["data"]["echo"]["body"]["addLabelIds"][1], "ümlaut");
    assert_eq!((setting.google.count(BATCH), setting.google.count("gmail.users.messages.get")), (1, 20));
    assert_eq!(setting.google.count(TOKEN), 1);
}

#[tokio::test]
async fn media_goes_both_ways() {
    let setting = Setting::new();
    let options = json!({"impersonate": ADMIN});
    let sent =
        json!([{"requestBody": {"name": "x"}, "media": {"mimeType": "text/plain", "body": "text"}}, options]);
    let sent = setting.call("drive.files.create", sent).await;
    assert_eq!(sent["echo"]["query"], json!([["alt", "json"], ["uploadType", "multipart"]]));
    let alone = json!([{"media": {"mimeType": "image/png", "bodyBase64": "iVBORw=="}}, options]);
    let alone = setting.call("drive.files.create", alone).await;
    assert_eq!((&alone["echo"]["bytes"], &alone["echo"]["query"][1][1]), (&json!(4), &json!("media")));

    let get = |id: &str| setting.call("drive.files.get", json!([{"fileId": id, "alt": "media"}, options]));
    assert_eq!(get("f1").await, json!({"contentType": "text/plain", "body": "what is in it"}));
    assert_eq!(get("f0").await, json!({"contentType": "image/png", "bodyBase64": "iVBOR/8="}));
    let exported = setting
        .call("drive.files.export", json!([{"fileId": "f1", "mimeType": "text/plain"}, options]))
        .await;
    assert_eq!(exported["body"], "exported text");
}

#[tokio::test]
async fn a_version_can_be_named_in_the_path_or_in_the_options() {
    let setting = Setting::new();
    let params = json!({"userKey": "all", "applicationName": "login"});
    let activities = setting.call("admin:reports_v1.activities.list", json!([params])).await;
    assert_eq!(activities["kind"], "admin#reports#activities");
    let activities = setting.call("admin.activities.list", json!([params, {"version": "reports_v1"}])).await;
    assert_eq!(activities["echo"]["method"], "reports.activities.list");
    assert_eq!((setting.google.count(APIS), setting.google.count(DOCUMENT)), (0, 1));
}

#[tokio::test]
async fn documents_can_come_from_a_server_of_their_own() {
    let (setting, other) = (Setting::new(), Setting::new());
    setting.put("GAPI_DISCOVERY_URL", &format!("{}/", other.google.url()));
    setting.call("gmail.users.getProfile", json!([{"userId": "me"}, {"impersonate": BEN}])).await;
    assert_eq!((setting.google.count(APIS), setting.google.count(DOCUMENT)), (0, 0));
    assert_eq!((other.google.count(APIS), other.google.count(DOCUMENT)), (1, 1));
    assert_eq!(other.google.count("gmail.users.getProfile"), 0);
}

#[tokio::test]
async fn what_is_sent_has_a_body_only_where_there_is_one() {
    let setting = Setting::new();
    let options = json!({"impersonate": BEN});
    let trashed =
        setting.call("gmail.users.messages.trash", json!([{"userId": "me", "id": "m000001"}, options])).await;
    assert_eq!(trashed["echo"]["bytes"], 0);
    let deleted = setting
        .call("gmail.users.messages.delete", json!([{"userId": "me", "id": "m000001"}, options]))
        .await;
    assert_eq!(deleted, json!({}));
    let long = "subject:invoice ".repeat(200);
    let found =
        setting.call("gmail.users.messages.list", json!([{"userId": "me", "q": long}, options])).await;
    assert_eq!(found["messages"].as_array().unwrap().len(), 5);
    assert_eq!(setting.google.count("gmail.users.messages.list"), 1);
}
