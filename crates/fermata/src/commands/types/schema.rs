//! A JSON Schema as a TypeScript type: drafts as tasks use them, and the older one of Google's descriptions.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Deepest nesting that is written out; what lies below is `unknown`.
const DEPTH_MAX: usize = 24;
/// What a value is of which nothing can be said.
pub(super) const UNKNOWN: &str = "unknown";

/// Writes schemas out as types.
pub(super) struct Schemas<'a> {
    /// What a `$ref` names, as a type; [`UNKNOWN`] when there is no such thing.
    pub(super) reference: &'a dyn Fn(&str) -> String,
}

impl Schemas<'_> {
    /// The type of a schema. `indent` is what its lines but the first begin with.
    pub(super) fn render(&self, schema: &Value, indent: &str) -> String {
        self.at_depth(schema, indent, 0)
    }

    fn at_depth(&self, schema: &Value, indent: &str, depth: usize) -> String {
        let Value::Object(schema) = schema else { return UNKNOWN.to_owned() };
        if depth > DEPTH_MAX {
            return UNKNOWN.to_owned();
        }
        let all = |schemas: &[Value]| -> Vec<String> {
            schemas.iter().map(|schema| self.at_depth(schema, indent, depth + 1)).collect()
        };
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            return (self.reference)(name);
        }
        if let Some(value) = schema.get("const") {
            return literal(value);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return union(values.iter().map(literal).collect());
        }
        if let Some(choices) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            return union(all(choices));
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            let parts = all(parts);
            return parts.iter().map(|part| in_parentheses(part)).collect::<Vec<_>>().join(" & ");
        }
        match schema.get("type") {
            Some(Value::String(kind)) => self.of_kind(kind, schema, indent, depth),
            Some(Value::Array(kinds)) => {
                let kinds = kinds.iter().filter_map(Value::as_str);
                union(kinds.map(|kind| self.of_kind(kind, schema, indent, depth)).collect())
            }
            _ if schema.contains_key("properties") => self.object(schema, indent, depth),
            _ => UNKNOWN.to_owned(),
        }
    }

    fn of_kind(&self, kind: &str, schema: &Map<String, Value>, indent: &str, depth: usize) -> String {
        match kind {
            "string" | "boolean" | "null" => kind.to_owned(),
            "number" | "integer" => "number".to_owned(),
            "array" => self.array(schema, indent, depth),
            "object" => self.object(schema, indent, depth),
            "any" => "any".to_owned(),
            _ => UNKNOWN.to_owned(),
        }
    }

    fn array(&self, schema: &Map<String, Value>, indent: &str, depth: usize) -> String {
        let item = schema
            .get("items")
            .map_or_else(|| UNKNOWN.to_owned(), |item| self.at_depth(item, indent, depth + 1));
        format!("{}[]", in_parentheses(&item))
    }

    fn object(&self, schema: &Map<String, Value>, indent: &str, depth: usize) -> String {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required: Vec<&str> = match schema.get("required").and_then(Value::as_array) {
            Some(names) => names.iter().filter_map(Value::as_str).collect(),
            None => Vec::new(),
        };
        let below = format!("{indent}  ");
        let mut text = String::from("{\n");
        for (name, property) in properties {
            text.push_str(&comment(described(property), &below));
            let mark = if required.contains(&name.as_str()) { "" } else { "?" };
            let kind = self.at_depth(property, &below, depth + 1);
            let _ = writeln!(text, "{below}{}{mark}: {kind};", key(name));
        }
        match schema.get("additionalProperties") {
            // An index has to suit every property.
            Some(Value::Bool(false)) => {}
            Some(rest @ Value::Object(_)) if properties.is_empty() => {
                let _ = writeln!(text, "{below}[name: string]: {};", self.at_depth(rest, &below, depth + 1));
            }
            None if !properties.is_empty() => {}
            _ => {
                let _ = writeln!(text, "{below}[name: string]: any;");
            }
        }
        if text == "{\n" { "{}".to_owned() } else { format!("{text}{indent}}}") }
    }
}

