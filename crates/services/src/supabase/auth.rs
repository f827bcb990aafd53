//! Users: the methods of `auth.admin`.

use fermata_connect::http::Response;
use fermata_model::{CallError, Json, json};
use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::chain::{Chain, Step};
use super::errors::{self, header, is_ok, reason};
use super::js::{Js, Kind, object};
use super::outcome;
use super::plan::{Plan, Reading};
use super::query::Query;
use super::site::Area;

const METHODS: [&str; 7] = [
    "listUsers",
    "getUserById",
    "createUser",
    "updateUserById",
    "deleteUser",
    "inviteUserByEmail",
    "generateLink",
];
/// The form of errors that the client asks for, and from which on they have codes of their own.
const API_VERSION: &str = "2024-01-01";
const LINK_FIELDS: [&str; 5] =
    ["action_link", "email_otp", "hashed_token", "redirect_to", "verification_type"];

/// How a response about users is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Users {
    One,
    Many,
    Link,
}

/// Reads `auth.admin.…(…)`.
pub(super) fn plan(chain: &mut Chain<'_>) -> Result<Plan, CallError> {
    chain.expect(&["auth"])?.only_read()?;
    chain.expect(&["admin"])?.only_read()?;
    let step = chain.expect(&METHODS)?.called()?;
    let one = |ask| Ok(Plan::one(ask, Reading::Auth(Users::One)));
    match step.name.as_ref() {
        "listUsers" => Ok(Plan::one(list(&step)?, Reading::Auth(Users::Many))),
        "generateLink" => Ok(Plan::one(link(&step)?, Reading::Auth(Users::Link))),
        "getUserById" => one(ask("GET", &user_path(&step)?)),
        "createUser" => one(written("POST", "/admin/users", attributes(&step, 0)?)),
        "updateUserById" => one(written("PUT", &user_path(&step)?, attributes(&step, 1)?)),
        "inviteUserByEmail" => one(invite(&step)?),
        // The server's answer to a DELETE is empty, so the client asks for the user before.
        _ => {
            let path = user_path(&step)?;
            let soft = step.arg(1).is_truthy();
            let delete = written("DELETE", &path, format!("{{\"should_soft_delete\":{soft}}}"));
            Ok(Plan {
                asks: vec![ask("GET", &path), delete],
                reading: Reading::Auth(Users::One),
                repeats: true,
            })
        }
    }
}

fn ask(method: &'static str, path: &str) -> Ask {
    let mut ask = Ask::new(Area::Auth, method, path.to_owned());
    ask.headers.set("x-supabase-api-version", API_VERSION);
    ask
}

fn written(method: &'static str, path: &str, json: String) -> Ask {
    let mut ask = ask(method, path).with_json(json);
    ask.headers.set("content-type", "application/json;charset=UTF-8");
    ask
}

fn user_path(step: &Step<'_>) -> Result<String, CallError> {
    let id = step.text(0)?;
    let groups: Vec<&str> = id.split('-').collect();
    let is_hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) || !groups.iter().all(is_hex) {
        return Err(step.bad("the user's id has to be a UUID"));
    }
    Ok(format!("/admin/users/{id}"))
}

fn attributes(step: &Step<'_>, index: usize) -> Result<String, CallError> {
    let value = step.arg(index);
    match value.kind() {
        Kind::Object => Ok(value.json()?.unwrap_or_default()),
        _ => Err(step.bad("the user's attributes have to be an object")),
    }
}

fn list(step: &Step<'_>) -> Result<Ask, CallError> {
    let options = step.options(0)?;
    let mut ask = ask("GET", "/admin/users");
    for (name, parameter) in [("page", "page"), ("perPage", "per_page")] {
        let value = options.get(name);
        let is_missing = matches!(value.kind(), Kind::Undefined | Kind::Null);
        ask.query.set(parameter, if is_missing { String::new() } else { value.text()? });
    }
    Ok(ask)
}

fn invite(step: &Step<'_>) -> Result<Ask, CallError> {
    let options = step.options(1)?;
    if step.arg(0).kind() != Kind::Text {
        return Err(step.bad("the address has to be a text"));
    }
    let body = object(vec![("email".into(), step.arg(0)), ("data".into(), options.get("data"))])?;
    let mut ask = written("POST", "/invite", body);
    redirect(&mut ask.query, options.truthy_text("redirectTo")?);
    Ok(ask)
}

