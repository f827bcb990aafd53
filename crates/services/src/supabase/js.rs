//! What JavaScript makes of a value that came as JSON: the client that is followed here builds its requests by
//! turning values into text.
//!
//! A value stays the JSON text it came as. So a body goes out as it was given, keys keep their order, and the
//! text of a number is the one that JavaScript wrote.

use fermata_model::CallError;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What the guest writes where JSON has no word for a value.
const SIGNS: [(&str, &str); 4] = [
    (r#"{"$js":"undefined"}"#, "undefined"),
    (r#"{"$js":"NaN"}"#, "NaN"),
    (r#"{"$js":"Infinity"}"#, "Infinity"),
    (r#"{"$js":"-Infinity"}"#, "-Infinity"),
];
/// Deepest nesting of lists and objects in arguments; it bounds the recursion here.
const DEPTH_MAX: usize = 100;

/// A value of the guest, as its JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Js<'a>(&'a str);

/// The kinds of values that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Undefined,
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

impl<'a> Js<'a> {
    /// An argument that was not given.
    pub(super) const UNDEFINED: Js<'static> = Js(SIGNS[0].0);

    pub(super) const FALSE: Js<'static> = Js("false");

    /// A value whose JSON is at hand.
    pub(super) fn of(json: &'a str) -> Self {
        Self(json)
    }

    pub(super) fn kind(self) -> Kind {
        match (self.sign(), self.0.as_bytes().first()) {
            (Some("undefined"), _) | (None, None) => Kind::Undefined,
            (Some(_), _) => Kind::Number,
            (None, Some(b'n')) => Kind::Null,
            (None, Some(b't' | b'f')) => Kind::Bool,
            (None, Some(b'"')) => Kind::Text,
            (None, Some(b'[')) => Kind::List,
            (None, Some(b'{')) => Kind::Object,
            (None, Some(_)) => Kind::Number,
        }
    }

    /// The JSON text.
    pub(super) fn raw(self) -> &'a str {
        self.0
    }

    pub(super) fn is_undefined(self) -> bool {
        self.kind() == Kind::Undefined
    }

    /// `value || …` would take it.
    pub(super) fn is_truthy(self) -> bool {
        match self.kind() {
            Kind::Undefined | Kind::Null => false,
            Kind::Bool => self.0 == "true",
            Kind::Number => self.number().is_some_and(|number| number != 0.0 && !number.is_nan()),
            Kind::Text => self.0 != r#""""#,
            Kind::List | Kind::Object => true,
        }
    }

    /// `` `${value}` ``.
    pub(super) fn text(self) -> Result<String, CallError> {
        match self.kind() {
            Kind::Text => read(self.0),
            Kind::List => self.joined(),
            Kind::Object => Ok("[object Object]".to_owned()),
            _ => Ok(self.sign().unwrap_or(self.0).to_owned()),
        }
    }

    /// `value.join(',')` of a list; `text` of anything else.
    pub(super) fn joined(self) -> Result<String, CallError> {
        let Some(items) = self.list()? else { return self.text() };
        let texts: Result<Vec<String>, CallError> = items.into_iter().map(Js::item_text).collect();
        Ok(texts?.join(","))
    }

    fn item_text(self) -> Result<String, CallError> {
        match self.kind() {
            Kind::Undefined | Kind::Null => Ok(String::new()),
            _ => self.text(),
        }
    }

    /// The value as a number, if it is one.
    pub(super) fn number(self) -> Option<f64> {
        if self.kind() != Kind::Number {
            return None;
        }
        match self.sign() {
            Some("Infinity") => Some(f64::INFINITY),
            Some("-Infinity") => Some(f64::NEG_INFINITY),
            Some(_) => Some(f64::NAN),
            None => self.0.parse().ok(),
        }
    }

    /// The items of a list; `None` for anything else.
    pub(super) fn list(self) -> Result<Option<Vec<Js<'a>>>, CallError> {
        if self.kind() != Kind::List {
            return Ok(None);
        }
        let items: Vec<&'a RawValue> = read(self.0)?;
        Ok(Some(items.into_iter().map(Js::from).collect()))
    }

    /// The properties of an object in their order; `None` for anything else.
    pub(super) fn entries(self) -> Result<Option<Vec<(String, Js<'a>)>>, CallError> {
        if self.kind() != Kind::Object {
            return Ok(None);
        }
        let Entries(entries) = read(self.0)?;
        Ok(Some(entries))
    }

    /// `JSON.stringify(value)`; `None` where that is undefined.
    pub(super) fn json(self) -> Result<Option<String>, CallError> {
        match self.kind() {
            Kind::Undefined => Ok(None),
            _ if self.sign().is_some() => Ok(Some("null".to_owned())),
            Kind::List | Kind::Object if self.0.contains(r#"{"$js":"#) => self.without_signs().map(Some),
            _ => Ok(Some(self.0.to_owned())),
        }
    }

    fn without_signs(self) -> Result<String, CallError> {
        if let Some(items) = self.list()? {
            let items: Result<Vec<String>, CallError> =
                items.into_iter().map(|item| Ok(item.json()?.unwrap_or_else(|| "null".to_owned()))).collect();
            return Ok(format!("[{}]", items?.join(",")));
        }
        object(self.entries()?.unwrap_or_default())
    }

    fn sign(self) -> Option<&'static str> {
        SIGNS.iter().find(|(sign, _)| *sign == self.0).map(|(_, word)| *word)
    }
}

impl<'a> From<&'a RawValue> for Js<'a> {
    fn from(value: &'a RawValue) -> Self {
        Self(value.get())
    }
}

/// The JSON of an object with these properties; those that are undefined are left out.
pub(super) fn object(entries: Vec<(String, Js<'_>)>) -> Result<String, CallError> {
    let mut json = String::from("{");
    for (key, value) in entries {
        let Some(value) = value.json()? else { continue };
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&quoted(&key));
        json.push(':');
        json.push_str(&value);
    }
    json.push('}');
    Ok(json)
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Refuses arguments that are nested more deeply than anything here is made for.
pub(super) fn check_depth(json: &str) -> Result<(), CallError> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            let message = format!("tools.supabase: arguments are nested more than {DEPTH_MAX} deep");
            return Err(CallError::fatal("bad_arguments", message));
        }
    }
    Ok(())
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, CallError> {
    let unreadable = |error| {
        let message = format!("tools.supabase: an argument cannot be read: {error}");
        CallError::fatal("bad_arguments", message)
    };
    serde_json::from_str(json).map_err(unreadable)
}

