//! Cells of rows as JSON, from PostgreSQL's binary formats.

use std::error::Error;

use jiff::civil::{self, DateTime};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::types::{FromSql, Kind, Type};
use uuid::Uuid;

use super::super::answer;
use super::numeric;

/// From 1970 to 2000, when PostgreSQL's time begins.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

type Fault = Box<dyn Error + Sync + Send>;

/// A cell as JSON.
pub(super) struct Cell(pub(super) String);

/// Whether cells of a type can be read.
pub(super) fn is_known(of: &Type) -> bool {
    match of.kind() {
        Kind::Array(member) => is_known(member),
        Kind::Domain(base) => is_known(base),
        Kind::Enum(_) => true,
        Kind::Simple => reader(of).is_some(),
        _ => *of == Type::VOID,
    }
}

impl<'a> FromSql<'a> for Cell {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        match of.kind() {
            Kind::Array(_) => {
                let cells = Vec::<Option<Cell>>::from_sql(of, raw)?;
                let text = |cell: Option<Cell>| cell.map_or_else(|| "null".to_owned(), |Cell(text)| text);
                let texts: Vec<String> = cells.into_iter().map(text).collect();
                Ok(Self(format!("[{}]", texts.join(","))))
            }
            Kind::Domain(base) => Self::from_sql(base, raw),
            Kind::Enum(_) => text(of, raw).map(Self),
            _ if *of == Type::VOID => Ok(Self("null".into())),
            _ => reader(of).ok_or("this type is not read")?(of, raw).map(Self),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self("null".into()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

type Reader = fn(&Type, &[u8]) -> Result<String, Fault>;

fn reader(of: &Type) -> Option<Reader> {
    Some(match *of {
        Type::BOOL => |of, raw| Ok(bool::from_sql(of, raw)?.to_string()),
        Type::INT2 => |of, raw| Ok(i16::from_sql(of, raw)?.to_string()),
        Type::INT4 => |of, raw| Ok(i32::from_sql(of, raw)?.to_string()),
        Type::OID => |of, raw| Ok(u32::from_sql(of, raw)?.to_string()),
        Type::INT8 => |of, raw| Ok(answer::whole(i64::from_sql(of, raw)?)),
        Type::FLOAT4 => |of, raw| Ok(float4(f32::from_sql(of, raw)?)),
        Type::FLOAT8 => |of, raw| Ok(answer::float(f64::from_sql(of, raw)?)),
        Type::NUMERIC => |_, raw| Ok(answer::quoted(&numeric::text(raw)?)),
        Type::CHAR => {
            |of, raw| Ok(answer::quoted(&char::from(i8::from_sql(of, raw)?.cast_unsigned()).to_string()))
        }
        Type::UUID => |_, raw| Ok(answer::quoted(&Uuid::from_slice(raw)?.to_string())),
        Type::BYTEA => |_, raw| Ok(answer::bytes(raw)),
        Type::JSON => |_, raw| Ok(std::str::from_utf8(raw)?.to_owned()),
        Type::JSONB => jsonb,
        Type::DATE => date,
        Type::TIME => time,
        Type::TIMESTAMP => timestamp,
        Type::TIMESTAMPTZ => instant,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::XML => text,
        _ if of.name() == "citext" => text,
        _ => return None,
    })
}

fn text(_: &Type, raw: &[u8]) -> Result<String, Fault> {
    Ok(answer::quoted(std::str::from_utf8(raw)?))
}

/// The shortest digits that are this number, not those of its neighbour with double precision.
fn float4(number: f32) -> String {
    if number.is_finite() { number.to_string() } else { answer::float(number.into()) }
}

fn jsonb(_: &Type, raw: &[u8]) -> Result<String, Fault> {
    match raw.split_first() {
        Some((1, json)) => Ok(std::str::from_utf8(json)?.to_owned()),
        _ => Err("jsonb of an unknown version".into()),
    }
}

/// The two ends of time, which the number types of dates and times reserve.
fn endless(is_last: bool, is_first: bool) -> Option<String> {
    match (is_last, is_first) {
        (true, _) => Some("\"infinity\"".into()),
        (_, true) => Some("\"-infinity\"".into()),
        _ => None,
    }
}

fn date(_: &Type, raw: &[u8]) -> Result<String, Fault> {
    let days = i32::from_sql(&Type::INT4, raw)?;
    if let Some(end) = endless(days == i32::MAX, days == i32::MIN) {
        return Ok(end);
    }
    let day = civil::date(2000, 1, 1).checked_add(SignedDuration::from_hours(i64::from(days) * 24))?;
    Ok(answer::quoted(&day.to_string()))
}

fn time(_: &Type, raw: &[u8]) -> Result<String, Fault> {
    let micros = i64::from_sql(&Type::INT8, raw)?;
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest > 0 {
        text.push_str(format!(".{rest:06}").trim_end_matches('0'));
    }
    Ok(answer::quoted(&text))
}

fn timestamp(_: &Type, raw: &[u8]) -> Result<String, Fault> {
    let micros = i64::from_sql(&Type::INT8, raw)?;
    if let Some(end) = endless(micros == i64::MAX, micros == i64::MIN) {
        return Ok(end);
    }
    let begin: DateTime = civil::date(2000, 1, 1).into();
    Ok(answer::quoted(&begin.checked_add(SignedDuration::from_micros(micros))?.to_string()))
}

fn instant(_: &Type, raw: &[u8]) -> Result<String, Fault> {
    let micros = i64::from_sql(&Type::INT8, raw)?;
    if let Some(end) = endless(micros == i64::MAX, micros == i64::MIN) {
        return Ok(end);
    }
    let micros = micros.checked_add(EPOCH_MICROS).ok_or("a time that is too late")?;
    Ok(answer::quoted(&Timestamp::from_microsecond(micros)?.to_string()))
}
