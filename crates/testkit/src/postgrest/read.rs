//! The statement that reads a tree of resources.
//!
//! Each resource that is joined in is a lateral subquery: a row of its own where there can be one, else one row with
//! an array in it, so that no join multiplies rows.

use super::filter::{Condition, Operation, Test};
use super::plan::{Child, Node};
use super::query::Window;
use super::relations::Link;
use super::schema::Table;
use super::select::{Arrow, Field, Key, Selected};
use super::sql::{Sql, array};

/// Where the rows of a node come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Table,
    /// What an earlier part of the statement is called.
    Part(&'a str),
}

/// `select …` of the rows.
pub(super) fn rows(sql: &mut Sql, node: &Node<'_>, source: Source<'_>) {
    linked_rows(sql, node, source, None);
}

/// `select 1 …` for each row there is without a window.
pub(super) fn all(sql: &mut Sql, node: &Node<'_>, source: Source<'_>) {
    sql.push("select 1");
    from(sql, node, source, None);
}

fn linked_rows(sql: &mut Sql, node: &Node<'_>, source: Source<'_>, link: Option<(&Link<'_>, &str)>) {
    sql.push("select ");
    outputs(sql, node);
    from(sql, node, source, link);
    if node.has_aggregates() {
        group(sql, node);
    }
    if !node.orders.is_empty() {
        sql.push(" order by ").each(", ", &node.orders, |sql, order| {
            let child = order.of.as_ref().and_then(|name| node.embedded(name));
            let alias = child.map_or(&node.alias, |child| &child.node.alias);
            field(sql, alias, child.map_or(node.table, |child| child.node.table), &order.field);
            sql.push(&order.direction);
        });
    }
    window(sql, node.window);
}

/// The end of a statement that gives a part of its rows.
pub(super) fn window(sql: &mut Sql, Window { limit, offset }: Window) {
    if let Some(limit) = limit {
        sql.push(&format!(" limit {limit}"));
    }
    if offset > 0 {
        sql.push(&format!(" offset {offset}"));
    }
}

fn outputs(sql: &mut Sql, node: &Node<'_>) {
    let is_silent = node.is_silent();
    let mut is_first = true;
    let mut next = |sql: &mut Sql| {
        sql.push(if std::mem::take(&mut is_first) { "" } else { ", " });
    };
    if node.has_star || is_silent {
        next(sql);
        star(sql, node);
    }
    for selected in &node.fields {
        next(sql);
        output(sql, node, selected);
    }
    for child in node.children.iter().filter(|child| !child.node.is_silent()) {
        next(sql);
        joined(sql, child);
    }
    if is_first {
        sql.push("1");
    }
}

/// All columns of the table; what is computed from its rows, or stands beside them, is not among them.
fn star(sql: &mut Sql, node: &Node<'_>) {
    match node.table {
        Some(table) if !table.columns.is_empty() => {
            sql.each(", ", &table.columns, |sql, column| {
                sql.path(&node.alias, &column.name);
            });
        }
        _ => {
            sql.name(&node.alias).push(".*");
        }
    }
}

fn output(sql: &mut Sql, node: &Node<'_>, selected: &Selected) {
    let (function, result) = match &selected.aggregate {
        Some((function, result)) => (Some(*function), result.as_ref()),
        None => (None, None),
    };
    sql.push(if result.is_some() { "cast(" } else { "" });
    sql.push(&function.map(|function| format!("{function}(")).unwrap_or_default());
    value(sql, node, selected);
    sql.push(if function.is_some() { ")" } else { "" });
    sql.push(&result.map(|kind| format!(" as {kind})")).unwrap_or_default());
    sql.push(" as ").name(selected.label());
}

/// What is selected before a function of many rows is applied.
fn value(sql: &mut Sql, node: &Node<'_>, selected: &Selected) {
    let Some(of) = &selected.field else {
        sql.push("*");
        return;
    };
    sql.push(if selected.cast.is_some() { "cast(" } else { "" });
    field(sql, &node.alias, node.table, of);
    sql.push(&selected.cast.as_ref().map(|kind| format!(" as {kind})")).unwrap_or_default());
}

fn joined(sql: &mut Sql, child: &Child<'_>) {
    let alias = &child.node.alias;
    match (child.is_spread, child.link.is_to_one) {
        (true, _) => {
            sql.each(", ", child.node.labels(), |sql, label| {
                sql.path(alias, label);
            });
        }
        (false, true) => {
            sql.push("row_to_json(").name(alias).push(".*) as ").name(&child.label);
        }
        (false, false) => {
            sql.push("coalesce(").path(alias, alias).push(", '[]') as ").name(&child.label);
        }
    }
}

fn from(sql: &mut Sql, node: &Node<'_>, source: Source<'_>, link: Option<(&Link<'_>, &str)>) {
    sql.push(" from ");
    match (source, node.table) {
        (Source::Table, Some(table)) => sql.path(&table.schema, &table.name),
        (Source::Part(part), _) => sql.name(part),
        (Source::Table, None) => sql.name(&node.alias),
    };
    sql.push(" as ").name(&node.alias);
    let between = format!("{}_between", node.alias);
    if let Some((Link { junction: Some((junction, _)), .. }, _)) = link {
        sql.push(", ").path(&junction.schema, &junction.name).push(" as ").name(&between);
    }
    for child in &node.children {
        join(sql, child, &node.alias);
    }
    sql.push(" where true");
    if let Some((link, origin)) = link {
        let near = link.junction.as_ref().map_or(origin, |_| &between);
        for (from, to) in &link.columns {
            sql.push(" and ").path(near, from).push(" = ").path(&node.alias, to);
        }
        for (from, to) in link.junction.iter().flat_map(|(_, columns)| columns) {
            sql.push(" and ").path(origin, from).push(" = ").path(&between, to);
        }
    }
    for child in node.children.iter().filter(|child| child.is_inner && !child.link.is_to_one) {
        sql.push(" and ").path(&child.node.alias, &child.node.alias).push(" is not null");
    }
    for part in &node.conditions {
        sql.push(" and ");
        condition(sql, node, part);
    }
}

fn join(sql: &mut Sql, child: &Child<'_>, origin: &str) {
    let Child { link, node, is_inner, is_spread, .. } = child;
    sql.push(if *is_inner && link.is_to_one { " join lateral (" } else { " left join lateral (" });
    if link.is_to_one {
        linked_rows(sql, node, Source::Table, Some((link, origin)));
        sql.push(") as ").name(&node.alias).push(" on true");
        return;
    }
    sql.push("select json_agg(").name(&node.alias).push(".*) as ").name(&node.alias);
    if *is_spread {
        for label in node.labels() {
            sql.push(", coalesce(json_agg(").path(&node.alias, label).push("), '[]') as ").name(label);
        }
    }
    sql.push(" from (");
    linked_rows(sql, node, Source::Table, Some((link, origin)));
    sql.push(") as ").name(&node.alias).push(") as ").name(&node.alias).push(" on true");
}

fn group(sql: &mut Sql, node: &Node<'_>) {
    let mut word = " group by ";
    let mut next = |sql: &mut Sql| {
        sql.push(std::mem::replace(&mut word, ", "));
    };
    if node.has_star {
        next(sql);
        star(sql, node);
    }
    for selected in node.fields.iter().filter(|selected| selected.aggregate.is_none()) {
        next(sql);
        value(sql, node, selected);
    }
    for child in &node.children {
        next(sql);
        match (child.is_spread, child.link.is_to_one) {
            (true, _) => joined(sql, child),
            (false, true) => {
                sql.name(&child.node.alias).push(".*");
            }
            (false, false) => {
                sql.path(&child.node.alias, &child.node.alias);
            }
        }
    }
}

/// A condition on rows of a node.
pub(super) fn condition(sql: &mut Sql, node: &Node<'_>, condition: &Condition) {
    match condition {
        Condition::Tree { is_negated, is_or, parts } => {
            sql.push(if *is_negated { "not (" } else { "(" });
            sql.each(if *is_or { " or " } else { " and " }, parts, |sql, part| {
                self::condition(sql, node, part)
            });
            sql.push(")");
        }
        Condition::One { field: of, test } => match node.embedded(&of.name) {
            Some(child) => there_is(sql, child, test),
            None => tested(sql, node, of, test),
        },
    }
}

/// Whether there is such a resource at all.
fn there_is(sql: &mut Sql, child: &Child<'_>, test: &Test) {
    let wants_null = matches!(test.operation, Operation::Is("null")) != test.is_negated;
    let alias = &child.node.alias;
    match child.link.is_to_one {
        true => sql.name(alias).push(".*"),
        false => sql.path(alias, alias),
    };
    sql.push(if wants_null { " is not distinct from null" } else { " is distinct from null" });
}

fn tested(sql: &mut Sql, node: &Node<'_>, of: &Field, test: &Test) {
    sql.push(if test.is_negated { "not (" } else { "(" });
    match &test.operation {
        Operation::Search { function, config, value } => {
            searched(sql, node, of, config.as_deref());
            sql.push(" @@ ").push(function).push("(");
            configured(sql, config.as_deref());
            sql.bind(value).push(")");
        }
        operation => {
            field(sql, &node.alias, node.table, of);
            compared(sql, operation);
        }
    }
    sql.push(")");
}

fn compared(sql: &mut Sql, operation: &Operation) {
    match operation {
        Operation::Compare { operator, of: None, value } => sql.push(&format!(" {operator} ")).bind(value),
        Operation::Compare { operator, of: Some(of), value } => {
            sql.push(&format!(" {operator} {of}(")).bind(value).push(")")
        }
        Operation::In(values) => sql.push(" = any(").bind(array(values)).push(")"),
        Operation::Is(state) => sql.push(" is ").push(state),
        Operation::Distinct(value) => sql.push(" is distinct from ").bind(value),
        Operation::Search { .. } => sql,
    };
}

/// What is searched: a column that is no `tsvector` becomes one.
fn searched(sql: &mut Sql, node: &Node<'_>, of: &Field, config: Option<&str>) {
    let column = node.table.and_then(|table| table.columns.iter().find(|column| column.name == of.name));
    let is_vector = of.path.is_empty() && column.is_none_or(|column| column.kind == "tsvector");
    sql.push(if is_vector { "" } else { "to_tsvector(" });
    if !is_vector {
        configured(sql, config);
    }
    field(sql, &node.alias, node.table, of);
    sql.push(if is_vector { "" } else { ")" });
}

fn configured(sql: &mut Sql, config: Option<&str>) {
    if let Some(config) = config {
        sql.bind(config).push("::regconfig, ");
    }
}

/// A column, or what a path leads to in it.
fn field(sql: &mut Sql, alias: &str, table: Option<&Table>, field: &Field) {
    if field.path.is_empty() {
        sql.path(alias, &field.name);
        return;
    }
    let column = table.and_then(|table| table.columns.iter().find(|column| column.name == field.name));
    let is_json = column.is_none_or(|column| matches!(column.kind.as_str(), "json" | "jsonb"));
    sql.push(if is_json { "(" } else { "(to_jsonb(" }).path(alias, &field.name);
    sql.push(if is_json { "" } else { ")" });
    for Arrow { is_text, key } in &field.path {
        sql.push(if *is_text { "->>" } else { "->" });
        match key {
            Key::Index(index) => sql.push(&format!("({index})")),
            Key::Name(name) => sql.literal(name),
        };
    }
    sql.push(")");
}
