//! The type of a `@param` line as JSON Schema: `{string}`, `{Array<T>}`, `{'a'|'b'}` and their like.
//!
//! What is not understood allows anything: a schema may say too little, but never refuse good input.

use serde_json::{Map, Value, json};

/// A schema object; empty allows anything.
pub(super) type Schema = Map<String, Value>;

/// Longest and deepest type read; a longer one allows anything.
const TYPE_CHARS_MAX: usize = 2_000;
const DEPTH_MAX: usize = 12;

/// What a type expression says.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct ParamType {
    pub(super) schema: Schema,
    /// `{string=}` or `{string|undefined}`: may be left out.
    pub(super) is_optional: bool,
}

impl ParamType {
    /// Reads the text between the braces.
    pub(super) fn parse(text: &str) -> Self {
        if text.chars().count() > TYPE_CHARS_MAX {
            return Self::default();
        }
        let mut reader = Reader { rest: text, depth: 0 };
        let alternatives = reader.union();
        let has_mark = reader.eat("=");
        reader.skip_blanks();
        match alternatives {
            Some(alternatives) if reader.rest.is_empty() => {
                let is_optional = has_mark || alternatives.contains(&Alternative::Undefined);
                Self { schema: join(alternatives), is_optional }
            }
            _ => Self::default(),
        }
    }
}

/// One member of a union.
#[derive(Debug, Clone, PartialEq)]
enum Alternative {
    Any,
    Undefined,
    /// Exactly this value.
    Literal(Value),
    /// `{"type": …}` and nothing else.
    Plain(&'static str),
    Schema(Schema),
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn union(&mut self) -> Option<Vec<Alternative>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        self.eat("|");
        let mut alternatives = self.postfix()?;
        while self.eat("|") {
            alternatives.extend(self.postfix()?);
        }
        self.depth -= 1;
        Some(alternatives)
    }

    fn postfix(&mut self) -> Option<Vec<Alternative>> {
        let mut alternatives = self.prefix()?;
        while self.eat("[]") {
            alternatives = vec![array(join(alternatives))];
        }
        if self.eat("?") {
            alternatives.push(Alternative::Literal(Value::Null));
        }
        self.eat("!");
        Some(alternatives)
    }

    fn prefix(&mut self) -> Option<Vec<Alternative>> {
        let nullable = self.eat("?");
        let _ = self.eat("!") || self.eat("...");
        let mut alternatives = self.primary()?;
        if nullable {
            alternatives.push(Alternative::Literal(Value::Null));
        }
        Some(alternatives)
    }

    fn primary(&mut self) -> Option<Vec<Alternative>> {
        self.skip_blanks();
        match self.rest.chars().next()? {
            '(' => {
                self.eat("(");
                let inside = self.union()?;
                self.eat(")").then_some(inside)
            }
            '{' => self.record().map(|alternative| vec![alternative]),
            '*' => self.eat("*").then(|| vec![Alternative::Any]),
            quote @ ('"' | '\'' | '`') => self.string(quote).map(|literal| vec![literal]),
            sign if sign == '-' || sign.is_ascii_digit() => self.number().map(|literal| vec![literal]),
            _ => self.named(),
        }
    }

    fn string(&mut self, quote: char) -> Option<Alternative> {
        let inside = self.rest.strip_prefix(quote)?;
        let (text, rest) = inside.split_once(quote)?;
        self.rest = rest;
        (!text.contains('\\')).then(|| Alternative::Literal(json!(text)))
    }

    fn number(&mut self) -> Option<Alternative> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        serde_json::from_str(number).ok().filter(Value::is_number).map(Alternative::Literal)
    }

    /// `{name: T, other?: U}`
    fn record(&mut self) -> Option<Alternative> {
        self.eat("{");
        let (mut properties, mut required) = (Map::new(), Vec::new());
        while !self.eat("}") {
            let name = self.word()?;
            let may_miss = self.eat("?");
            let value = if self.eat(":") { self.union()? } else { vec![Alternative::Any] };
            if !may_miss && !value.contains(&Alternative::Undefined) {
                required.push(json!(name));
            }
            properties.insert(name, Value::Object(join(value)));
            let _ = self.eat(",") || self.eat(";");
        }
        let mut schema = of_type("object");
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        Some(Alternative::Schema(schema))
    }

    fn word(&mut self) -> Option<String> {
        self.skip_blanks();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '#' | '~' | '-');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn named(&mut self) -> Option<Vec<Alternative>> {
        let word = self.word()?;
        let name = word.trim_end_matches('.');
        let arguments = if self.eat("<") { self.arguments()? } else { Vec::new() };
        Some(named(name, arguments))
    }

    fn arguments(&mut self) -> Option<Vec<Schema>> {
        let mut arguments = Vec::new();
        loop {
            arguments.push(join(self.union()?));
            if !self.eat(",") {
                return self.eat(">").then_some(arguments);
            }
        }
    }
}

