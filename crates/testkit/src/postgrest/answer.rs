//! A request done in one transaction, and the status and headers that its outcome comes to.

use serde_json::Value;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Transaction};
use url::form_urlencoded;

use super::error::{Error, Result};
use super::form::Form;
use super::query::Window;
use super::request::{Request, Verb};
use super::schema::Schema;
use super::sql::Sql;
use super::statement::{self, ROWS_MAX, Shape, Statement};
use crate::http_peer::Reply;

/// The row of a statement.
struct Outcome {
    /// How many rows there are without a window.
    total: Option<u64>,
    /// How many are answered.
    count: u64,
    body: String,
    /// How many were inserted anew.
    inserted: Option<u64>,
    location: Vec<(String, String)>,
}

/// Does what is asked.
pub(super) async fn answer(client: &mut Client, schema: &Schema, mut request: Request) -> Result<Reply> {
    let is_read = matches!(request.verb, Verb::Read | Verb::Call { is_read: true });
    let transaction = client.build_transaction().read_only(is_read).start().await?;
    settle(&transaction, &mut request).await?;
    let statement = statement::of(schema, &request)?;
    let reply = match &request.form {
        Form::Plan { format, options, .. } => {
            let plan = explained(&transaction, &statement.sql, format, options).await?;
            Reply::new(200, &request.form.content_type(), plan)
        }
        _ => {
            let outcome = outcome(&transaction, &request, &statement).await?;
            check(&request, &outcome)?;
            reply(&request, &statement, outcome)
        }
    };
    if request.prefer.rolls_back {
        transaction.batch_execute("set constraints all immediate").await?;
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
    }
    Ok(reply)
}

/// Makes the transaction's settings those of the request.
async fn settle(transaction: &Transaction<'_>, request: &mut Request) -> Result<()> {
    if let Some(zone) = &request.prefer.timezone {
        let known = "select true from pg_timezone_names where name = $1";
        if transaction.query(known, &[zone]).await?.is_empty() {
            request.prefer.refuse_timezone();
        }
    }
    request.prefer.check()?;
    let mut sql = Sql::default();
    // Quoted in the value, which is a list of names; the second is the usual "db-extra-search-path".
    let schemas = format!("\"{}\", public", request.schema.replace('"', "\"\""));
    sql.push("select set_config('search_path', ").bind(schemas).push(", true)");
    if let Some(zone) = &request.prefer.timezone {
        sql.push(", set_config('timezone', ").bind(zone).push(", true)");
    }
    transaction.query(sql.text(), &sql.values()).await?;
    Ok(())
}

async fn outcome(transaction: &Transaction<'_>, request: &Request, statement: &Statement) -> Result<Outcome> {
    let row = transaction.query_one(statement.sql.text(), &statement.sql.values()).await?;
    let text = |column: usize| row.get::<_, Option<Text>>(column).map(|Text(text)| text);
    let number = |column: usize| text(column).and_then(|text| text.parse::<u64>().ok());
    let mut total = number(0);
    let counted = request.prefer.count.as_deref();
    if let (Some(all), Some("planned" | "estimated")) = (&statement.all, counted)
        && total.is_none_or(|total| total > ROWS_MAX)
    {
        let planned = planned(transaction, all).await?;
        total = Some(total.unwrap_or_default().max(planned));
    }
    Ok(Outcome {
        total,
        count: number(1).unwrap_or_default(),
        body: text(2).unwrap_or_default(),
        inserted: number(3),
        location: text(4).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    })
}

async fn explained(
    transaction: &Transaction<'_>,
    sql: &Sql,
    format: &str,
    options: &[&str],
) -> Result<String> {
    let options: String = options.iter().map(|option| format!(", {option}")).collect();
    let explain = format!("explain (format {format}{options}) {}", sql.text());
    let rows = transaction.query(&explain, &sql.values()).await?;
    let lines = rows.iter().map(|row| row.get::<_, Text>(0).0 + "\n");
    Ok(lines.collect())
}

/// How many rows the database expects.
async fn planned(transaction: &Transaction<'_>, sql: &Sql) -> Result<u64> {
    let plan = explained(transaction, sql, "json", &[]).await?;
    let plan: Value = serde_json::from_str(&plan).unwrap_or_default();
    Ok(plan[0]["Plan"]["Plan Rows"].as_u64().unwrap_or_default())
}

