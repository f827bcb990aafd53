//! What is selected: fields, what is computed from them, and resources that are joined in.
//!
//! After "Vertical Filtering" of PostgREST's page "Tables and Views", "Resource Embedding" and "Aggregate Functions".

use super::cursor::Cursor;
use super::error::Result;

/// A column, or what a path leads to in its JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// The column.
    pub(super) name: String,
    pub(super) path: Vec<Arrow>,
}

/// One step into JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Arrow {
    /// Whether it gives text (`->>`) rather than JSON (`->`).
    pub(super) is_text: bool,
    pub(super) key: Key,
}

/// Where a step into JSON leads.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Key {
    Name(String),
    Index(i32),
}

/// One item of `select`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Star,
    Field(Selected),
    Embed(Embed),
}

/// A field as it is selected.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selected {
    pub(super) alias: Option<String>,
    /// `None` for the rows themselves, in `count()`.
    pub(super) field: Option<Field>,
    pub(super) cast: Option<String>,
    /// A function of many rows, and the type that its result is cast to.
    pub(super) aggregate: Option<(&'static str, Option<String>)>,
}

/// A resource that is joined in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Embed {
    pub(super) alias: Option<String>,
    /// A table, a foreign key or a column.
    pub(super) target: String,
    /// What chooses among several ways there.
    pub(super) hint: Option<String>,
    /// Whether rows without it are left out.
    pub(super) is_inner: bool,
    /// Whether its columns stand among those of the row it belongs to.
    pub(super) is_spread: bool,
    pub(super) items: Vec<Item>,
}

const AGGREGATES: [&str; 5] = ["count", "sum", "avg", "max", "min"];

/// Reads the parameter `select`.
pub(super) fn read(text: &str) -> Result<Vec<Item>> {
    let mut cursor = Cursor::new("select parameter", text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let items = cursor.items(&mut item)?;
    cursor.end()?;
    Ok(items)
}

fn item(cursor: &mut Cursor<'_>) -> Result<Item> {
    cursor.blanks();
    let item = if cursor.eat("*") { Item::Star } else { named(cursor)? };
    cursor.blanks();
    Ok(item)
}

fn named(cursor: &mut Cursor<'_>) -> Result<Item> {
    let is_spread = cursor.eat("...");
    let alias = cursor.attempt(|cursor| {
        let name = cursor.name().ok()?;
        let is_alias = !is_spread && !cursor.rest().starts_with("::") && cursor.eat(":");
        is_alias.then_some(name)
    });
    if cursor.rest().starts_with("count()") {
        return Ok(Item::Field(selected(cursor, alias, None)?));
    }
    let field = Field::read(cursor)?;
    let is_resource = field.path.is_empty() && matches!(cursor.peek(), Some('(' | '!'));
    if is_resource || is_spread {
        return embed(cursor, alias, field.name, is_spread).map(Item::Embed);
    }
    Ok(Item::Field(selected(cursor, alias, Some(field))?))
}

fn selected(cursor: &mut Cursor<'_>, alias: Option<String>, field: Option<Field>) -> Result<Selected> {
    let mut cast = cast(cursor)?;
    let is_rows = field.is_none();
    let mut aggregate = None;
    if is_rows || cursor.eat(".") {
        let name = cursor.take(|symbol| symbol.is_ascii_alphabetic());
        let Some(function) = AGGREGATES.into_iter().find(|function| *function == name) else {
            return Err(cursor.unexpected("\"sum()\", \"avg()\", \"count()\", \"max()\" or \"min()\""));
        };
        cursor.expect("()")?;
        aggregate = Some((function, self::cast(cursor)?));
    }
    if is_rows {
        cast = None;
    }
    Ok(Selected { alias, field, cast, aggregate })
}

/// A type's name behind two colons. It stands in the statement as it is, so it is of harmless symbols.
fn cast(cursor: &mut Cursor<'_>) -> Result<Option<String>> {
    if !cursor.eat("::") {
        return Ok(None);
    }
    let name = cursor.take(|symbol| symbol.is_alphanumeric() || matches!(symbol, '_' | ' ' | '$')).trim();
    if name.is_empty() {
        return Err(cursor.unexpected("letter or digit"));
    }
    Ok(Some(name.to_owned()))
}

fn embed(cursor: &mut Cursor<'_>, alias: Option<String>, target: String, is_spread: bool) -> Result<Embed> {
    let (mut hint, mut is_inner) = (None, false);
    while cursor.eat("!") {
        match cursor.name()?.as_str() {
            "inner" => is_inner = true,
            "left" => {}
            name => hint = Some(name.to_owned()),
        }
    }
    let is_empty = cursor.rest().starts_with("()") && cursor.eat("()");
    let items = if is_empty { Vec::new() } else { cursor.list(item)? };
    Ok(Embed { alias, target, hint, is_inner, is_spread, items })
}

impl Field {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let name = cursor.name()?;
        let mut path = Vec::new();
        loop {
            let is_text = cursor.eat("->>");
            if !is_text && !cursor.eat("->") {
                return Ok(Self { name, path });
            }
            let index = cursor.attempt(|cursor| {
                let sign = if cursor.eat("-") { -1 } else { 1 };
                let index: i32 = cursor.take(|symbol| symbol.is_ascii_digit()).parse().ok()?;
                let is_whole =
                    cursor.peek().is_none_or(|symbol| matches!(symbol, '-' | ':' | '.' | ',' | ')'));
                is_whole.then_some(sign * index)
            });
            let key = match index {
                Some(index) => Key::Index(index),
                None => Key::Name(cursor.name()?),
            };
            path.push(Arrow { is_text, key });
        }
    }

    /// The name under which it is answered: the last name in its path.
    pub(super) fn label(&self) -> &str {
        let last = self.path.iter().rev().find_map(|arrow| match &arrow.key {
            Key::Name(name) => Some(name),
            Key::Index(_) => None,
        });
        last.unwrap_or(&self.name)
    }
}

