//! Requests for tables and database functions, which PostgREST answers.

use std::collections::HashSet;

use fermata_connect::http::Body;
use fermata_model::CallError;

use super::ask::{self, Ask};
use super::chain::{Chain, Options, Step};
use super::js::{Js, Kind};
use super::plan::{Plan, Reading};
use super::rows::Rows;
use super::site::Area;
use super::{filters, modifiers};

/// What a table is asked for first.
const VERBS: [&str; 5] = ["select", "insert", "upsert", "update", "delete"];
/// How rows can be counted.
const COUNTS: [&str; 3] = ["exact", "planned", "estimated"];

/// A request on its way through the chain.
pub(super) struct Draft {
    pub(super) ask: Ask,
    pub(super) maybe_single: bool,
    pub(super) strips_nulls: bool,
    pub(super) throws: bool,
    pub(super) repeats: bool,
}

/// Reads `from(…)`, `rpc(…)`, each also behind `schema(…)`, and all that follows.
pub(super) fn plan(chain: &mut Chain<'_>) -> Result<Plan, CallError> {
    let first = chain.expect(&["from", "rpc", "schema"])?.called()?;
    let (schema, first) = match first.name.as_ref() {
        "schema" => (Some(schema(&first)?), chain.expect(&["from", "rpc"])?.called()?),
        _ => (None, first),
    };
    let ask = match first.name.as_ref() {
        "from" => table(&ask::segment(&first, 0, "the name of the table")?, chain)?,
        _ => function(&first)?,
    };
    let mut draft = Draft { ask, maybe_single: false, strips_nulls: false, throws: false, repeats: true };
    draft.ask.schema = schema;
    while let Some(step) = chain.peek().cloned() {
        if !filters::apply(&step, &mut draft.ask.query)? && !modifiers::apply(&step, &mut draft)? {
            return Err(chain.unexpected(&[]));
        }
        step.called()?;
        chain.step();
    }
    Ok(draft.finished())
}

impl Draft {
    fn finished(mut self) -> Plan {
        if self.strips_nulls {
            modifiers::strip_nulls(&mut self.ask.headers);
        }
        let headers = &self.ask.headers;
        let rows = Rows {
            is_head: self.ask.method == "HEAD",
            accept: headers.get("accept").map(str::to_owned),
            counts: headers.get("prefer").is_some_and(asks_for_count),
            maybe_single: self.maybe_single,
            throws: self.throws,
        };
        Plan { asks: vec![self.ask], reading: Reading::Rows(rows), repeats: self.repeats }
    }
}

fn asks_for_count(prefer: &str) -> bool {
    COUNTS.iter().any(|count| prefer.contains(&format!("count={count}")))
}

fn schema(step: &Step<'_>) -> Result<String, CallError> {
    let name = step.text(0)?;
    if step.arg(0).kind() != Kind::Text
        || name.is_empty()
        || !name.chars().all(|symbol| matches!(symbol, ' '..='~'))
    {
        return Err(step.bad("the name of the schema has to be a text of plain characters"));
    }
    Ok(name)
}

fn table(name: &str, chain: &mut Chain<'_>) -> Result<Ask, CallError> {
    let step = chain.expect(&VERBS)?.called()?;
    let path = format!("/{name}");
    match step.name.as_ref() {
        "select" => select(&step, path),
        "insert" => insert(&step, path),
        "upsert" => upsert(&step, path),
        "update" => update(&step, path),
        _ => {
            let mut ask = written("DELETE", path);
            prefer_count(&step, &mut ask, &step.options(0)?)?;
            Ok(ask)
        }
    }
}

fn select(step: &Step<'_>, path: String) -> Result<Ask, CallError> {
    let options = step.options(1)?;
    let mut ask = Ask::new(Area::Rest, if options.flag("head", false) { "HEAD" } else { "GET" }, path);
    ask.query.set("select", columns(step)?);
    prefer_count(step, &mut ask, &options)?;
    Ok(ask)
}

fn insert(step: &Step<'_>, path: String) -> Result<Ask, CallError> {
    let mut ask = written("POST", path);
    rows(step, &mut ask, &step.options(1)?)?;
    Ok(ask)
}

fn upsert(step: &Step<'_>, path: String) -> Result<Ask, CallError> {
    let options = step.options(1)?;
    let mut ask = written("POST", path);
    let resolution = if options.flag("ignoreDuplicates", false) { "ignore" } else { "merge" };
    ask.headers.append("prefer", &format!("resolution={resolution}-duplicates"));
    if let Some(columns) = options.defined_text("onConflict")? {
        ask.query.set("on_conflict", columns);
    }
    rows(step, &mut ask, &options)?;
    Ok(ask)
}

fn update(step: &Step<'_>, path: String) -> Result<Ask, CallError> {
    if step.arg(0).kind() != Kind::Object {
        return Err(step.bad("its values have to be an object"));
    }
    let mut ask = written("PATCH", path);
    prefer_count(step, &mut ask, &step.options(1)?)?;
    Ok(with_body(ask, step.arg(0).json()?))
}