/// What a name stands for. One of the author's own allows anything.
fn named(name: &str, mut arguments: Vec<Schema>) -> Vec<Alternative> {
    let alternative = match name {
        "string" | "String" => Alternative::Plain("string"),
        "number" | "Number" | "float" | "double" => Alternative::Plain("number"),
        "integer" | "Integer" | "int" => Alternative::Plain("integer"),
        "boolean" | "Boolean" | "bool" => Alternative::Plain("boolean"),
        "null" => Alternative::Literal(Value::Null),
        "true" => Alternative::Literal(json!(true)),
        "false" => Alternative::Literal(json!(false)),
        "undefined" | "void" => Alternative::Undefined,
        "array" | "Array" | "ReadonlyArray" | "Set" => array(arguments.pop().unwrap_or_default()),
        "object" | "Object" | "Record" | "Map" => match arguments.pop() {
            Some(values) if !values.is_empty() => {
                let mut schema = of_type("object");
                schema.insert("additionalProperties".to_owned(), Value::Object(values));
                Alternative::Schema(schema)
            }
            _ => Alternative::Plain("object"),
        },
        _ => Alternative::Any,
    };
    vec![alternative]
}

fn of_type(name: &str) -> Schema {
    Map::from_iter([("type".to_owned(), json!(name))])
}

fn array(items: Schema) -> Alternative {
    if items.is_empty() {
        return Alternative::Plain("array");
    }
    let mut schema = of_type("array");
    schema.insert("items".to_owned(), Value::Object(items));
    Alternative::Schema(schema)
}

/// The schema of a union, in the shortest of its forms: `type`, `enum` or `anyOf`.
fn join(mut alternatives: Vec<Alternative>) -> Schema {
    alternatives.retain(|alternative| *alternative != Alternative::Undefined);
    if alternatives.is_empty() || alternatives.contains(&Alternative::Any) {
        return Schema::new();
    }
    let literals: Vec<Value> = alternatives.iter().filter_map(literal).collect();
    if literals.len() == alternatives.len() && literals.iter().any(|literal| !literal.is_null()) {
        return Map::from_iter([("enum".to_owned(), Value::Array(unique(literals)))]);
    }
    let types: Vec<Value> = alternatives.iter().filter_map(type_name).collect();
    if types.len() == alternatives.len() {
        let mut types = unique(types);
        let types = if types.len() == 1 { types.remove(0) } else { Value::Array(types) };
        return Map::from_iter([("type".to_owned(), types)]);
    }
    let mut schemas = unique(alternatives.into_iter().map(schema_of).collect());
    match schemas.pop() {
        Some(Value::Object(only)) if schemas.is_empty() => only,
        last => {
            schemas.extend(last);
            Map::from_iter([("anyOf".to_owned(), Value::Array(schemas))])
        }
    }
}

fn literal(alternative: &Alternative) -> Option<Value> {
    match alternative {
        Alternative::Literal(value) => Some(value.clone()),
        _ => None,
    }
}

fn type_name(alternative: &Alternative) -> Option<Value> {
    match alternative {
        Alternative::Plain(name) => Some(json!(name)),
        Alternative::Literal(Value::Null) => Some(json!("null")),
        _ => None,
    }
}

fn schema_of(alternative: Alternative) -> Value {
    match alternative {
        Alternative::Plain(name) => Value::Object(of_type(name)),
        Alternative::Schema(schema) => Value::Object(schema),
        Alternative::Literal(Value::Null) => Value::Object(of_type("null")),
        Alternative::Literal(value) => json!({ "enum": [value] }),
        Alternative::Any | Alternative::Undefined => json!({}),
    }
}

fn unique(values: Vec<Value>) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}
