//! Calls that no attempt could make are refused, and the error names what is wrong.

use std::time::Duration;

use fermata_connect::retry::Jitter;
use fermata_model::json;
use fermata_services::openai::OpenAi;
use fermata_services::{Policy, Service};

fn check(method: &str, args: &str) -> Result<Policy, String> {
    OpenAi.check(method, &json::parse(args.into()).unwrap()).map_err(|error| {
        assert!(!error.retryable);
        assert!(["bad_arguments", "unknown_method"].contains(&error.code.as_str()));
        error.message
    })
}

#[test]
fn what_is_wrong_is_named() {
    let chat = "chat.completions.create";
    let cases = [
        (chat, "[]", "the request, is an object"),
        (chat, r#"["hello"]"#, "the request, is an object"),
        (chat, r#"[{"messages":[]}]"#, "model is missing"),
        (chat, r#"[{"model":"m"}]"#, "messages is missing"),
        (chat, r#"[{"model":null,"messages":[]}]"#, "model is missing"),
        (chat, r#"[{"model":" ","messages":[]}]"#, "model is a text that is not empty"),
        (chat, r#"[{"model":7,"messages":[]}]"#, "model is a text that is not empty"),
        (chat, r#"[{"model":"m","messages":[],"stream":"yes"}]"#, "stream is true or false"),
        (chat, r#"[{"model":"m","messages":[]},{"timeout":0}]"#, "timeout is 1 to 3600000 milliseconds"),
        (chat, r#"[{"model":"m","messages":[]},{"maxRetries":11}]"#, "maxRetries is 0 to 10"),
        (chat, r#"[{"model":"m","messages":[]},{"retries":1}]"#, "unknown field `retries`"),
        (
            chat,
            r#"[{"model":"m","messages":[]},{"headers":{"Authorization":"x"}}]"#,
            "headers may not set Authorization",
        ),
        (chat, r#"[{"model":"m","messages":[]},{},{}]"#, "takes 2 arguments"),
        ("responses.create", r#"[{"input":"x"}]"#, "model or prompt is missing"),
        ("responses.retrieve", "[]", "argument 1, the id, is a text"),
        ("responses.retrieve", "[7]", "argument 1, the id, is a text"),
        ("models.retrieve", r#"[".."]"#, "the id cannot be one"),
        (
            "images.generate",
            r#"[{"prompt":"x","stream":true}]"#,
            "stream: this method's answer is not streamed",
        ),
        ("responses.retrieve", r#"["r",{"stream":true}]"#, "stream belongs into the request"),
        ("chat.create", "[]", "tools.openai has no method chat.create"),
    ];
    for (method, args, expected) in cases {
        let message = check(method, args).unwrap_err();
        assert!(message.contains(expected), "{method} {args}: {message}");
        assert!(message.starts_with("tools.openai"), "{message}");
    }
}

#[test]
fn a_call_is_tried_as_the_official_client_tries_unless_it_says() {
    let policy = check("models.list", "[]").unwrap();
    assert_eq!((policy.timeout, policy.retry.attempts_max), (Duration::from_secs(600), 3));
    assert_eq!(policy.retry.jitter, Jitter::Equal);
    let policy = check("models.list", r#"[{"timeout":1500,"maxRetries":0}]"#).unwrap();
    assert_eq!((policy.timeout, policy.retry.attempts_max), (Duration::from_millis(1500), 1));
}
