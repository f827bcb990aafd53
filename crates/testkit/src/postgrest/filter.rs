//! Conditions on rows: operators with their values, and trees of them.
//!
//! After "Horizontal Filtering" of PostgREST's page "Tables and Views".

use super::cursor::Cursor;
use super::error::Result;
use super::select::Field;

/// What rows have to fulfil.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    One {
        field: Field,
        test: Test,
    },
    /// `and(…)` or `or(…)`.
    Tree {
        is_negated: bool,
        is_or: bool,
        parts: Vec<Condition>,
    },
}

/// What is asked of one field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    pub(super) is_negated: bool,
    pub(super) operation: Operation,
}

/// How a field is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operation {
    /// With PostgreSQL's operator, with `any` or `all` of an array where one is named.
    Compare {
        operator: &'static str,
        of: Option<&'static str>,
        value: String,
    },
    In(Vec<String>),
    Is(&'static str),
    Distinct(String),
    /// Full-text search by this function, with a configuration where one is named.
    Search {
        function: &'static str,
        config: Option<String>,
        value: String,
    },
}

/// Operators that may be asked of any or all values of an array.
const QUANTIFIED: [(&str, &str); 9] = [
    ("eq", "="),
    ("gte", ">="),
    ("gt", ">"),
    ("lte", "<="),
    ("lt", "<"),
    ("like", "like"),
    ("ilike", "ilike"),
    ("match", "~"),
    ("imatch", "~*"),
];
const SIMPLE: [(&str, &str); 9] = [
    ("neq", "<>"),
    ("cs", "@>"),
    ("cd", "<@"),
    ("ov", "&&"),
    ("sl", "<<"),
    ("sr", ">>"),
    ("nxr", "&<"),
    ("nxl", "&>"),
    ("adj", "-|-"),
];
const SEARCHES: [(&str, &str); 4] = [
    ("fts", "to_tsquery"),
    ("plfts", "plainto_tsquery"),
    ("phfts", "phraseto_tsquery"),
    ("wfts", "websearch_to_tsquery"),
];
const STATES: [(&str, &str); 5] = [
    ("null", "null"),
    ("not_null", "not null"),
    ("true", "true"),
    ("false", "false"),
    ("unknown", "unknown"),
];

fn found(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
}

/// Whether a parameter's value begins as a condition does; else it is an argument of a function.
pub(super) fn is_condition(value: &str) -> bool {
    let word = value.split(['.', '(']).next().unwrap_or_default();
    let is_operator =
        [&QUANTIFIED[..], &SIMPLE, &SEARCHES].into_iter().any(|table| found(table, word).is_some());
    let is_word = matches!(word, "not" | "is" | "in" | "isdistinct");
    value.len() > word.len() && (is_operator || is_word)
}

impl Test {
    /// Reads the value of a parameter such as `age=not.gte.18`.
    pub(super) fn read(text: &str) -> Result<Self> {
        let mut cursor = Cursor::new("filter", text);
        test(&mut cursor, |cursor| cursor.take(|_| true).to_owned())
    }
}

impl Condition {
    /// Reads the value of a parameter such as `or=(a.eq.1,not.and(b.is.null,c.gt.2))`.
    pub(super) fn tree(is_negated: bool, is_or: bool, text: &str) -> Result<Self> {
        let mut cursor = Cursor::new("logic tree", text);
        let parts = cursor.list(part)?;
        cursor.end()?;
        Ok(Self::Tree { is_negated, is_or, parts })
    }
}

fn part(cursor: &mut Cursor<'_>) -> Result<Condition> {
    cursor.blanks();
    let part = condition(cursor)?;
    cursor.blanks();
    Ok(part)
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Condition> {
    let opens = cursor.attempt(|cursor| {
        let is_negated = cursor.eat("not.");
        let is_or = cursor.eat("or");
        let is_tree = (is_or || cursor.eat("and")) && cursor.rest().trim_start().starts_with('(');
        is_tree.then_some((is_negated, is_or))
    });
    if let Some((is_negated, is_or)) = opens {
        return Ok(Condition::Tree { is_negated, is_or, parts: cursor.list(part)? });
    }
    let field = Field::read(cursor)?;
    cursor.expect(".")?;
    Ok(Condition::One { field, test: test(cursor, value_in_tree)? })
}

/// A value between commas: quoted, an array in braces, or up to the next comma or bracket.
fn value_in_tree(cursor: &mut Cursor<'_>) -> String {
    let whole = cursor.attempt(|cursor| {
        let value = match cursor.peek()? {
            '"' => cursor.quoted()?,
            '{' => {
                let inner = &cursor.rest()[1..];
                let end = inner.find(['{', '}']).filter(|end| inner[*end..].starts_with('}'))?;
                let array = &cursor.rest()[..end + 2];
                cursor.eat(array);
                return Some(array.to_owned());
            }
            _ => return None,
        };
        matches!(cursor.peek(), None | Some(',' | ')')).then_some(value)
    });
    whole.unwrap_or_else(|| cursor.take(|symbol| !matches!(symbol, ',' | ')')).to_owned())
}

fn test(cursor: &mut Cursor<'_>, value: impl Fn(&mut Cursor<'_>) -> String) -> Result<Test> {
    let is_negated = cursor.eat("not.");
    let start = cursor.unexpected("\"not\" or operator (eq, gt, ...)");
    let word = cursor.take(|symbol| symbol.is_ascii_alphabetic());
    let operation = match word {
        "in" => {
            cursor.expect(".")?;
            Operation::In(listed(cursor)?)
        }
        "is" => {
            cursor.expect(".")?;
            Operation::Is(state(cursor)?)
        }
        "isdistinct" => {
            cursor.expect(".")?;
            Operation::Distinct(value(cursor))
        }
        _ => {
            let in_brackets = bracketed(cursor);
            if word.is_empty() || !cursor.eat(".") {
                return Err(start);
            }
            compared(word, in_brackets, value(cursor)).ok_or(start)?
        }
    };
    Ok(Test { is_negated, operation })
}

