//! `tools.notion`: pages, databases and search, as the official client asks for them (developers.notion.com).

use fermata_model::{CallError, Json};
use serde_json::value::RawValue;

use crate::args::Args;
use crate::call::{Attempt, Policy, Request, Service, unknown_method};
use crate::encode::{self, Lists, Style};
use crate::fields::Fields;
use crate::rest::{self, Api, Asked};
use crate::way::Way;

static API: Api = Api {
    name: "notion",
    base_url: ("NOTION_API_URL", "https://api.notion.com"),
    headers: &[
        ("authorization", "Bearer {{secret:NOTION_TOKEN}}"),
        ("notion-version", "2025-09-03"),
        ("user-agent", "fermata"),
    ],
};
/// The last version in which a database itself is queried; later ones query its data sources.
const VERSION_OF_DATABASES: &str = "2022-06-28";

/// One method: `{name}` in the path is a member of the request, and so are those of the query; the rest is the body.
struct Method {
    name: &'static str,
    verb: &'static str,
    path: &'static str,
    query: &'static [&'static str],
    needs: &'static [&'static str],
}

const METHODS: [Method; 10] = [
    method("pages.create", "POST", "/v1/pages", &[], &["parent", "properties"]),
    method("pages.retrieve", "GET", "/v1/pages/{page_id}", &["filter_properties"], &[]),
    method("pages.update", "PATCH", "/v1/pages/{page_id}", &[], &[]),
    method("databases.retrieve", "GET", "/v1/databases/{database_id}", &[], &[]),
    method("databases.query", "POST", "/v1/databases/{database_id}/query", &["filter_properties"], &[]),
    method("dataSources.retrieve", "GET", "/v1/data_sources/{data_source_id}", &[], &[]),
    method(
        "dataSources.query",
        "POST",
        "/v1/data_sources/{data_source_id}/query",
        &["filter_properties"],
        &[],
    ),
    method(
        "blocks.children.list",
        "GET",
        "/v1/blocks/{block_id}/children",
        &["start_cursor", "page_size"],
        &[],
    ),
    method("blocks.children.append", "PATCH", "/v1/blocks/{block_id}/children", &[], &["children"]),
    method("search", "POST", "/v1/search", &[], &[]),
];

const fn method(
    name: &'static str,
    verb: &'static str,
    path: &'static str,
    query: &'static [&'static str],
    needs: &'static [&'static str],
) -> Method {
    Method { name, verb, path, query, needs }
}

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Notion;

impl Service for Notion {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        ask(method, args).map(|_| rest::policy())
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        rest::attempt(&API, ask(&request.method, &request.args), way, rest::body)
    }
}

fn ask(name: &str, args: &Json) -> Result<Asked, CallError> {
    let Some(method) = METHODS.iter().find(|method| method.name == name) else {
        return Err(unknown_method("notion", name, &METHODS.map(|method| method.name)));
    };
    let mut args = Args::of("notion", name, args)?;
    let mut request: Fields = args.optional_object("the request")?.unwrap_or_default();
    for need in method.needs {
        if !request.get(need).is_some_and(is_object_or_list) {
            return Err(args.bad(format!("{need} is an object or a list")));
        }
    }
    let mut asked =
        Asked::new(method.verb, path(method.path, &mut request).map_err(|message| args.bad(message))?);
    let query = encode::pairs(&taken(&mut request, method.query), Lists::Repeated);
    asked.query = encode::joined(&query.map_err(|why| args.bad(why))?, Style::Form);
    args.end()?;
    if method.verb != "GET" {
        asked = asked.json(request.to_text());
    }
    // A question asked twice is the same question, and a page is set to what it is set to.
    asked.repeats = matches!(name, "search" | "pages.update") || name.ends_with(".query");
    if name == "databases.query" {
        asked.headers.push(("notion-version", VERSION_OF_DATABASES.to_owned()));
    }
    Ok(asked)
}

fn is_object_or_list(value: &RawValue) -> bool {
    value.get().starts_with(['{', '['])
}

/// The path, with the one member that it names.
fn path(template: &str, request: &mut Fields) -> Result<String, String> {
    let Some((before, rest)) = template.split_once('{') else { return Ok(template.to_owned()) };
    let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
    let id = request.remove(name).and_then(|id| serde_json::from_str::<String>(id.get()).ok());
    let id = id
        .as_deref()
        .and_then(encode::strict_segment)
        .ok_or_else(|| format!("{name} is an id, which is a text"))?;
    Ok(format!("{before}{id}{after}"))
}

/// The members of these names, which the request no longer has.
fn taken(request: &mut Fields, names: &[&str]) -> Fields {
    let mut taken = Fields::default();
    for name in names {
        if let Some(value) = request.remove(name) {
            taken.set(name, value);
        }
    }
    taken
}
