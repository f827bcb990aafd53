//! Ways from one table to another, by foreign keys.
//!
//! After "Foreign Key Joins" and "Foreign Key Joins on Multiple Foreign Key Relationships" of PostgREST's page
//! "Resource Embedding".

use serde_json::{Value, json};

use super::error::{Error, Result};
use super::schema::{Key, Schema, Table};
use super::select::Embed;

/// A way from a table's row to rows of a target.
#[derive(Debug, Clone)]
pub(super) struct Link<'s> {
    pub(super) target: &'s Table,
    pub(super) is_to_one: bool,
    /// Columns that are equal: the origin's, or the junction's, and the target's.
    pub(super) columns: Vec<(&'s str, &'s str)>,
    /// The table between, and its columns that are equal to the origin's: the origin's first.
    pub(super) junction: Option<(&'s Table, Vec<(&'s str, &'s str)>)>,
    /// The foreign key; of a junction, the one to the origin.
    key: &'s Key,
    /// Of a junction, the foreign key to the target.
    far_key: Option<&'s Key>,
    /// Whether the foreign key is the origin's.
    is_forward: bool,
}

/// The only way that an embed can mean.
pub(super) fn find<'s>(schema: &'s Schema, origin: &'s Table, embed: &Embed) -> Result<Link<'s>> {
    let meant =
        |link: &Link<'s>| link.is_called(&embed.target, origin) && link.has_hint(embed.hint.as_deref());
    let mut links: Vec<Link<'s>> = links(schema, origin).into_iter().filter(meant).collect();
    match links.len() {
        0 => Err(nothing(origin, embed)),
        1 => Ok(links.remove(0)),
        _ => Err(too_many(origin, embed, &links)),
    }
}

fn links<'s>(schema: &'s Schema, origin: &'s Table) -> Vec<Link<'s>> {
    let mut links = Vec::new();
    for key in schema.keys(&origin.schema).filter(|key| key.kind == 'f') {
        if key.table == origin.name {
            links.extend(forward(schema, key));
        }
        if key.target.as_ref() == Some(&origin.name) {
            links.extend(backward(schema, key));
            let others =
                schema.keys(&origin.schema).filter(|other| other.kind == 'f' && other.table == key.table);
            links.extend(
                others.filter(|other| other.name != key.name).filter_map(|far| across(schema, key, far)),
            );
        }
    }
    links
}

fn pairs<'s>(from: &'s [String], to: &'s [String]) -> Vec<(&'s str, &'s str)> {
    from.iter().map(String::as_str).zip(to.iter().map(String::as_str)).collect()
}

fn forward<'s>(schema: &'s Schema, key: &'s Key) -> Option<Link<'s>> {
    let target = schema.find_table(&key.schema, key.target.as_ref()?)?;
    let columns = pairs(&key.columns, key.target_columns.as_ref()?);
    Some(Link { target, is_to_one: true, columns, junction: None, key, far_key: None, is_forward: true })
}

fn backward<'s>(schema: &'s Schema, key: &'s Key) -> Option<Link<'s>> {
    let target = schema.find_table(&key.schema, &key.table)?;
    let columns = pairs(key.target_columns.as_ref()?, &key.columns);
    let is_to_one = is_unique(schema, key);
    Some(Link { target, is_to_one, columns, junction: None, key, far_key: None, is_forward: false })
}

/// Through a junction: a table whose primary key holds both foreign keys.
fn across<'s>(schema: &'s Schema, near: &'s Key, far: &'s Key) -> Option<Link<'s>> {
    let junction = schema.find_table(&near.schema, &near.table)?;
    let primary = schema.primary_key(junction);
    if !near.columns.iter().chain(&far.columns).all(|column| primary.contains(column)) {
        return None;
    }
    let target = schema.find_table(&far.schema, far.target.as_ref()?)?;
    let columns = pairs(&far.columns, far.target_columns.as_ref()?);
    let junction = Some((junction, pairs(near.target_columns.as_ref()?, &near.columns)));
    Some(Link {
        target,
        is_to_one: false,
        columns,
        junction,
        key: near,
        far_key: Some(far),
        is_forward: false,
    })
}