fn rows(step: &Step<'_>, ask: &mut Ask, options: &Options<'_>) -> Result<(), CallError> {
    let values = step.arg(0);
    prefer_count(step, ask, options)?;
    if !options.flag("defaultToNull", true) {
        ask.headers.append("prefer", "missing=default");
    }
    match (values.kind(), values.list()?) {
        (Kind::Object, _) => {}
        (_, Some(rows)) => {
            let columns = all_columns(step, &rows)?;
            if !columns.is_empty() {
                ask.query.set("columns", columns.join(","));
            }
        }
        _ => return Err(step.bad("its values have to be an object or a list of objects")),
    }
    ask.body = values.json()?.map(Body::Text);
    Ok(())
}

/// The columns that any of the rows names, quoted, in the order in which they come up.
fn all_columns(step: &Step<'_>, rows: &[Js<'_>]) -> Result<Vec<String>, CallError> {
    let (mut seen, mut columns) = (HashSet::new(), Vec::new());
    for (number, row) in rows.iter().enumerate() {
        let Some(entries) = row.entries()? else {
            return Err(step.bad(&format!("row {number} of its values is not an object")));
        };
        for (column, _) in entries {
            if seen.insert(column.clone()) {
                columns.push(format!("\"{column}\""));
            }
        }
    }
    Ok(columns)
}

fn function(step: &Step<'_>) -> Result<Ask, CallError> {
    let path = format!("/rpc/{}", ask::segment(step, 0, "the name of the function")?);
    let (values, options) = (step.arg(1), step.options(2)?);
    let entries = match values.kind() {
        Kind::Undefined => Vec::new(),
        _ => values.entries()?.ok_or_else(|| step.bad("its arguments have to be an object"))?,
    };
    let (head, get) = (options.flag("head", false), options.flag("get", false));
    let by_body = head
        && entries
            .iter()
            .map(|(_, value)| holds_object(*value))
            .collect::<Result<Vec<_>, _>>()?
            .contains(&true);
    let count = counted(step, &options)?;
    let mut ask = match (by_body, head, get) {
        (false, true, _) => Ask::new(Area::Rest, "HEAD", path),
        (false, false, true) => Ask::new(Area::Rest, "GET", path),
        _ => with_body(written("POST", path), values.json()?.or_else(|| Some("{}".to_owned()))),
    };
    if ask.is_read {
        for (name, value) in entries.into_iter().filter(|(_, value)| !value.is_undefined()) {
            let is_list = value.kind() == Kind::List;
            ask.query.append(name, if is_list { format!("{{{}}}", value.joined()?) } else { value.text()? });
        }
    }
    let minimal = by_body.then(|| "return=minimal".to_owned());
    let prefer: Vec<String> = count.into_iter().chain(minimal).collect();
    if !prefer.is_empty() {
        // The client writes this one without a blank.
        ask.headers.set("prefer", prefer.join(","));
    }
    Ok(ask)
}

/// Whether a value is an object, or a list that holds one: such do not go into a URL.
fn holds_object(value: Js<'_>) -> Result<bool, CallError> {
    match value.list()? {
        None => Ok(value.kind() == Kind::Object),
        Some(items) => {
            for item in items {
                if holds_object(item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn written(method: &'static str, path: String) -> Ask {
    let mut ask = Ask::new(Area::Rest, method, path);
    ask.headers.set("content-type", "application/json");
    ask
}

fn with_body(mut ask: Ask, json: Option<String>) -> Ask {
    ask.body = json.map(Body::Text);
    ask
}

fn prefer_count(step: &Step<'_>, ask: &mut Ask, options: &Options<'_>) -> Result<(), CallError> {
    if let Some(count) = counted(step, options)? {
        ask.headers.append("prefer", &count);
    }
    Ok(())
}

fn counted(step: &Step<'_>, options: &Options<'_>) -> Result<Option<String>, CallError> {
    match options.truthy_text("count")? {
        None => Ok(None),
        Some(count) if COUNTS.contains(&count.as_str()) => Ok(Some(format!("count={count}"))),
        Some(_) => Err(step.bad("count is exact, planned or estimated")),
    }
}

/// The columns to select, without the blanks outside of quotes.
pub(super) fn columns(step: &Step<'_>) -> Result<String, CallError> {
    let value = step.arg(0);
    let columns = match value.kind() {
        Kind::Undefined | Kind::Null => "*".to_owned(),
        Kind::Text => value.text()?,
        _ => return Err(step.bad("the columns have to be one text")),
    };
    let mut quoted = false;
    let is_kept = |symbol: &char| {
        quoted ^= *symbol == '"';
        quoted || !((symbol.is_whitespace() && *symbol != '\u{85}') || *symbol == '\u{feff}')
    };
    Ok(columns.chars().filter(is_kept).collect())
}
