//! The one statement that does what is asked and shapes the answer in the database.

use super::call::{Call, VALUE};
use super::error::{Error, Result};
use super::form::Form;
use super::plan::Node;
use super::read::{self, Source};
use super::request::{Request, Verb};
use super::schema::Schema;
use super::sql::{Sql, array};
use super::write::{self, IS_NEW};

/// More rows are not answered at once, as a new Supabase project has it ("db-max-rows").
pub(super) const ROWS_MAX: u64 = 1_000;

/// A part of the statement: what was written or returned by a function.
const DONE: &str = "_done";

/// A statement, and what has to be known to understand its row.
pub(super) struct Statement {
    pub(super) sql: Sql,
    /// Gives a row for each one that there is, whatever the window.
    pub(super) all: Option<Sql>,
    pub(super) shape: Shape,
}

/// What a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Nothing,
    /// A row, or a value, of a function that returns one.
    One,
    Many,
}

/// The statement for a request.
pub(super) fn of(schema: &Schema, request: &Request) -> Result<Statement> {
    match request.verb {
        Verb::Read => read(schema, request),
        Verb::Call { is_read } => call(schema, request, is_read),
        verb => written(schema, request, verb),
    }
}

fn read(schema: &Schema, request: &Request) -> Result<Statement> {
    let table = schema.table(&request.schema, &request.name)?;
    let mut node = Node::read(schema, &table.name, Some(table), &request.query)?;
    limit(&mut node);
    let mut sql = Sql::default();
    sql.push("with _answered as (");
    read::rows(&mut sql, &node, Source::Table);
    let mut all = Sql::default();
    read::all(&mut all, &node, Source::Table);
    sql.push(") select ");
    total(&mut sql, request, |sql| read::all(sql, &node, Source::Table));
    body(&mut sql, &request.form, "_answer.*", Shape::Many);
    sql.push(", null::text, null::text from (select * from _answered) as _answer");
    Ok(Statement { sql, all: Some(all), shape: Shape::Many })
}

fn written(schema: &Schema, request: &Request, verb: Verb) -> Result<Statement> {
    let table = schema.table(&request.schema, &request.name)?;
    let node = Node::written(schema, table, &request.query)?;
    let mut sql = Sql::default();
    sql.push("with ").push(DONE).push(" as (");
    match verb {
        Verb::Insert => write::insert(&mut sql, schema, table, request)?,
        Verb::Update => write::update(&mut sql, &node, table, request)?,
        _ => write::delete(&mut sql, &node, table, request),
    }
    sql.push("), _answered as (");
    if request.prefer.wants_rows() {
        read::rows(&mut sql, &node, Source::Part(DONE));
    } else {
        sql.push("select true from ").push(DONE);
    }
    sql.push(") select null::text, ");
    body(&mut sql, &request.form, "_answer.*", Shape::Many);
    sql.push(", ");
    if verb == Verb::Insert {
        sql.push("(select count(*) filter (where ").push(IS_NEW).push(") from ").push(DONE).push(")::text, ");
        location(&mut sql, schema.primary_key(table));
    } else {
        sql.push("null::text, null::text");
    }
    sql.push(" from (select * from _answered) as _answer");
    Ok(Statement { sql, all: None, shape: Shape::Many })
}

fn call(schema: &Schema, request: &Request, is_read: bool) -> Result<Statement> {
    let call = Call::find(schema, request, is_read)?;
    let function = call.function;
    let shape = match (function.is_void, function.is_set) {
        (true, _) => Shape::Nothing,
        (false, false) => Shape::One,
        (false, true) => Shape::Many,
    };
    if request.prefer.is_strict && request.prefer.max_affected.is_some() && !function.is_set {
        let message =
            "Function must return SETOF or TABLE when max-affected preference is used with handling=strict";
        return Err(Error::new(400, "PGRST128", message));
    }
    let table = function.table.as_deref().and_then(|table| schema.find_table(&function.schema, table));
    let mut node = Node::read(schema, &function.name, table, &request.query)?;
    limit(&mut node);
    let mut sql = Sql::default();
    sql.push("with ").push(DONE).push(" as (");
    call.statement(&mut sql);
    sql.push("), _answered as (");
    if function.is_composite {
        read::rows(&mut sql, &node, Source::Part(DONE));
    } else {
        sql.push("select * from ").push(DONE);
        read::window(&mut sql, node.window);
    }
    sql.push(") select ");
    total(&mut sql, request, |sql| match function.is_composite {
        true => read::all(sql, &node, Source::Part(DONE)),
        false => {
            sql.push("select 1 from ").push(DONE);
        }
    });
    let value = if function.is_composite { "_answer.*".to_owned() } else { format!("_answer.{VALUE}") };
    body(&mut sql, &request.form, &value, shape);
    sql.push(", null::text, null::text from (select * from _answered) as _answer");
    Ok(Statement { sql, all: None, shape })
}

/// How many rows there are without a window, where that is asked.
fn total(sql: &mut Sql, request: &Request, all: impl FnOnce(&mut Sql)) {
    if request.prefer.counts() {
        sql.push("(select count(*) from (");
        all(sql);
        sql.push(") as _all)::text, ");
    } else {
        sql.push("null::text, ");
    }
}

fn limit(node: &mut Node<'_>) {
    node.window.limit = Some(node.window.limit.unwrap_or(ROWS_MAX).min(ROWS_MAX));
}

/// How many rows are answered, and the body that holds them.
fn body(sql: &mut Sql, form: &Form, value: &str, shape: Shape) {
    sql.push("count(*)::text, ");
    let list = |strips_nulls: bool| match strips_nulls {
        true => format!("json_strip_nulls(json_agg({value}))"),
        false => format!("json_agg({value})"),
    };
    let text = match (form.rows(), shape) {
        (Form::Object { strips_nulls }, _) | (Form::Json { strips_nulls }, Shape::One | Shape::Nothing) => {
            format!("coalesce({}->0, 'null')", list(*strips_nulls))
        }
        (Form::Json { strips_nulls }, Shape::Many) => format!("coalesce({}, '[]')", list(*strips_nulls)),
        // The head is of the first row's names, and there is none without rows.
        (Form::Csv | Form::Plan { .. }, _) => "(select coalesce(string_agg(name, ','), '') from \
             (select json_object_keys(row_to_json(_one.*)) as name from \
             (select * from _answered limit 1) as _one) as _names) || E'\\n' || \
             coalesce(string_agg(substring(_answer::text, 2, length(_answer::text) - 2), E'\\n'), '')"
            .to_owned(),
    };
    sql.push(&text).push("::text");
}

/// The names and values that lead to the row that was inserted.
fn location(sql: &mut Sql, primary_key: &[String]) {
    sql.push("(select json_agg(json_build_array(key, value)) from (select * from ").push(DONE);
    sql.push(" limit 1) as _one, json_each_text(row_to_json(_one.*)) where key = any(");
    sql.bind(array(primary_key)).push("::text[]))::text");
}
