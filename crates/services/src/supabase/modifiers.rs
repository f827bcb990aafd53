//! The steps of a query that are no filters: order, extent, and the form of the answer.

use fermata_model::CallError;

use super::chain::Step;
use super::filters::referenced_table;
use super::headers::Headers;
use super::js::Kind;
use super::rest::{Draft, columns};

const OBJECT: &str = "application/vnd.pgrst.object+json";
const CSV: &str = "text/csv";

/// Does what the step says; `false` where it is none of these.
pub(super) fn apply(step: &Step<'_>, draft: &mut Draft) -> Result<bool, CallError> {
    let (query, headers) = (&mut draft.ask.query, &mut draft.ask.headers);
    match step.name.as_ref() {
        "select" => {
            query.set("select", columns(step)?);
            headers.append("prefer", "return=representation");
        }
        "order" => order(step, draft)?,
        "limit" => query.set(&key(referenced_table(step, 1)?, "limit"), number(step, 0)?),
        "range" => range(step, draft)?,
        "single" => headers.set("accept", OBJECT),
        "maybeSingle" => draft.maybe_single = true,
        "csv" => headers.set("accept", CSV),
        "geojson" => headers.set("accept", "application/geo+json"),
        "explain" => explain(step, headers)?,
        "rollback" => headers.append("prefer", "tx=rollback"),
        "maxAffected" => {
            headers.append("prefer", "handling=strict");
            headers.append("prefer", &format!("max-affected={}", number(step, 0)?));
        }
        "stripNulls" if headers.get("accept") == Some(CSV) => {
            return Err(step.bad("it cannot be used with csv"));
        }
        "stripNulls" => draft.strips_nulls = true,
        "setHeader" => headers.set_checked("setHeader", &step.text(0)?, &step.text(1)?)?,
        "retry" => draft.repeats = step.arg(0).is_truthy(),
        "throwOnError" => draft.throws = true,
        // Types, which mean nothing here, and a signal, which cannot leave the task.
        "returns" | "overrideTypes" | "abortSignal" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// What `stripNulls` makes of the form that was asked for in the end.
pub(super) fn strip_nulls(headers: &mut Headers) {
    match headers.get("accept") {
        Some(OBJECT) => headers.set("accept", format!("{OBJECT};nulls=stripped")),
        None | Some("" | "application/json") => {
            headers.set("accept", "application/vnd.pgrst.array+json;nulls=stripped")
        }
        Some(_) => {}
    }
}

fn order(step: &Step<'_>, draft: &mut Draft) -> Result<(), CallError> {
    if step.arg(0).kind() != Kind::Text {
        return Err(step.bad("the column has to be a text"));
    }
    let options = step.options(1)?;
    let key = key(referenced_table(step, 1)?.filter(|table| !table.is_empty()), "order");
    let direction = if options.flag("ascending", true) { "asc" } else { "desc" };
    let nulls = match options.get("nullsFirst") {
        first if first.is_undefined() => "",
        first if first.is_truthy() => ".nullsfirst",
        _ => ".nullslast",
    };
    let before = draft.ask.query.get(&key).filter(|order| !order.is_empty()).map(|order| format!("{order},"));
    let order = format!("{}{}.{direction}{nulls}", before.unwrap_or_default(), step.text(0)?);
    draft.ask.query.set(&key, order);
    Ok(())
}

fn range(step: &Step<'_>, draft: &mut Draft) -> Result<(), CallError> {
    let table = referenced_table(step, 2)?;
    let (from, to) = (number(step, 0)?, number(step, 1)?);
    let whole = |text: &str| text.parse::<i64>().map_err(|_| step.bad("its ends have to be whole numbers"));
    // The end is included.
    let rows = whole(&to)?.saturating_sub(whole(&from)?).saturating_add(1);
    draft.ask.query.set(&key(table.clone(), "offset"), from);
    draft.ask.query.set(&key(table, "limit"), rows.to_string());
    Ok(())
}

fn explain(step: &Step<'_>, headers: &mut Headers) -> Result<(), CallError> {
    let options = step.options(0)?;
    let chosen = ["analyze", "verbose", "settings", "buffers", "wal"].into_iter();
    let chosen: Vec<&str> = chosen.filter(|name| options.flag(name, false)).collect();
    let format = match options.defined_text("format")?.as_deref() {
        None | Some("text") => "text",
        Some("json") => "json",
        Some(_) => return Err(step.bad("format is text or json")),
    };
    let plain = headers.get("accept").unwrap_or("application/json");
    let accept =
        format!("application/vnd.pgrst.plan+{format}; for=\"{plain}\"; options={};", chosen.join("|"));
    headers.set("accept", accept);
    Ok(())
}

/// The name of a parameter, of a table that is joined in or of the query's own.
fn key(table: Option<String>, name: &str) -> String {
    table.map_or_else(|| name.to_owned(), |table| format!("{table}.{name}"))
}

fn number(step: &Step<'_>, index: usize) -> Result<String, CallError> {
    match step.arg(index).number() {
        Some(number) if number.is_finite() => step.text(index),
        _ => Err(step.bad("it takes numbers")),
    }
}
