//! The filters of a query: which rows are meant.

use fermata_model::CallError;

use super::chain::Step;
use super::js::{Js, Kind};
use super::query::Query;

/// Adds a step's filter to the query; `false` where the step is none.
pub(super) fn apply(step: &Step<'_>, query: &mut Query) -> Result<bool, CallError> {
    let name = step.name.as_ref();
    match name {
        "match" => every_match(step, query)?,
        "or" => any_of(step, query)?,
        _ => {
            let Some(value) = value(step)? else { return Ok(false) };
            query.append(column(step)?, value);
        }
    }
    Ok(true)
}

/// What stands behind the column's name.
fn value(step: &Step<'_>) -> Result<Option<String>, CallError> {
    let name = step.name.as_ref();
    if let Some(operator) = plain(name) {
        return Ok(Some(format!("{operator}.{}", step.text(1)?)));
    }
    let value = match name {
        "likeAllOf" => format!("like(all).{}", braced(step)?),
        "likeAnyOf" => format!("like(any).{}", braced(step)?),
        "ilikeAllOf" => format!("ilike(all).{}", braced(step)?),
        "ilikeAnyOf" => format!("ilike(any).{}", braced(step)?),
        "in" => format!("in.({})", listed(step)?),
        "notIn" => format!("not.in.({})", listed(step)?),
        "contains" => format!("cs.{}", contained(step)?),
        "containedBy" => format!("cd.{}", contained(step)?),
        "overlaps" if step.arg(1).kind() == Kind::Text => format!("ov.{}", step.text(1)?),
        "overlaps" => format!("ov.{}", braced(step)?),
        "textSearch" => text_search(step)?,
        "not" => format!("not.{}.{}", step.text(1)?, step.text(2)?),
        "filter" => format!("{}.{}", step.text(1)?, step.text(2)?),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// The operators that take their value as it is.
fn plain(name: &str) -> Option<&str> {
    match name {
        "eq" | "neq" | "gt" | "gte" | "lt" | "lte" | "like" | "ilike" | "is" => Some(name),
        "isDistinct" => Some("isdistinct"),
        "regexMatch" => Some("match"),
        "regexIMatch" => Some("imatch"),
        "rangeGt" => Some("sr"),
        "rangeGte" => Some("nxl"),
        "rangeLt" => Some("sl"),
        "rangeLte" => Some("nxr"),
        "rangeAdjacent" => Some("adj"),
        _ => None,
    }
}

fn column(step: &Step<'_>) -> Result<String, CallError> {
    match step.arg(0).kind() {
        Kind::Text => step.text(0),
        _ => Err(step.bad("the column has to be a text")),
    }
}

/// A PostgreSQL array.
fn braced(step: &Step<'_>) -> Result<String, CallError> {
    match step.arg(1).kind() {
        Kind::List => Ok(format!("{{{}}}", step.arg(1).joined()?)),
        _ => Err(step.bad("it takes a list of values")),
    }
}

/// The values of a list, each once; those with characters that mean something to PostgREST in quotes.
fn listed(step: &Step<'_>) -> Result<String, CallError> {
    let values = step.arg(1).list()?.ok_or_else(|| step.bad("it takes a list of values"))?;
    let mut seen = std::collections::HashSet::new();
    let mut texts = Vec::with_capacity(values.len());
    for value in values.into_iter().filter(|value| seen.insert(value.raw())) {
        let text = value.text()?;
        let quoted = value.kind() == Kind::Text && text.contains([',', '(', ')']);
        texts.push(if quoted { format!("\"{text}\"") } else { text });
    }
    Ok(texts.join(","))
}

/// A range as text, an array, or JSON.
fn contained(step: &Step<'_>) -> Result<String, CallError> {
    let value = step.arg(1);
    match value.kind() {
        Kind::Text => value.text(),
        Kind::List => braced(step),
        _ => Ok(value.json()?.unwrap_or_else(|| "undefined".to_owned())),
    }
}

fn text_search(step: &Step<'_>) -> Result<String, CallError> {
    let options = step.options(2)?;
    let kind = match options.defined_text("type")?.as_deref() {
        None => "",
        Some("plain") => "pl",
        Some("phrase") => "ph",
        Some("websearch") => "w",
        Some(_) => return Err(step.bad("type is plain, phrase or websearch")),
    };
    let config = options.defined_text("config")?.map(|config| format!("({config})")).unwrap_or_default();
    Ok(format!("{kind}fts{config}.{}", step.text(1)?))
}

fn every_match(step: &Step<'_>, query: &mut Query) -> Result<(), CallError> {
    let entries =
        step.arg(0).entries()?.ok_or_else(|| step.bad("it takes an object of columns and values"))?;
    for (column, value) in entries.into_iter().filter(|(_, value)| !value.is_undefined()) {
        query.append(column, format!("eq.{}", Js::text(value)?));
    }
    Ok(())
}

fn any_of(step: &Step<'_>, query: &mut Query) -> Result<(), CallError> {
    if step.arg(0).kind() != Kind::Text {
        return Err(step.bad("its filters have to be one text"));
    }
    let table = referenced_table(step, 1)?.filter(|table| !table.is_empty());
    let name = table.map_or_else(|| "or".to_owned(), |table| format!("{table}.or"));
    query.append(name, format!("({})", step.text(0)?));
    Ok(())
}

/// The table that a step's options name, by the newer or the older property.
pub(super) fn referenced_table(step: &Step<'_>, index: usize) -> Result<Option<String>, CallError> {
    let options = step.options(index)?;
    match options.defined_text("referencedTable")? {
        Some(table) => Ok(Some(table)),
        None => options.defined_text("foreignTable"),
    }
}
