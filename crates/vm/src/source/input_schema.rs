//! The JSON Schema of a task's input, from the `@param` lines of its doc comment.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::doc_comment::{DocComment, DocComments};
use super::param::{Param, Step};
use super::param_type::{ParamType, Schema};

/// Most `@param` lines read of one comment.
const PARAMS_MAX: usize = 500;

/// Reads the task function's doc comment, else the file's first with `@param` lines. `None` unless a
/// line says something about a part of the input.
pub(super) fn derive(docs: &DocComments, task_docs: &[&DocComment]) -> Option<Value> {
    let with_params = |doc: &&DocComment| doc.params().next().is_some();
    let doc = task_docs.iter().copied().find(with_params).or_else(|| docs.iter().find(with_params))?;
    let params: Vec<Param> = doc.params().take(PARAMS_MAX).filter_map(Param::parse).collect();
    let root_name = &params.first()?.root;
    let mut root = Node::default();
    for param in params.iter().filter(|param| param.root == *root_name) {
        root.at(&param.steps).describe(param);
    }
    if root.properties.is_empty() && root.item.is_none() {
        return None;
    }
    Some(Value::Object(root.schema(Schema::new())))
}

/// What the lines say about one part of the input.
#[derive(Debug, Default)]
struct Node {
    own: Schema,
    /// `None` if no line is about this part itself.
    is_optional: Option<bool>,
    properties: BTreeMap<String, Node>,
    item: Option<Box<Node>>,
}

impl Node {
    fn at(&mut self, steps: &[Step]) -> &mut Self {
        steps.iter().fold(self, |node, step| match step {
            Step::Property(name) => node.properties.entry(name.clone()).or_default(),
            Step::Item => node.item.get_or_insert_default(),
        })
    }

    fn describe(&mut self, param: &Param) {
        let ParamType { schema, is_optional } =
            param.type_text.as_deref().map(ParamType::parse).unwrap_or_default();
        self.own = schema;
        self.is_optional = Some(param.is_optional || is_optional);
        if !param.description.is_empty() {
            self.own.insert("description".to_owned(), json!(param.description));
        }
        if let Some(default) = param.default_text.as_deref().and_then(|text| default_value(text, &self.own)) {
            self.own.insert("default".to_owned(), default);
        }
    }

    /// A part that only its own parts are said of is required if one of them is.
    fn is_required(&self) -> bool {
        match self.is_optional {
            Some(is_optional) => !is_optional,
            None => self.item.is_none() && self.properties.values().any(Node::is_required),
        }
    }

    /// Adds to `base`, which is what the line about the whole says of this part.
    fn schema(self, base: Schema) -> Schema {
        let mut schema = base;
        schema.extend(self.own);
        let is_array = schema.get("type").is_some_and(|name| name == "array");
        if let Some(item) = self.item {
            set_type(&mut schema, "array");
            let items = part(&mut schema, "items");
            schema.insert("items".to_owned(), Value::Object(item.schema(items)));
        } else if is_array && !self.properties.is_empty() {
            // `input.items.id` behind `{object[]} input.items` is about each of the items.
            let items = part(&mut schema, "items");
            let each = Self { properties: self.properties, ..Self::default() };
            schema.insert("items".to_owned(), Value::Object(each.schema(items)));
            return schema;
        }
        if !self.properties.is_empty() {
            add_properties(&mut schema, self.properties);
        }
        schema
    }
}

fn add_properties(schema: &mut Schema, nodes: BTreeMap<String, Node>) {
    set_type(schema, "object");
    let mut properties = part(schema, "properties");
    let mut required = match schema.remove("required") {
        Some(Value::Array(names)) => names,
        _ => Vec::new(),
    };
    for (name, node) in nodes {
        if node.is_required() && !required.contains(&json!(name)) {
            required.push(json!(name));
        }
        let base = part(&mut properties, &name);
        properties.insert(name, Value::Object(node.schema(base)));
    }
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), Value::Array(required));
    }
}

/// Sets the type if none is known; `{object|null}` stays what it is.
fn set_type(schema: &mut Schema, name: &str) {
    if !schema.contains_key("type") && !schema.contains_key("anyOf") {
        schema.insert("type".to_owned(), json!(name));
    }
}

/// Takes the schema object under a key, or an empty one.
fn part(schema: &mut Schema, key: &str) -> Schema {
    match schema.remove(key) {
        Some(Value::Object(part)) => part,
        _ => Schema::new(),
    }
}

/// The default as a value, if it is one of the type's.
fn default_value(text: &str, schema: &Schema) -> Option<Value> {
    let quoted = ['\'', '`'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let string = json!(quoted.unwrap_or(text));
    let parsed = serde_json::from_str(text).ok().filter(|_| quoted.is_none());
    let candidates = parsed.into_iter().chain([string]);
    candidates.into_iter().find(|value| fits(value, schema))
}

fn fits(value: &Value, schema: &Schema) -> bool {
    if let Some(Value::Array(allowed)) = schema.get("enum") {
        return allowed.contains(value);
    }
    match schema.get("type") {
        Some(Value::String(name)) => is_of_type(value, name),
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).any(|name| is_of_type(value, name))
        }
        _ => true,
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    }
}
