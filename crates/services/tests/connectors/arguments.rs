//! Calls that no attempt could make are refused, and the error names what is wrong.

use fermata_model::json;
use fermata_services::Registry;

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("slack", "chat.postMessage", r#"[{"text":"x"}]"#, "channel is a text"),
        ("slack", "chat.postMessage", r#"[{"channel":"C1"}]"#, "text, blocks or attachments is missing"),
        ("slack", "chat.update", r#"[{"channel":"C1","text":"x"}]"#, "ts is a text"),
        ("slack", "users.lookupByEmail", "[]", "email is a text"),
        ("slack", "notify", r#"["  "]"#, "text, blocks or attachments is missing"),
        ("slack", "notify", "[7]", "the message is a text or an object"),
        ("slack", "chat.delete", "[]", "it has chat.postMessage"),
        ("github", "issues.create", r#"[{"owner":"a","repo":"b"}]"#, "title is missing"),
        ("github", "issues.create", r#"[{"owner":"a","title":"t"}]"#, "repo is missing"),
        ("github", "repos.get", r#"[{"owner":"..","repo":"b"}]"#, "owner cannot be in a path"),
        ("github", "request", "[]", "argument 1, the route, is a text"),
        ("github", "request", r#"["FETCH /user"]"#, "the route begins with one of GET"),
        ("github", "request", r#"["GET https://example.com/"]"#, "the route's path begins with one slash"),
        ("github", "request", r#"["GET //example.com/"]"#, "the route's path begins with one slash"),
        ("github", "request", r#"["GET /repos/../user"]"#, "a part that is . or .."),
        ("github", "request", r#"["GET /repos/{owner"]"#, "a brace without its other"),
        ("stripe", "paymentIntents.create", r#"[{"currency":"eur"}]"#, "amount is missing"),
        (
            "stripe",
            "paymentIntents.create",
            r#"[{"amount":1.5,"currency":"eur"}]"#,
            "amount is a whole number",
        ),
        (
            "stripe",
            "paymentIntents.create",
            r#"[{"amount":"5","currency":"eur"}]"#,
            "amount is a whole number",
        ),
        ("stripe", "customers.update", r#"[{"name":"x"}]"#, "argument 1, the id, is a text"),
        ("stripe", "customers.upsert", r#"[{"name":"x"}]"#, "email is a text"),
        ("stripe", "customers.create", r#"[{},{"idempotencyKey":""}]"#, "idempotencyKey has 1 to 255"),
        ("notion", "pages.create", r#"[{"properties":{}}]"#, "parent is an object"),
        ("notion", "pages.retrieve", "[{}]", "page_id is an id"),
        ("notion", "databases.query", r#"[{"database_id":7}]"#, "database_id is an id"),
        ("hubspot", "crm.contacts.upsert", r#"[{"properties":{}}]"#, "email is a text"),
        ("hubspot", "crm.deals.upsert", r#"[{"idProperty":"n","properties":{}}]"#, "idValue is a text"),
        ("hubspot", "crm.contacts.upsert", r#"[{"email":"a@b","properties":[]}]"#, "properties is an object"),
        ("hubspot", "crm.deals.basicApi.create", r#"[{"dealname":"x"}]"#, "properties is an object"),
        ("hubspot", "crm.things.upsert", "[{}]", "it has crm.contacts.basicApi.create"),
        ("hubspot", "crm.contacts.basicApi.archive", r#"["7","8"]"#, "takes 1 arguments"),
    ];
    let services = Registry::new(None);
    for (service, method, args, expected) in cases {
        let args = json::parse(args.into()).unwrap();
        let error = services.get(service).unwrap().check(method, &args).unwrap_err();
        assert!(!error.retryable);
        assert!(error.message.contains(expected), "{service}.{method}: {}", error.message);
        assert!(error.message.starts_with(&format!("tools.{service}")), "{}", error.message);
    }
}
