//! The parameters of a URL, read.

use url::form_urlencoded;

use super::cursor::Cursor;
use super::error::{Error, Result};
use super::filter::{Condition, Test, is_condition};
use super::select::{self, Field, Item};

/// Which resource a parameter speaks of: labels of embeds, from the outside in; empty for the request's own.
pub(super) type Path = Vec<String>;

/// All that the parameters say.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) select: Vec<Item>,
    pub(super) conditions: Vec<(Path, Condition)>,
    pub(super) orders: Vec<(Path, Vec<Order>)>,
    pub(super) windows: Vec<(Path, Window)>,
    /// The columns that are written.
    pub(super) columns: Option<Vec<String>>,
    pub(super) on_conflict: Option<Vec<String>>,
    /// The arguments of the function that is called.
    pub(super) arguments: Vec<(String, String)>,
}

/// One term of `order`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order {
    /// The embedded resource that has the field.
    pub(super) of: Option<String>,
    pub(super) field: Field,
    /// In SQL, such as ` desc nulls last`.
    pub(super) direction: String,
}

/// Which rows of a result are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) limit: Option<u64>,
    pub(super) offset: u64,
}

impl Query {
    /// Reads what stands behind the question mark. Only a function may be given arguments there.
    pub(super) fn read(text: &str, is_call: bool) -> Result<Self> {
        let mut query = Self { select: vec![Item::Star], ..Self::default() };
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if name.contains('\0') || value.contains('\0') {
                return Err(Error::syntax(
                    "a parameter holds a null character",
                    "PostgreSQL has no such text",
                ));
            }
            query.add(&name, &value, is_call)?;
        }
        Ok(query)
    }

    fn add(&mut self, name: &str, value: &str, is_call: bool) -> Result<()> {
        match name {
            "select" => self.select = select::read(value)?,
            "columns" => self.columns = Some(names("columns parameter", value)?),
            "on_conflict" => self.on_conflict = Some(names("on_conflict parameter", value)?),
            _ if is_call && !name.contains('.') && !is_reserved(name) && !is_condition(value) => {
                self.arguments.push((name.to_owned(), value.to_owned()));
            }
            _ => self.add_for_resource(name, value)?,
        }
        Ok(())
    }

    fn add_for_resource(&mut self, name: &str, value: &str) -> Result<()> {
        let (before, last) = name.rsplit_once('.').map_or(("", name), |(before, last)| (before, last));
        let path = || if before.is_empty() { Ok(Vec::new()) } else { dotted(before) };
        match last {
            "order" => self.orders.push((path()?, orders(value)?)),
            "limit" => self.window(path()?).limit = Some(whole(value)?),
            "offset" => self.window(path()?).offset = whole(value)?,
            "and" | "or" => {
                let mut path = path()?;
                let is_negated = path.last().is_some_and(|label| label == "not");
                if is_negated {
                    path.pop();
                }
                self.conditions.push((path, Condition::tree(is_negated, last == "or", value)?));
            }
            _ => {
                let (path, field) = place(name)?;
                self.conditions.push((path, Condition::One { field, test: Test::read(value)? }));
            }
        }
        Ok(())
    }

    fn window(&mut self, path: Path) -> &mut Window {
        let at = self.windows.iter().position(|(other, _)| *other == path).unwrap_or(self.windows.len());
        if at == self.windows.len() {
            self.windows.push((path, Window::default()));
        }
        &mut self.windows[at].1
    }

    /// The window of the request's own resource.
    pub(super) fn own_window(&self) -> Window {
        let own = self.windows.iter().find(|(path, _)| path.is_empty());
        own.map(|(_, window)| *window).unwrap_or_default()
    }
}

fn is_reserved(name: &str) -> bool {
    matches!(name, "order" | "limit" | "offset" | "and" | "or")
}

fn names(what: &'static str, text: &str) -> Result<Vec<String>> {
    let mut cursor = Cursor::new(what, text);
    let names = cursor.items(&mut |cursor| {
        cursor.blanks();
        let name = cursor.name()?;
        cursor.blanks();
        Ok(name)
    })?;
    cursor.end()?;
    Ok(names)
}

fn dotted(text: &str) -> Result<Path> {
    let mut cursor = Cursor::new("tree path", text);
    let mut path = vec![cursor.name()?];
    while cursor.eat(".") {
        path.push(cursor.name()?);
    }
    cursor.end()?;
    Ok(path)
}

fn place(name: &str) -> Result<(Path, Field)> {
    let mut cursor = Cursor::new("tree path", name);
    let mut path = Vec::new();
    loop {
        let field = Field::read(&mut cursor)?;
        if !field.path.is_empty() || !cursor.eat(".") {
            cursor.end()?;
            return Ok((path, field));
        }
        path.push(field.name);
    }
}

fn whole(text: &str) -> Result<u64> {
    text.parse().map_err(|_| {
        let error = Error::new(416, "PGRST103", "Requested range not satisfiable");
        error.details("Limit should be greater than or equal to zero.")
    })
}

fn orders(text: &str) -> Result<Vec<Order>> {
    let mut cursor = Cursor::new("order", text);
    let orders = cursor.items(&mut order)?;
    cursor.end()?;
    Ok(orders)
}

fn order(cursor: &mut Cursor<'_>) -> Result<Order> {
    cursor.blanks();
    let mut field = Field::read(cursor)?;
    let mut of = None;
    if field.path.is_empty() && cursor.eat("(") {
        let inner = Field::read(cursor)?;
        of = Some(std::mem::replace(&mut field, inner).name);
        cursor.expect(")")?;
    }
    let mut direction = String::new();
    for words in [
        &[("asc", " asc"), ("desc", " desc")],
        &[("nullsfirst", " nulls first"), ("nullslast", " nulls last")],
    ] {
        let chosen = words.iter().find(|(word, _)| cursor.eat(&format!(".{word}")));
        direction.extend(chosen.map(|(_, sql)| *sql));
    }
    if cursor.eat(".") {
        return Err(cursor.unexpected("\"asc\", \"desc\", \"nullsfirst\" or \"nullslast\""));
    }
    cursor.blanks();
    Ok(Order { of, field, direction })
}

#[cfg(test)]
mod tests {
    use super::{Query, Window};

    #[test]
    fn parameters_are_told_apart() {
        let text = "a=eq.1&cities.b=gt.2&c=plain&cities.order=x.desc,y&or=(a.eq.1,b.eq.2)\
                    &x.not.and=(a.is.null)&limit=5&offset=2";
        let query = Query::read(text, true).unwrap();
        assert_eq!(query.conditions.len(), 4);
        assert_eq!(query.conditions[1].0, ["cities"]);
        assert_eq!(query.conditions[3].0, ["x"]);
        assert_eq!(query.arguments, [("c".to_owned(), "plain".to_owned())]);
        assert_eq!(query.own_window(), Window { limit: Some(5), offset: 2 });
        assert_eq!(query.orders[0].1[0].direction, " desc");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            "limit=-1",
            "limit=x",
            "order=a.up",
            "order=a.desc.nulls",
            "a=eq",
            "a.b=1",
            "columns=a,",
            "a=eq.%00",
        ] {
            assert!(Query::read(text, false).is_err(), "{text}");
        }
    }
}
