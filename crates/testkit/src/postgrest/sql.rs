//! A statement on its way to the database: names are quoted, values are bound.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

/// Text with `$1`, `$2` … in it, and the values that belong there.
#[derive(Default)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
}

/// A value as text; the database finds out what it is.
#[derive(Debug)]
pub(super) struct Value(String);

impl Sql {
    /// Adds text of our own.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a name.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        self.text.push_str(&quoted(name));
        self
    }

    /// Adds a name of two parts.
    pub(super) fn path(&mut self, of: &str, name: &str) -> &mut Self {
        self.name(of).push(".").name(name)
    }

    /// Adds a value.
    pub(super) fn bind(&mut self, value: impl Into<String>) -> &mut Self {
        self.values.push(Value(value.into()));
        self.text.push_str(&format!("${}", self.values.len()));
        self
    }

    /// Adds a text that has to stand in the statement itself: two equal expressions with parameters in them are
    /// not equal to the database.
    pub(super) fn literal(&mut self, text: &str) -> &mut Self {
        self.text.push_str(" E'");
        self.text.push_str(&text.replace('\\', "\\\\").replace('\'', "\\'"));
        self.text.push('\'');
        self
    }

    /// Adds each item, with the separator between them.
    pub(super) fn each<T>(
        &mut self,
        separator: &str,
        items: impl IntoIterator<Item = T>,
        mut add: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (number, item) in items.into_iter().enumerate() {
            if number > 0 {
                self.push(separator);
            }
            add(self, item);
        }
        self
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
    }
}

/// An identifier in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An array as PostgreSQL reads it.
pub(super) fn array(items: &[String]) -> String {
    let quoted = items.iter().map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")));
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    tokio_postgres::types::to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::{Sql, array};

    #[test]
    fn names_and_texts_cannot_break_out() {
        let mut sql = Sql::default();
        sql.push("select ")
            .path("a\"b", "c d")
            .literal(r"it's \' ")
            .push(" = ")
            .bind("x")
            .push(", ")
            .bind("y");
        assert_eq!(sql.text(), r#"select "a""b"."c d" E'it\'s \\\' ' = $1, $2"#);
        assert_eq!(sql.values().len(), 2);
        assert_eq!(array(&["a,b".into(), r#"c"\d"#.into()]), r#"{"a,b","c\"\\d"}"#);
    }
}
