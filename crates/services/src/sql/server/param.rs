//! Parameters, as texts that the server reads by the type it wants.

use std::error::Error;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::BytesMut;
use serde_json::Value;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type, to_sql_checked};

use super::super::call::base64_of;

/// A parameter.
#[derive(Debug)]
pub(super) struct Param<'a>(pub(super) &'a Value);

impl ToSql for Param<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        if self.0.is_null() {
            return Ok(IsNull::Yes);
        }
        out.extend_from_slice(text_of(self.0, of)?.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

fn text_of(value: &Value, of: &Type) -> Result<String, base64::DecodeError> {
    match (value, of.kind()) {
        (_, Kind::Domain(base)) => text_of(value, base),
        _ if [Type::JSON, Type::JSONB].contains(of) => Ok(value.to_string()),
        (Value::Array(items), Kind::Array(member)) => array(items, member),
        (Value::String(text), _) if *of == Type::BYTEA => Ok(hex(text.as_bytes())),
        (Value::Object(_), _) if *of == Type::BYTEA => match base64_of(value) {
            Some(text) => BASE64.decode(text).map(|bytes| hex(&bytes)),
            None => Ok(hex(value.to_string().as_bytes())),
        },
        (Value::String(text), _) => Ok(text.clone()),
        _ => Ok(value.to_string()),
    }
}

/// An array as PostgreSQL writes it (<https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>).
fn array(items: &[Value], member: &Type) -> Result<String, base64::DecodeError> {
    let mut text = String::from("{");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match item {
            Value::Null => text.push_str("NULL"),
            Value::Array(items) if ![Type::JSON, Type::JSONB].contains(member) => {
                text.push_str(&array(items, member)?);
            }
            item => {
                let escaped = text_of(item, member)?.replace('\\', "\\\\").replace('"', "\\\"");
                text.push_str(&format!("\"{escaped}\""));
            }
        }
    }
    text.push('}');
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("\\x");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
