//! How like the arguments of a call are to those that an entry names.

use serde_json::Value;

/// How well an entry fits a call; the best is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// It names exactly the call's arguments.
    Exact,
    /// It names some of them.
    Part,
    /// It names none.
    Any,
}

impl Likeness {
    /// Compares what an entry names with a call's arguments; `None` where they contradict.
    pub(super) fn of(named: Option<&[Value]>, args: &[Value]) -> Option<Self> {
        let Some(named) = named else { return Some(Self::Any) };
        if !differences(named, args).is_empty() {
            return None;
        }
        let is_exact = differences(args, named).is_empty();
        Some(if is_exact { Self::Exact } else { Self::Part })
    }
}

/// Where a call's arguments do not have what an entry names: each with its JSON pointer. Arguments and fields
/// that it does not name may be anything; a list within them has to have as many items.
pub(super) fn differences(named: &[Value], args: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, named) in named.iter().enumerate() {
        compare_field(named, args.get(at), &format!("/{at}"), &mut found);
    }
    found
}

fn compare_field(named: &Value, got: Option<&Value>, at: &str, found: &mut Vec<String>) {
    match got {
        Some(got) => compare(named, got, at, found),
        None => found.push(format!("wants {} at {at}, where the call has nothing", short(named))),
    }
}

fn compare(named: &Value, got: &Value, at: &str, found: &mut Vec<String>) {
    match (named, got) {
        (Value::Object(named), Value::Object(got)) => {
            for (key, named) in named {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                compare_field(named, got.get(key), &at, found);
            }
        }
        (Value::Array(named), Value::Array(got)) if named.len() == got.len() => {
            for (index, (named, got)) in named.iter().zip(got).enumerate() {
                compare(named, got, &format!("{at}/{index}"), found);
            }
        }
        _ if named == got || is_same_number(named, got) => {}
        _ => found.push(format!("wants {} at {at}, not {}", short(named), short(got))),
    }
}

/// JSON has one kind of number: `1` is `1.0`.
fn is_same_number(one: &Value, other: &Value) -> bool {
    one.is_number() && other.is_number() && one.as_f64() == other.as_f64()
}

/// The beginning of a value as text.
fn short(value: &Value) -> String {
    const CHARS_MAX: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(named: Value, args: Value) -> Option<Likeness> {
        Likeness::of(named.as_array().map(Vec::as_slice), args.as_array().unwrap())
    }

    #[test]
    fn what_is_not_named_may_be_anything() {
        let args = json!([{ "model": "a", "messages": [{ "role": "user", "content": "hi" }], "n": 1 }, 7]);
        assert_eq!(check(args.clone(), args.clone()), Some(Likeness::Exact));
        assert_eq!(check(Value::Null, args.clone()), Some(Likeness::Any));
        for part in [
            json!([]),
            json!([{}]),
            json!([{ "model": "a", "n": 1.0 }]),
            json!([{ "messages": [{ "content": "hi" }] }, 7]),
        ] {
            assert_eq!(check(part, args.clone()), Some(Likeness::Part));
        }
        for other in [
            json!([{ "model": "b" }]),
            json!([{ "messages": [] }]),
            json!([{ "messages": [{ "role": "user" }, {}] }]),
            json!([{ "extra": null }]),
            json!([{}, 7, null]),
            json!(["model"]),
        ] {
            assert_eq!(check(other, args.clone()), None);
        }
    }

    #[test]
    fn a_difference_is_told_with_its_place() {
        let found =
            differences(&[json!({ "a/b": [1, { "c": 2 }], "d": 3 })], &[json!({ "a/b": [1, { "c": 9 }] })]);
        assert_eq!(found, ["wants 2 at /0/a~1b/1/c, not 9", "wants 3 at /0/d, where the call has nothing"]);
    }
}