fn check(request: &Request, outcome: &Outcome) -> Result<()> {
    if matches!(request.form, Form::Object { .. }) && outcome.count != 1 {
        let error = Error::new(406, "PGRST116", "Cannot coerce the result to a single JSON object");
        return Err(error.details(format!("The result contains {} rows", outcome.count)));
    }
    if matches!(request.verb, Verb::Update | Verb::Delete | Verb::Call { .. }) {
        request.prefer.check_affected(outcome.count)?;
    }
    let Window { offset, .. } = request.query.own_window();
    match outcome.total {
        Some(total) if !is_write(request.verb) && offset > total => {
            let error = Error::new(416, "PGRST103", "Requested range not satisfiable");
            Err(error
                .details(format!("An offset of {offset} was requested, but there are only {total} rows.")))
        }
        _ => Ok(()),
    }
}

fn is_write(verb: Verb) -> bool {
    matches!(verb, Verb::Insert | Verb::Update | Verb::Delete)
}

fn reply(request: &Request, statement: &Statement, outcome: Outcome) -> Reply {
    if is_write(request.verb) {
        return written(request, outcome);
    }
    let (status, range) = ranged(request.query.own_window(), &outcome);
    let reply = match statement.shape {
        Shape::Nothing => Reply { status: 204, ..Reply::new(204, "", "") },
        _ if request.is_head => Reply::new(status, &request.form.content_type(), ""),
        _ => Reply::new(status, &request.form.content_type(), outcome.body),
    };
    applied(request, reply.with("content-range", &range))
}

/// The status and the header for a part of what there is ("Limits and Pagination").
fn ranged(Window { offset, .. }: Window, outcome: &Outcome) -> (u16, String) {
    let total = outcome.total.map_or_else(|| "*".to_owned(), |total| total.to_string());
    let range = match outcome.count {
        0 => format!("*/{total}"),
        count => format!("{offset}-{}/{total}", offset + count - 1),
    };
    let is_part = outcome.total.is_some_and(|total| outcome.count < total);
    (if is_part { 206 } else { 200 }, range)
}

fn written(request: &Request, outcome: Outcome) -> Reply {
    let is_insert = request.verb == Verb::Insert;
    // Where rows may be merged, nothing may have been created.
    let merges = request.prefer.resolution.as_deref() == Some("merge-duplicates");
    let status = match (is_insert, request.prefer.wants_rows()) {
        (true, _) if merges && outcome.inserted == Some(0) => 200,
        (true, _) => 201,
        (false, true) => 200,
        (false, false) => 204,
    };
    let total = if request.prefer.counts() { outcome.count.to_string() } else { "*".to_owned() };
    let range = match request.verb {
        Verb::Update if outcome.count > 0 => format!("0-{}/{total}", outcome.count - 1),
        _ => format!("*/{total}"),
    };
    let mut reply = match request.prefer.wants_rows() {
        true => Reply::new(status, &request.form.content_type(), outcome.body),
        false => Reply { headers: Vec::new(), ..Reply::new(status, "", "") },
    };
    if request.prefer.returned.as_deref() == Some("headers-only") && !outcome.location.is_empty() {
        let pairs = outcome.location.iter().map(|(name, value)| (name, format!("eq.{value}")));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        reply = reply.with("location", &format!("/{}?{query}", request.name));
    }
    applied(request, reply.with("content-range", &range))
}

/// Tells which preferences were heeded.
fn applied(request: &Request, reply: Reply) -> Reply {
    let prefer = &request.prefer;
    let mut heeded: Vec<String> = Vec::new();
    let mut tell = |name: &str, value: &Option<String>| {
        heeded.extend(value.as_ref().map(|value| format!("{name}={value}")));
    };
    if is_write(request.verb) {
        tell("resolution", &prefer.resolution);
        tell("return", &prefer.returned);
    }
    tell("count", &prefer.count);
    tell("timezone", &prefer.timezone);
    if heeded.is_empty() { reply } else { reply.with("preference-applied", &heeded.join(", ")) }
}

/// A value as the database writes it, of any type that it writes as text.
struct Text(String);

impl<'a> FromSql<'a> for Text {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::JSON)
    }
}