impl Selected {
    /// The name under which it is answered.
    pub(super) fn label(&self) -> &str {
        match (&self.alias, &self.aggregate, &self.field) {
            (Some(alias), _, _) => alias,
            (None, Some((function, _)), _) => function,
            (None, None, Some(field)) => field.label(),
            (None, None, None) => "count",
        }
    }
}

impl Embed {
    /// The name under which it is answered, and by which parameters speak of it.
    pub(super) fn label(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, Key, read};

    fn labels(text: &str) -> Vec<String> {
        let label = |item: Item| match item {
            Item::Star => "*".to_owned(),
            Item::Field(selected) => selected.label().to_owned(),
            Item::Embed(embed) => format!("{}({})", embed.label(), embed.items.len()),
        };
        read(text).unwrap().into_iter().map(label).collect()
    }

    #[test]
    fn items_have_the_names_they_are_answered_under() {
        let text = "*,id,n:name,age::text,data->a->>b,data->0,data->x->1,\"odd, one\",\
                    total:amount.sum()::int,count(),a-b";
        assert_eq!(
            labels(text),
            ["*", "id", "n", "age", "b", "data", "x", "odd, one", "total", "count", "a-b"]
        );
        assert_eq!(
            labels("cities(name, mayors!inner(*)),c:cities!fk!left(),...countries(id)"),
            ["cities(2)", "c(0)", "countries(1)"]
        );
        assert_eq!(labels(""), Vec::<String>::new());
    }

    #[test]
    fn paths_know_names_from_indexes() {
        let Item::Field(selected) = read("data->-1->>2b").unwrap().remove(0) else { panic!("a field") };
        let path = selected.field.unwrap().path;
        assert_eq!((&path[0].key, &path[1].key), (&Key::Index(-1), &Key::Name("2b".to_owned())));
    }

    #[test]
    fn what_cannot_be_selected_is_refused() {
        for text in [
            "(",
            "a(",
            "a(b",
            "a)",
            "a,",
            ",a",
            "a::",
            "a::int;",
            "a.median()",
            "a->",
            "*!x",
            "...a",
            "a b(c",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = format!("{}a{}", "a(".repeat(100), ")".repeat(100));
        assert!(read(&deep).is_err());
    }
}
