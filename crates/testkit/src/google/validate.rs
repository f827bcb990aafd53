//! Holds a request to the description of its method, and refuses it as Google does.

use regex::Regex;
use serde_json::Value;

use super::documents::Found;
use super::reply::{Ask, Reply};

/// What is wrong with the request's parameters or body, as an answer.
pub(super) fn check(found: &Found, ask: &Ask) -> Result<(), Reply> {
    let described = |name: &str| {
        let own = &found.method["parameters"][name];
        if own.is_object() { own } else { &found.api.document["parameters"][name] }
    };
    for (name, value) in &found.path {
        value_of(name, described(name), value)?;
    }
    for (at, (name, value)) in ask.query.iter().enumerate() {
        let parameter = described(name);
        if !parameter.is_object() || parameter["location"] != "query" {
            return Err(invalid(&format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter."
            )));
        }
        let is_again = ask.query[..at].iter().any(|(earlier, _)| earlier == name);
        if is_again && parameter["repeated"] != true {
            return Err(invalid(&format!("Invalid value for {name}: it is given twice")));
        }
        value_of(name, parameter, value)?;
    }
    required(found, ask)?;
    body(found, ask)
}

fn value_of(name: &str, parameter: &Value, value: &str) -> Result<(), Reply> {
    let refused = || Err(invalid(&format!("Invalid value for {name}: \"{value}\"")));
    let suits = match parameter["type"].as_str() {
        Some("integer") => value.parse::<i64>().is_ok(),
        Some("number") => value.parse::<f64>().is_ok(),
        Some("boolean") => matches!(value, "true" | "false"),
        _ => true,
    };
    let is_beyond = |bound: &Value, sign: i64| {
        let bound = bound.as_str().and_then(|bound| bound.parse::<i64>().ok());
        bound.zip(value.parse::<i64>().ok()).is_some_and(|(bound, value)| sign * value > sign * bound)
    };
    if !suits || is_beyond(&parameter["maximum"], 1) || is_beyond(&parameter["minimum"], -1) {
        return refused();
    }
    let allowed = parameter["enum"].as_array();
    if allowed.is_some_and(|allowed| !allowed.iter().any(|known| known == value)) {
        return refused();
    }
    let pattern =
        parameter["pattern"].as_str().and_then(|pattern| Regex::new(&format!("^(?:{pattern})")).ok());
    if pattern.is_some_and(|pattern| !pattern.is_match(value)) { refused() } else { Ok(()) }
}

fn required(found: &Found, ask: &Ask) -> Result<(), Reply> {
    let parameters = found.method["parameters"].as_object();
    for (name, parameter) in parameters.into_iter().flatten() {
        let is_given = found.path.contains_key(name) || ask.parameter(name).is_some();
        if parameter["required"] == true && !is_given {
            return Err(Reply::error(400, "required", &format!("Required parameter: {name}")));
        }
    }
    Ok(())
}

/// Of bodies the outermost names are checked.
fn body(found: &Found, ask: &Ask) -> Result<(), Reply> {
    let kind = ask.header("content-type").unwrap_or_default();
    if found.is_upload {
        let is_said = matches!(ask.parameter("uploadType"), Some("media" | "multipart"));
        let is_multipart = kind.starts_with("multipart/related");
        let suits = is_said && is_multipart == (ask.parameter("uploadType") == Some("multipart"));
        return if suits { Ok(()) } else { Err(invalid("Invalid upload request")) };
    }
    if ask.body.is_empty() {
        return Ok(());
    }
    let reference = found.method["request"]["$ref"].as_str();
    let (Some(reference), true) = (reference, kind.starts_with("application/json")) else {
        return Err(invalid("The method takes no such body"));
    };
    let body: Value =
        serde_json::from_slice(&ask.body).map_err(|_| Reply::error(400, "parseError", "Parse Error"))?;
    let schema = &found.api.document["schemas"][reference];
    let properties = schema["properties"].as_object();
    let names = body.as_object().ok_or_else(|| Reply::error(400, "parseError", "Parse Error"))?.keys();
    let mut unknown =
        names.filter(|name| properties.is_some_and(|properties| !properties.contains_key(*name)));
    match unknown.next() {
        Some(name) if !schema["additionalProperties"].is_object() => Err(invalid(&format!(
            "Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."
        ))),
        _ => Ok(()),
    }
}

fn invalid(message: &str) -> Reply {
    Reply::error(400, "invalidParameter", message)
}
