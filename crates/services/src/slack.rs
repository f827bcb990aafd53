//! `tools.slack`: the Web API's methods (api.slack.com/methods), and messages to an incoming webhook.

use fermata_connect::http;
use fermata_model::{CallError, Json, json};
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use crate::args::Args;
use crate::call::{Answer, Attempt, Attempted, Policy, Request, Service, unknown_method};
use crate::encode::{self, Style};
use crate::fields::Fields;
use crate::rest::{self, Api, Asked, Replied};
use crate::way::Way;

static API: Api = Api {
    name: "slack",
    base_url: ("SLACK_API_URL", "https://slack.com/api"),
    headers: &[("accept", "application/json"), ("authorization", "Bearer {{secret:SLACK_BOT_TOKEN}}")],
};

/// The methods, the arguments each needs, and whether a second time does no more.
const METHODS: [(&str, &[&str], bool); 4] = [
    ("chat.postMessage", &["channel"], false),
    ("chat.update", &["channel", "ts"], true),
    ("conversations.list", &[], true),
    ("users.lookupByEmail", &["email"], true),
];
/// What a message may be made of; one of them has to be there.
const CONTENTS: [&str; 3] = ["text", "blocks", "attachments"];
/// Where incoming webhooks are; the rest of their URL is the secret.
const WEBHOOK: &str = "SLACK_WEBHOOK_URL";
/// Errors that Slack answers with although the next attempt may do.
const PASSING: [&str; 5] =
    ["ratelimited", "internal_error", "service_unavailable", "fatal_error", "request_timeout"];

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slack;

impl Service for Slack {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        match method {
            "notify" => message(args).map(drop)?,
            _ => ask(method, args).map(drop)?,
        }
        Ok(rest::policy())
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        match request.method.as_str() {
            "notify" => Box::pin(notify(request, way)),
            method => rest::attempt(&API, ask(method, &request.args), way, read),
        }
    }
}

fn ask(method: &str, args: &Json) -> Result<Asked, CallError> {
    let Some((_, needs, repeats)) = METHODS.iter().find(|(name, ..)| *name == method) else {
        let names = METHODS.map(|(name, ..)| name);
        return Err(unknown_method("slack", method, &[&names[..], &["notify"]].concat()));
    };
    let mut args = Args::of("slack", method, args)?;
    let request: Fields = args.optional_object("the request")?.unwrap_or_default();
    for name in *needs {
        if request.read::<String>(name).is_none_or(|text| text.trim().is_empty()) {
            return Err(args.bad(format!("{name} is a text that is not empty")));
        }
    }
    if method == "chat.postMessage" && !CONTENTS.iter().any(|name| request.get(name).is_some()) {
        return Err(args.bad("text, blocks or attachments is missing"));
    }
    args.end()?;
    let mut asked = Asked::new("POST", format!("/{method}")).form(form(&request));
    asked.repeats = *repeats;
    Ok(asked)
}

/// Slack takes forms; what is neither text, number nor truth goes in as JSON.
fn form(request: &Fields) -> String {
    let given = request.members().filter(|(_, value)| value.get() != "null");
    let pairs: Vec<(String, String)> =
        given.map(|(name, value)| (name.to_owned(), encode::plain(value))).collect();
    encode::joined(&pairs, Style::Component)
}

/// Slack says 200 to everything, and `ok` in the body.
fn read(replied: Replied) -> Result<Answer, CallError> {
    let told: Value = serde_json::from_str(replied.body.get()).unwrap_or_default();
    if told["ok"] != false {
        return Ok(replied.body.into());
    }
    let code = told["error"].as_str().unwrap_or("slack_error");
    let made = if PASSING.contains(&code) { CallError::passing } else { CallError::fatal };
    let error = made(code, format!("slack answered: {code}"));
    Err(error.with_details(replied.body))
}

/// The message of a webhook: a text, or what the webhook takes.
fn message(args: &Json) -> Result<Fields, CallError> {
    let mut args = Args::of("slack", "notify", args)?;
    let given: Option<Box<RawValue>> = args.optional("the message")?;
    let given = given.ok_or_else(|| args.bad("the message is missing"))?;
    let message = match serde_json::from_str::<String>(given.get()) {
        Ok(text) => {
            let mut message = Fields::default();
            message.set_text("text", &text);
            message
        }
        Err(_) => {
            serde_json::from_str(given.get()).map_err(|_| args.bad("the message is a text or an object"))?
        }
    };
    let is_blank = message.read::<String>("text").is_some_and(|text| text.trim().is_empty());
    if is_blank || !CONTENTS.iter().any(|name| message.get(name).is_some()) {
        return Err(args.bad("text, blocks or attachments is missing"));
    }
    args.end()?;
    Ok(message)
}

/// The whole URL of a webhook is its secret, so the host has to look at it to know where to send to.
async fn notify(request: Request, way: &Way<'_>) -> Attempted {
    let text = message(&request.args)?.to_text();
    let missing = || CallError::fatal("secret_missing", format!("The keystore has no secret {WEBHOOK}"));
    let url = way.vault.secret(WEBHOOK)?.ok_or_else(missing)?;
    let bad = || CallError::fatal("bad_setting", format!("The secret {WEBHOOK} is no http or https URL"));
    let parsed = Url::parse(&url).ok().filter(Url::has_host).ok_or_else(bad)?;
    let mut request = http::Request::new("POST", parsed.as_str());
    request.headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    request.body = Some(http::Body::Text(text));
    request.redirect = http::Redirect::Error;
    let response = way.send(request).await.map_err(rest::unrepeatable)?;
    if response.status != 200 {
        return Err(API.failure(&response, false));
    }
    Ok(json::of_value(&serde_json::json!({ "ok": true })).into())
}