/// Whether no two rows have the same values in a foreign key's columns.
fn is_unique(schema: &Schema, key: &Key) -> bool {
    let is_same = |other: &Key| {
        other.columns.len() == key.columns.len()
            && other.columns.iter().all(|column| key.columns.contains(column))
    };
    schema.keys(&key.schema).any(|other| other.kind != 'f' && other.table == key.table && is_same(other))
}

impl Link<'_> {
    fn is_called(&self, name: &str, origin: &Table) -> bool {
        // Of a table that refers to itself, its name means the rows that refer, and the key's name those referred to.
        let is_self = self.target.name == origin.name;
        let is_table = self.target.name == name && (!is_self || !self.is_forward);
        let is_key = self.junction.is_none() && self.key.name == name && (!is_self || self.is_forward);
        is_table || is_key || self.is_forward && self.key.columns == [name]
    }

    fn has_hint(&self, hint: Option<&str>) -> bool {
        let Some(hint) = hint else { return true };
        match &self.junction {
            Some((table, _)) => table.name == hint,
            None => self.key.name == hint || self.key.columns == [hint],
        }
    }

    fn cardinality(&self) -> &'static str {
        match (&self.junction, self.is_to_one, self.is_forward) {
            (Some(_), _, _) => "many-to-many",
            (None, true, true) => "many-to-one",
            (None, true, false) => "one-to-one",
            (None, false, _) => "one-to-many",
        }
    }

    /// As an error tells of it.
    fn told(&self, origin: &Table) -> Value {
        let (target, key) = (&self.target.name, &self.key.name);
        let relationship = match (&self.junction, self.far_key) {
            (Some((table, columns)), Some(far)) => {
                let first = listed(columns.iter().map(|(_, to)| *to));
                let second = listed(far.columns.iter().map(String::as_str));
                format!("{} using {key}{first} and {}{second}", table.name, far.name)
            }
            _ => {
                let near = listed(self.columns.iter().map(|(from, _)| *from));
                let far = listed(self.columns.iter().map(|(_, to)| *to));
                format!("{key} using {}{near} and {target}{far}", origin.name)
            }
        };
        let embedding = format!("{} with {target}", origin.name);
        json!({ "cardinality": self.cardinality(), "embedding": embedding, "relationship": relationship })
    }
}

fn listed<'a>(columns: impl Iterator<Item = &'a str>) -> String {
    format!("({})", columns.collect::<Vec<_>>().join(", "))
}

fn nothing(origin: &Table, embed: &Embed) -> Error {
    let (from, to) = (&origin.name, &embed.target);
    let hint = embed.hint.as_ref().map(|hint| format!("' using the hint '{hint}")).unwrap_or_default();
    let message = format!("Could not find a relationship between '{from}' and '{to}' in the schema cache");
    let details = format!(
        "Searched for a foreign key relationship between '{from}' and '{to}{hint}' in the schema '{}', but no \
         matches were found.",
        origin.schema
    );
    Error::new(400, "PGRST200", message).details(details)
}

fn too_many(origin: &Table, embed: &Embed, links: &[Link<'_>]) -> Error {
    let (from, to) = (&origin.name, &embed.target);
    let message =
        format!("Could not embed because more than one relationship was found for '{from}' and '{to}'");
    let choice = |link: &Link<'_>| {
        let way = link.junction.as_ref().map_or(&link.key.name, |(table, _)| &table.name);
        format!("'{}!{way}'", link.target.name)
    };
    let choices = links.iter().map(choice).collect::<Vec<_>>().join(", ");
    let hint = format!(
        "Try changing '{to}' to one of the following: {choices}. Find the desired relationship in the 'details' key."
    );
    let details: Vec<Value> = links.iter().map(|link| link.told(origin)).collect();
    Error::new(300, "PGRST201", message).details(details).hint(hint)
}
