//! The types of an API of Google's, from its discovery document.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use super::schema::{Schemas, UNKNOWN, comment, is_identifier, key};

/// Deepest nesting of resources.
const DEPTH_MAX: usize = 12;

/// A discovery document, as far as there are types in it.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    title: String,
    name: String,
    version: String,
    #[serde(default)]
    revision: String,
    #[serde(default)]
    schemas: BTreeMap<String, Value>,
    #[serde(flatten)]
    root: Resource,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    methods: BTreeMap<String, Method>,
    #[serde(default)]
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Method {
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    request: Option<Reference>,
    response: Option<Reference>,
    #[serde(default)]
    supports_media_download: bool,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "$ref", default)]
    name: String,
}

/// Which API a file of types is of.
pub(super) struct Api<'a> {
    /// How tasks call it: `calendar`, or `drive:v2`.
    pub(super) called: &'a str,
    /// Its discovery document.
    pub(super) document: &'a [u8],
}

/// The file with an API's types.
///
/// # Errors
/// The parser's account of what is wrong with the document.
pub(super) fn file(api: &Api<'_>) -> Result<String, serde_json::Error> {
    let document: Document = serde_json::from_slice(api.document)?;
    let space = space_name(&document);
    let is_known = |name: &str| document.schemas.contains_key(name) && is_identifier(name);
    let schemas =
        Schemas { reference: &|name| if is_known(name) { name.to_owned() } else { UNKNOWN.to_owned() } };
    let mut writer = Writer { schemas, params: String::new() };
    let resources = writer.resource(&document.root, "", "", "  ", 0);
    let mut text = String::new();
    let title = if document.title.is_empty() { &document.name } else { &document.title };
    let _ = writeln!(
        text,
        "// {title} {}, of revision {}. Written by `fermata types`; changes are lost.\n",
        one_line(&document.version),
        one_line(&document.revision)
    );
    text.push_str("import type { GapiDownload, GapiOptions, GapiParams } from '../gapi';\n\n");
    let _ = writeln!(
        text,
        "declare module '../gapi' {{\n  interface GapiApis {{\n    readonly {}: {space}.$Api;\n  }}\n}}\n",
        key(api.called)
    );
    let _ = writeln!(text, "export declare namespace {space} {{");
    let _ = writeln!(text, "  interface $Api {resources}\n");
    for (name, schema) in document.schemas.iter().filter(|(name, _)| is_identifier(name)) {
        text.push_str(&comment(super::schema::described(schema), "  "));
        let _ = writeln!(text, "  type {name} = {};\n", writer.schemas.render(schema, "  "));
    }
    text.push_str(&writer.params);
    text.push_str("}\n");
    Ok(text)
}

/// What the types of an API are kept in: `CalendarV3`.
fn space_name(document: &Document) -> String {
    let words = format!("{}_{}", document.name, document.version);
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes resources, and keeps the parameters' types that they need.
struct Writer<'a> {
    schemas: Schemas<'a>,
    params: String,
}

impl Writer<'_> {
    /// A resource as a type: its methods, and the resources below it. `own` is how it can be called itself, for a
    /// method may have the name of a resource.
    fn resource(&mut self, resource: &Resource, own: &str, path: &str, indent: &str, depth: usize) -> String {
        if depth > DEPTH_MAX {
            return UNKNOWN.to_owned();
        }
        let below = format!("{indent}  ");
        let mut text = format!("{{\n{own}");
        for (name, method) in &resource.methods {
            if !resource.resources.contains_key(name) {
                text.push_str(&self.method(&key(name), name, method, path, &below));
            }
        }
        for (name, inner) in &resource.resources {
            let own = match resource.methods.get(name) {
                Some(method) => self.method("", name, method, path, &format!("{below}  ")),
                None => String::new(),
            };
            let path = format!("{path}${}", type_name(name));
            let inner = self.resource(inner, &own, &path, &below, depth + 1);
            let _ = writeln!(text, "{below}readonly {}: {inner};", key(name));
        }
        format!("{text}{indent}}}")
    }

    /// A method as a member of its resource, which has this `key`; without one, as what the resource itself does.
    fn method(&mut self, key: &str, name: &str, method: &Method, path: &str, indent: &str) -> String {
        let params = format!("Params{path}${}", type_name(name));
        let mark = if self.params(&params, method) { "" } else { "?" };
        let response = match &method.response {
            Some(response) => (self.schemas.reference)(&response.name),
            None => "any".to_owned(),
        };
        let mut text = comment(&method.description, indent);
        if method.supports_media_download {
            let _ = writeln!(
                text,
                "{indent}{key}(params: {params} & {{ alt: 'media' }}, options?: GapiOptions): Promise<GapiDownload>;"
            );
        }
        let _ = writeln!(
            text,
            "{indent}{key}(params{mark}: {params}, options?: GapiOptions): Promise<{response}>;"
        );
        text
    }

    /// Writes the type of a method's parameters; tells whether some have to be given.
    fn params(&mut self, name: &str, method: &Method) -> bool {
        let _ = writeln!(self.params, "  interface {name} extends GapiParams {{");
        let mut is_needed = false;
        for (name, parameter) in &method.parameters {
            // What every method takes is in `GapiParams`.
            if matches!(
                name.as_str(),
                "alt" | "fields" | "quotaUser" | "prettyPrint" | "media" | "requestBody"
            ) {
                continue;
            }
            let is = |field: &str| parameter.get(field) == Some(&Value::Bool(true));
            let kind = self.schemas.render(parameter, "    ");
            let kind = if is("repeated") { format!("{kind} | readonly ({kind})[]") } else { kind };
            self.params.push_str(&comment(super::schema::described(parameter), "    "));
            let mark = if is("required") { "" } else { "?" };
            let _ = writeln!(self.params, "    {}{mark}: {kind};", key(name));
            is_needed |= is("required");
        }
        if let Some(request) = &method.request {
            let body = (self.schemas.reference)(&request.name);
            let body = if body == UNKNOWN { "object" } else { &body };
            let _ = writeln!(self.params, "    requestBody?: {body};");
        }
        self.params.push_str("  }\n\n");
        is_needed
    }
}

/// A name as a part of a type's name.
fn type_name(name: &str) -> String {
    capitalized(&name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"))
}
