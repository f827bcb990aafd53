//! A query held against the schema: which rows are read from where, as a tree of resources.

use super::error::{Error, Result};
use super::filter::{Condition, Operation};
use super::query::{Order, Path, Query, Window};
use super::relations::{self, Link};
use super::schema::{Schema, Table};
use super::select::{Embed, Item, Selected};

/// A resource, and those that are joined to it.
pub(super) struct Node<'s> {
    /// `None` for the rows of a function that are no table's.
    pub(super) table: Option<&'s Table>,
    /// What the rows are called in the statement.
    pub(super) alias: String,
    pub(super) has_star: bool,
    pub(super) fields: Vec<Selected>,
    pub(super) children: Vec<Child<'s>>,
    pub(super) conditions: Vec<Condition>,
    pub(super) orders: Vec<Order>,
    pub(super) window: Window,
}

/// A resource that is joined to another one.
pub(super) struct Child<'s> {
    /// The name under which it is answered, and by which parameters speak of it.
    pub(super) label: String,
    pub(super) link: Link<'s>,
    pub(super) is_inner: bool,
    pub(super) is_spread: bool,
    pub(super) node: Node<'s>,
}

impl<'s> Node<'s> {
    /// The rows that a query reads: of a table, or of a function.
    pub(super) fn read(
        schema: &'s Schema,
        name: &str,
        table: Option<&'s Table>,
        query: &Query,
    ) -> Result<Self> {
        let mut root = Self::bare(schema, name, table, query)?;
        for (path, condition) in &query.conditions {
            root.at(path)?.constrain(condition)?;
        }
        for (path, window) in &query.windows {
            root.at(path)?.window = *window;
        }
        Ok(root)
    }

    /// The rows that a write gives back: what says which rows are meant is not asked of them again, and all of
    /// them are told.
    pub(super) fn written(schema: &'s Schema, table: &'s Table, query: &Query) -> Result<Self> {
        let mut root = Self::bare(schema, &table.name, Some(table), query)?;
        for (path, condition) in query.conditions.iter().filter(|(path, _)| !path.is_empty()) {
            root.at(path)?.constrain(condition)?;
        }
        Ok(root)
    }

    fn bare(schema: &'s Schema, name: &str, table: Option<&'s Table>, query: &Query) -> Result<Self> {
        let mut count = 0;
        let mut root = Self::of(schema, name.to_owned(), table, &query.select, &mut count)?;
        for (path, orders) in &query.orders {
            let node = root.at(path)?;
            orders.iter().try_for_each(|order| node.check_order(order))?;
            node.orders.clone_from(orders);
        }
        Ok(root)
    }

    fn of(
        schema: &'s Schema,
        alias: String,
        table: Option<&'s Table>,
        items: &[Item],
        count: &mut usize,
    ) -> Result<Self> {
        let mut node = Self {
            table,
            alias,
            has_star: false,
            fields: Vec::new(),
            children: Vec::new(),
            conditions: Vec::new(),
            orders: Vec::new(),
            window: Window::default(),
        };
        for item in items {
            match item {
                Item::Star => node.has_star = true,
                Item::Field(selected) => node.fields.push(selected.clone()),
                Item::Embed(embed) => {
                    let child = node.child(schema, embed, count)?;
                    node.children.push(child);
                }
            }
        }
        Ok(node)
    }

    fn child(&self, schema: &'s Schema, embed: &Embed, count: &mut usize) -> Result<Child<'s>> {
        let nowhere = || {
            let message = format!(
                "Could not find a relationship between '{}' and '{}' in the schema cache",
                self.alias, embed.target
            );
            Error::new(400, "PGRST200", message)
        };
        let link = relations::find(schema, self.table.ok_or_else(nowhere)?, embed)?;
        *count += 1;
        let alias = format!("{}_{count}", link.target.name);
        let node = Self::of(schema, alias, Some(link.target), &embed.items, count)?;
        let label = embed.label().to_owned();
        Ok(Child { label, link, is_inner: embed.is_inner, is_spread: embed.is_spread, node })
    }

    /// The resource that a parameter speaks of.
    fn at(&mut self, path: &Path) -> Result<&mut Self> {
        path.iter().try_fold(self, |node, label| {
            let child = node.children.iter_mut().find(|child| child.label == *label);
            child.map(|child| &mut child.node).ok_or_else(|| not_embedded(label))
        })
    }

    /// The embedded resource that a name means.
    pub(super) fn embedded(&self, name: &str) -> Option<&Child<'s>> {
        self.children.iter().find(|child| child.label == name)
    }

    fn constrain(&mut self, condition: &Condition) -> Result<()> {
        self.check(condition)?;
        self.conditions.push(condition.clone());
        Ok(())
    }

    /// Of an embedded resource can only be asked whether there is one.
    fn check(&self, condition: &Condition) -> Result<()> {
        match condition {
            Condition::Tree { parts, .. } => parts.iter().try_for_each(|part| self.check(part)),
            Condition::One { field, test } if self.embedded(&field.name).is_some() => match test.operation {
                Operation::Is("null" | "not null") => Ok(()),
                _ => {
                    let message = format!("Bad operator on the '{}' embedded resource", field.name);
                    let details = "Only is null or not is null filters are allowed on embedded resources";
                    Err(Error::new(400, "PGRST120", message).details(details))
                }
            },
            Condition::One { .. } => Ok(()),
        }
    }

    fn check_order(&self, order: &Order) -> Result<()> {
        let Some(name) = &order.of else { return Ok(()) };
        let child = self.embedded(name).ok_or_else(|| not_embedded(name))?;
        if child.link.is_to_one {
            return Ok(());
        }
        let message = format!("A related order on '{name}' is not possible");
        let details =
            format!("'{}' and '{name}' do not form a many-to-one or one-to-one relationship", self.alias);
        Err(Error::new(400, "PGRST118", message).details(details))
    }

    /// Whether rows are put together by a function of many.
    pub(super) fn has_aggregates(&self) -> bool {
        self.fields.iter().any(|selected| selected.aggregate.is_some())
    }

    /// Whether nothing of it is answered: it only says which rows there are.
    pub(super) fn is_silent(&self) -> bool {
        !self.has_star && self.fields.is_empty() && self.children.is_empty()
    }

    /// The names of its columns as they are answered.
    pub(super) fn labels(&self) -> Vec<&str> {
        let star = self.table.filter(|_| self.has_star).map(|table| &table.columns[..]).unwrap_or_default();
        let mut labels: Vec<&str> = star.iter().map(|column| column.name.as_str()).collect();
        labels.extend(self.fields.iter().map(Selected::label));
        for child in self.children.iter().filter(|child| !child.node.is_silent()) {
            match child.is_spread {
                true => labels.extend(child.node.labels()),
                false => labels.push(&child.label),
            }
        }
        labels
    }
}

fn not_embedded(label: &str) -> Error {
    let message = format!("'{label}' is not an embedded resource in this request");
    let hint = format!("Verify that '{label}' is included in the 'select' query parameter.");
    Error::new(400, "PGRST108", message).hint(hint)
}
