//! Values between JSON and SQLite.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Statement, types};

use super::super::answer;
use super::super::call::base64_of;

/// Puts parameters into the places of a statement. SQLite takes `$2` for a name like any other, and numbers its places
/// in the order in which they come.
///
/// # Errors
/// What is wrong, for people.
pub(super) fn bind(statement: &mut Statement<'_>, params: &[serde_json::Value]) -> Result<(), String> {
    let mut wanted = 0;
    for place in 1..=statement.parameter_count() {
        let number = number_of(statement.parameter_name(place))?;
        wanted = wanted.max(number);
        let Some(param) = number.checked_sub(1).and_then(|index| params.get(index)) else { continue };
        let value = value_of(param).map_err(|why| format!("param {number} {why}"))?;
        statement.raw_bind_parameter(place, value).map_err(|error| error.to_string())?;
    }
    if wanted == params.len() {
        return Ok(());
    }
    Err(format!("the statement has places for {wanted} params, and there are {}", params.len()))
}

fn number_of(name: Option<&str>) -> Result<usize, String> {
    let name = name.unwrap_or("?");
    let number = name.strip_prefix('$').and_then(|digits| digits.parse().ok());
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("places are called $1, $2 and so on, not {name}"))
}

fn value_of(param: &serde_json::Value) -> Result<types::Value, &'static str> {
    Ok(match param {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(yes) => Value::Integer((*yes).into()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(_)) if number.is_u64() => return Err("is larger than SQLite's largest whole number"),
            (None, Some(float)) => Value::Real(float),
            (None, None) => return Err("is no number that SQLite has"),
        },
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(_) => Value::Text(param.to_string()),
        serde_json::Value::Object(_) => match base64_of(param) {
            Some(text) => Value::Blob(BASE64.decode(text).map_err(|_| "is not base64")?),
            None => Value::Text(param.to_string()),
        },
    })
}

/// A cell as JSON.
pub(super) fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".into(),
        ValueRef::Integer(number) => answer::whole(number),
        ValueRef::Real(number) => answer::float(number),
        ValueRef::Text(text) => answer::quoted(&String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => answer::bytes(bytes),
    }
}
