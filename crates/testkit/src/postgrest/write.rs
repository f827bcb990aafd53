//! The statements that write rows and return what they wrote.

use super::error::Result;
use super::plan::Node;
use super::read;
use super::request::{Payload, Request};
use super::schema::{Column, Schema, Table};
use super::sql::Sql;

/// In what an insert returns: whether the row is new.
pub(super) const IS_NEW: &str = "_is_new";

/// `insert … returning …`, also where rows may be there already.
pub(super) fn insert(sql: &mut Sql, schema: &Schema, table: &Table, request: &Request) -> Result<()> {
    let payload = Payload::read(&request.body, request.query.columns.as_deref())?;
    let columns = columns(table, &payload)?;
    sql.push("insert into ").path(&table.schema, &table.name).push(" as ").name(&table.name);
    if !columns.is_empty() {
        sql.push(" (")
            .each(", ", &columns, |sql, column| {
                sql.name(&column.name);
            })
            .push(")");
    }
    sql.push(" select ").each(", ", &columns, |sql, column| {
        sql.path("_body", &column.name);
    });
    sql.push(" from ");
    body(sql, &columns, &payload, request);
    conflict(sql, schema, table, &columns, request);
    sql.push(" returning ").name(&table.name).push(".*, ");
    if table.is_view {
        sql.push("true");
    } else {
        // A row that was there has been locked by this transaction.
        sql.path(&table.name, "xmax").push(" = 0");
    }
    sql.push(" as ").push(IS_NEW);
    Ok(())
}

/// `update … returning …` of the rows that the request's conditions mean.
pub(super) fn update(sql: &mut Sql, node: &Node<'_>, table: &Table, request: &Request) -> Result<()> {
    let payload = Payload::read(&request.body, request.query.columns.as_deref())?;
    let columns = columns(table, &payload)?;
    if columns.is_empty() {
        sql.push("select * from ").path(&table.schema, &table.name).push(" where false");
        return Ok(());
    }
    sql.push("update ").path(&table.schema, &table.name).push(" as ").name(&table.name).push(" set ");
    sql.each(", ", &columns, |sql, column| {
        sql.name(&column.name).push(" = ").path("_body", &column.name);
    });
    sql.push(" from ");
    body(sql, &columns, &payload, request);
    meant(sql, node, table, request);
    Ok(())
}

/// `delete … returning …` of the rows that the request's conditions mean.
pub(super) fn delete(sql: &mut Sql, node: &Node<'_>, table: &Table, request: &Request) {
    sql.push("delete from ").path(&table.schema, &table.name).push(" as ").name(&table.name);
    meant(sql, node, table, request);
}

fn meant(sql: &mut Sql, node: &Node<'_>, table: &Table, request: &Request) {
    sql.push(" where true");
    for (_, condition) in request.query.conditions.iter().filter(|(path, _)| path.is_empty()) {
        sql.push(" and ");
        read::condition(sql, node, condition);
    }
    sql.push(" returning ").name(&table.name).push(".*");
}

fn columns<'s>(table: &'s Table, payload: &Payload) -> Result<Vec<&'s Column>> {
    payload.names.iter().map(|name| table.column(name)).collect()
}

/// The rows of the body, as `_body`.
fn body(sql: &mut Sql, columns: &[&Column], payload: &Payload, request: &Request) {
    match (columns.is_empty(), payload.is_list) {
        (true, true) => {
            sql.push("json_array_elements(").bind(&request.body).push("::json) as _body");
            return;
        }
        (true, false) => {
            sql.push("(values (true)) as _body");
            return;
        }
        (false, true) if request.prefer.takes_defaults => {
            sql.push("jsonb_to_recordset((select jsonb_agg(");
            defaults(sql, columns);
            sql.push(" || item) from jsonb_array_elements(").bind(&request.body).push("::jsonb) as item))");
        }
        (false, false) if request.prefer.takes_defaults => {
            sql.push("jsonb_to_record(");
            defaults(sql, columns);
            sql.push(" || ").bind(&request.body).push("::jsonb)");
        }
        (false, is_list) => {
            sql.push(if is_list { "json_to_recordset(" } else { "json_to_record(" });
            sql.bind(&request.body).push("::json)");
        }
    }
    sql.push(" as _body(").each(", ", columns, |sql, column| {
        sql.name(&column.name).push(" ").push(&column.kind);
    });
    sql.push(")");
}

/// An object with the default of each column that has one.
fn defaults(sql: &mut Sql, columns: &[&Column]) {
    let with = columns.iter().filter_map(|column| column.default.as_ref().map(|default| (column, default)));
    sql.push("jsonb_build_object(").each(", ", with, |sql, (column, default)| {
        sql.literal(&column.name).push("::text, ").push(default);
    });
    sql.push(")");
}

fn conflict(sql: &mut Sql, schema: &Schema, table: &Table, columns: &[&Column], request: &Request) {
    let Some(resolution) = &request.prefer.resolution else { return };
    let key = request.query.on_conflict.as_deref().unwrap_or_else(|| schema.primary_key(table));
    if key.is_empty() {
        return;
    }
    sql.push(" on conflict (").each(", ", key, |sql, name| {
        sql.name(name);
    });
    sql.push(") do ");
    if resolution == "ignore-duplicates" || columns.is_empty() {
        sql.push("nothing");
        return;
    }
    sql.push("update set ").each(", ", columns, |sql, column| {
        sql.name(&column.name).push(" = ").path("excluded", &column.name);
    });
}