fn link(step: &Step<'_>) -> Result<Ask, CallError> {
    let params = step.arg(0).entries()?.ok_or_else(|| step.bad("it takes an object"))?;
    let find =
        |name: &str| params.iter().find(|(key, _)| key == name).map_or(Js::UNDEFINED, |(_, value)| *value);
    let options = find("options").entries()?.unwrap_or_default();
    let redirect_to = options.iter().find(|(key, value)| key == "redirectTo" && value.is_truthy());
    let redirect_to = redirect_to.map(|(_, value)| value.text()).transpose()?;
    let mut body: Vec<(String, Js<'_>)> =
        params.iter().filter(|(key, _)| key != "options").cloned().collect();
    for (key, value) in options {
        match body.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => body.push((key, value)),
        }
    }
    let new_email = find("newEmail");
    if params.iter().any(|(key, _)| key == "newEmail") {
        body.retain(|(key, _)| key != "newEmail");
        body.push(("new_email".to_owned(), new_email));
    }
    let mut ask = written("POST", "/admin/generate_link", object(body)?);
    redirect(&mut ask.query, redirect_to);
    Ok(ask)
}

fn redirect(query: &mut Query, to: Option<String>) {
    if let Some(to) = to {
        query.set("redirect_to", to);
    }
}

impl Users {
    /// `{ data, error }`.
    pub(super) fn result(self, response: &Response) -> Result<Json, CallError> {
        if !is_ok(response) {
            return outcome(&json!({ "data": self.nothing(), "error": error(response) }));
        }
        let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
            let error = retryable("The response is not JSON", 0);
            return outcome(&json!({ "data": self.nothing(), "error": error }));
        };
        let data = match (self, body) {
            (Users::Many, Value::Object(users)) => paged(users, response),
            (Users::Link, Value::Object(user)) => with_properties(user),
            (Users::One, body) => {
                json!({ "user": body.get("user").filter(|user| !user.is_null()).unwrap_or(&body) })
            }
            (_, body) => body,
        };
        outcome(&json!({ "data": data, "error": null }))
    }

    /// The result where no response came.
    pub(super) fn unreached(self, message: &str) -> Json {
        json::of_value(&json!({ "data": self.nothing(), "error": retryable(message, 0) }))
    }

    fn nothing(self) -> Value {
        match self {
            Users::One => json!({ "user": null }),
            Users::Many => json!({ "users": [] }),
            Users::Link => json!({ "properties": null, "user": null }),
        }
    }
}

fn with_properties(mut user: Map<String, Value>) -> Value {
    let take = |name: &str| Some((name.to_owned(), user.remove(name)?));
    let properties: Map<String, Value> = LINK_FIELDS.into_iter().filter_map(take).collect();
    json!({ "properties": properties, "user": user })
}

/// The users with what the headers say about further pages.
fn paged(mut users: Map<String, Value>, response: &Response) -> Value {
    let links: Vec<&str> =
        header(response, "link").map(|links| links.split(',').collect()).unwrap_or_default();
    let number = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let total =
        header(response, "x-total-count").and_then(|total| total.get(..number(total))?.parse::<u64>().ok());
    users.insert("nextPage".to_owned(), Value::Null);
    users.insert("lastPage".to_owned(), 0.into());
    users.insert("total".to_owned(), if links.is_empty() { 0.into() } else { json!(total.unwrap_or(0)) });
    for link in links {
        let page = link.split("page=").nth(1).and_then(|rest| rest.get(..number(rest))?.parse::<u64>().ok());
        let relation = link.split("rel=\"").nth(1).and_then(|rest| rest.split('"').next());
        if let (Some(page), Some(relation @ ("next" | "last"))) = (page, relation) {
            users.insert(format!("{relation}Page"), page.into());
        }
    }
    Value::Object(users)
}

fn error(response: &Response) -> Value {
    let is_network = matches!(response.status, 500..=504 | 520..=530);
    let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
        if is_network {
            return retryable(&reason(response, &format!("HTTP {}", response.status)), response.status);
        }
        return errors::named("AuthUnknownError", "The response is not JSON");
    };
    let message = errors::message(&body);
    if is_network {
        return retryable(&message, response.status);
    }
    let is_new = header(response, "x-supabase-api-version").is_some_and(|version| version >= API_VERSION);
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = text("code").filter(|_| is_new).or_else(|| text("error_code")).filter(|code| !code.is_empty());
    let reasons = body.get("weak_password").and_then(|weak| weak.get("reasons")).cloned();
    let is_weak = match code.as_deref() {
        Some(code) => code == "weak_password",
        None => reasons.as_ref().and_then(Value::as_array).is_some_and(|reasons| !reasons.is_empty()),
    };
    if is_weak {
        let reasons = reasons.unwrap_or_else(|| json!([]));
        return json!({
            "name": "AuthWeakPasswordError", "message": message, "status": response.status,
            "code": "weak_password", "reasons": reasons,
        });
    }
    errors::object([
        ("name", Some("AuthApiError".into())),
        ("message", Some(message.into())),
        ("status", Some(response.status.into())),
        ("code", code.map(Value::from)),
    ])
}

fn retryable(message: &str, status: u16) -> Value {
    json!({ "name": "AuthRetryableFetchError", "message": message, "status": status })
}