/// What a schema says of itself.
pub(super) fn described(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// A doc comment on lines of its own; nothing when there is nothing to say.
pub(super) fn comment(text: &str, indent: &str) -> String {
    let text = text.replace("*/", "*\\/").replace('\r', "");
    let mut lines = text.trim().lines();
    match (lines.next(), lines.next()) {
        (None, _) => String::new(),
        (Some(line), None) => format!("{indent}/** {} */\n", line.trim()),
        (Some(first), Some(second)) => {
            let mut comment = format!("{indent}/**\n");
            for line in [first, second].into_iter().chain(lines) {
                let _ = writeln!(comment, "{}", format!("{indent} * {}", line.trim()).trim_end());
            }
            format!("{comment}{indent} */\n")
        }
    }
}

/// A name as the key of a type's member.
pub(super) fn key(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { literal(&Value::from(name)) }
}

/// Whether a name can stand without quotes.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
    bytes.next().is_some_and(is_letter) && bytes.all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

/// A JSON value as a literal type. Objects and arrays are none.
fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
            let escaped = escaped.replace('\n', "\\n").replace('\r', "\\r");
            format!("'{}'", escaped.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
        }
        Value::Object(_) | Value::Array(_) => UNKNOWN.to_owned(),
        other => other.to_string(),
    }
}

fn union(mut kinds: Vec<String>) -> String {
    let mut seen = std::collections::HashSet::new();
    kinds.retain(|kind| seen.insert(kind.clone()));
    match kinds.len() {
        0 => "never".to_owned(),
        _ => kinds.join(" | "),
    }
}

fn in_parentheses(kind: &str) -> String {
    let is_one = kind.starts_with('{') && kind.ends_with('}') && !kind.contains("} |");
    if is_one || !kind.contains(" | ") && !kind.contains(" & ") {
        kind.to_owned()
    } else {
        format!("({kind})")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: Value, expected: &str) {
        let schemas = Schemas { reference: &|name| format!("Named{}", name.len()) };
        assert_eq!(schemas.render(&schema, ""), expected, "{schema}");
    }

    #[test]
    fn schemas_become_types() {
        check(json!(true), "unknown");
        check(json!({}), "unknown");
        check(json!({ "type": "any" }), "any");
        check(json!({ "type": "integer" }), "number");
        check(json!({ "type": ["string", "null"] }), "string | null");
        check(json!({ "const": "it's" }), r"'it\'s'");
        check(json!({ "enum": ["a", 1, null, "a"] }), "'a' | 1 | null");
        check(json!({ "type": "array", "items": { "enum": ["a", "b"] } }), "('a' | 'b')[]");
        check(json!({ "type": "array" }), "unknown[]");
        check(json!({ "$ref": "abc" }), "Named3");
        check(json!({ "anyOf": [{ "type": "string" }, { "$ref": "x" }] }), "string | Named1");
        check(json!({ "allOf": [{ "enum": [1, 2] }, { "type": "number" }] }), "(1 | 2) & number");
        check(
            json!({ "type": "object", "additionalProperties": { "type": "number" } }),
            "{\n  [name: string]: number;\n}",
        );
        check(json!({ "type": "object" }), "{\n  [name: string]: any;\n}");
        check(json!({ "type": "object", "additionalProperties": false }), "{}");
        check(
            json!({
                "type": "object",
                "properties": { "a-b": { "description": "Why */ not.\nSo.", "type": "array", "items": { "properties": { "x": {} } } } },
                "required": ["a-b"],
            }),
            "{\n  /**\n   * Why *\\/ not.\n   * So.\n   */\n  'a-b': {\n    x?: unknown;\n  }[];\n}",
        );
    }

    #[test]
    fn nesting_without_end_ends() {
        let mut schema = json!({ "type": "string" });
        for _ in 0..100 {
            schema = json!({ "type": "array", "items": schema });
        }
        check(schema, &format!("unknown{}", "[]".repeat(DEPTH_MAX + 1)));
    }
}