/// `any`, `all` or the name of a configuration, in brackets behind the operator.
fn bracketed(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.attempt(|cursor| {
        let is_open = cursor.eat("(");
        let inside = cursor.take(|symbol| symbol.is_alphanumeric() || matches!(symbol, '_' | ' ' | '$'));
        (is_open && cursor.eat(")")).then(|| inside.trim().to_owned())
    })
}

fn compared(word: &str, in_brackets: Option<String>, value: String) -> Option<Operation> {
    if let Some(function) = found(&SEARCHES, word) {
        return Some(Operation::Search { function, config: in_brackets, value });
    }
    let of = match in_brackets.as_deref() {
        None => None,
        Some("any") => Some("any"),
        Some("all") => Some("all"),
        Some(_) => return None,
    };
    let simple = found(&SIMPLE, word).filter(|_| of.is_none());
    let operator = found(&QUANTIFIED, word).or(simple)?;
    let is_pattern = matches!(operator, "like" | "ilike");
    let value = if is_pattern { value.replace('*', "%") } else { value };
    Some(Operation::Compare { operator, of, value })
}

fn state(cursor: &mut Cursor<'_>) -> Result<&'static str> {
    let start = cursor.fault("expecting isVal: (null, not_null, true, false, unknown)".to_owned());
    let word = cursor.take(|symbol| symbol.is_ascii_alphabetic() || symbol == '_').to_ascii_lowercase();
    found(&STATES, &word).ok_or(start)
}

fn listed(cursor: &mut Cursor<'_>) -> Result<Vec<String>> {
    let items = cursor.list(|cursor| {
        let quoted = cursor.attempt(|cursor| {
            let text = cursor.quoted()?;
            matches!(cursor.peek(), None | Some(',' | ')')).then_some(text)
        });
        Ok(quoted.unwrap_or_else(|| cursor.take(|symbol| !matches!(symbol, ',' | ')')).to_owned()))
    })?;
    Ok(if items == [""] { Vec::new() } else { items })
}

#[cfg(test)]
mod tests {
    use super::{Condition, Operation, Test};

    fn read(text: &str) -> Operation {
        Test::read(text).unwrap().operation
    }

    #[test]
    fn operators_are_read_with_their_values() {
        let compare =
            |operator, of, value: &str| Operation::Compare { operator, of, value: value.to_owned() };
        assert_eq!(read("eq.a.b,(c)"), compare("=", None, "a.b,(c)"));
        assert_eq!(read("like(any).{a*,*b}"), compare("like", Some("any"), "{a%,%b}"));
        assert_eq!(read("nxr.[1,2)"), compare("&<", None, "[1,2)"));
        assert_eq!(
            read(r#"in.(1,"a,b",c"d,"e\"f")"#),
            Operation::In(["1", "a,b", "c\"d", "e\"f"].map(str::to_owned).into())
        );
        assert_eq!(read("in.()"), Operation::In(vec![]));
        assert_eq!(read("is.NOT_NULL"), Operation::Is("not null"));
        let search = Operation::Search {
            function: "plainto_tsquery",
            config: Some("english".into()),
            value: "fat".into(),
        };
        assert_eq!(read("plfts(english).fat"), search);
        assert!(Test::read("not.in.(1,2)").unwrap().is_negated);
    }

    #[test]
    fn what_is_no_operator_is_refused() {
        for text in
            ["", "eq", "noop.1", "neq(any).{1}", "like(some).x", "is.maybe", "in.1", "in.(1", "not.not.eq.1"]
        {
            assert!(Test::read(text).is_err(), "{text}");
        }
        let deep = format!("({}a.eq.1{})", "or(".repeat(100), ")".repeat(100));
        assert!(Condition::tree(false, true, &deep).is_err());
        for text in ["()", "(a.eq.1", "a.eq.1", "(a.eq.1,)", "(a)", "(a.eq.1)b"] {
            assert!(Condition::tree(false, true, text).is_err(), "{text}");
        }
    }

    #[test]
    fn trees_hold_trees() {
        let tree =
            Condition::tree(false, true, r#"(a.eq.1,not.and(b.in.(2,3),c.cs.{x,y}),or.eq."4,5")"#).unwrap();
        let Condition::Tree { parts, .. } = tree else { panic!("a tree") };
        assert_eq!(parts.len(), 3);
        let Condition::Tree { is_negated: true, is_or: false, parts: inner } = &parts[1] else {
            panic!("a tree")
        };
        let Condition::One { test, .. } = &inner[1] else { panic!("a leaf") };
        assert_eq!(test.operation, Operation::Compare { operator: "@>", of: None, value: "{x,y}".into() });
        let Condition::One { field, test } = &parts[2] else { panic!("a leaf") };
        assert_eq!(
            (field.name.as_str(), &test.operation),
            ("or", &Operation::Compare { operator: "=", of: None, value: "4,5".into() })
        );
    }
}