struct Entries<'a>(Vec<(String, Js<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor).map(Entries)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Vec<(String, Js<'de>)>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            entries.push((key, Js::from(value)));
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::{Js, Kind, check_depth};

    fn text(json: &str) -> String {
        Js(json).text().unwrap()
    }

    #[test]
    fn text_is_what_javascript_writes() {
        let cases = [
            ("1e+21", "1e+21"),
            ("-0.5", "-0.5"),
            ("null", "null"),
            ("true", "true"),
            (r#""a\"b""#, "a\"b"),
            ("[1,null,[2,\"x\"]]", "1,,2,x"),
            (r#"{"a":1}"#, "[object Object]"),
            (r#"{"$js":"undefined"}"#, "undefined"),
            (r#"[{"$js":"NaN"},{"$js":"undefined"}]"#, "NaN,"),
        ];
        for (json, expected) in cases {
            assert_eq!(text(json), expected, "{json}");
        }
    }

    #[test]
    fn json_leaves_out_what_is_undefined() {
        let json = r#"{"a":{"$js":"undefined"},"b":[{"$js":"undefined"},{"$js":"NaN"}],"z":"{\"$js\":1}","c":{"d":{"$js":"undefined"}}}"#;
        assert_eq!(Js(json).json().unwrap().unwrap(), r#"{"b":[null,null],"z":"{\"$js\":1}","c":{}}"#);
        assert_eq!(Js(r#"{"b" : 1.0}"#).json().unwrap().unwrap(), r#"{"b" : 1.0}"#);
        assert_eq!(Js::UNDEFINED.json().unwrap(), None);
    }

    #[test]
    fn only_the_signs_are_signs() {
        assert_eq!(Js(r#"{"$js":"other"}"#).kind(), Kind::Object);
        assert_eq!(Js(r#"{"$js":"Infinity"}"#).number(), Some(f64::INFINITY));
        assert!(!Js(r#"{"$js":"NaN"}"#).is_truthy());
    }

    #[test]
    fn half_a_character_is_refused() {
        assert_eq!(Js(r#""\ud800""#).text().unwrap_err().code, "bad_arguments");
    }

    #[test]
    fn depth_counts_brackets_outside_of_text() {
        assert!(check_depth(&"[".repeat(101)).is_err());
        assert!(check_depth(&format!("\"{}\\\"[\"", "[{".repeat(101))).is_ok());
        assert!(check_depth(&"[]".repeat(1000)).is_ok());
    }
}
