//! `tools.github`: Octokit's methods for what tasks need most, and `request` for every other route
//! (docs.github.com/rest).

use fermata_model::{CallError, Json, json};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::args::Args;
use crate::call::{Answer, Attempt, Policy, Request, Service, unknown_method};
use crate::encode::{self, Style};
use crate::fields::{Fields, raw};
use crate::rest::{self, Api, Asked, Replied};
use crate::way::Way;

static API: Api = Api {
    name: "github",
    base_url: ("GITHUB_API_URL", "https://api.github.com"),
    headers: &[
        ("accept", "application/vnd.github.v3+json"),
        ("authorization", "token {{secret:GITHUB_TOKEN}}"),
        // GitHub refuses requests without one.
        ("user-agent", "fermata"),
    ],
};
const JSON: &str = "application/json; charset=utf-8";

/// The methods by Octokit's names, their routes, and what each needs beside the parts of its path.
const METHODS: [(&str, &str, &[&str]); 11] = [
    ("issues.create", "POST /repos/{owner}/{repo}/issues", &["title"]),
    ("issues.createComment", "POST /repos/{owner}/{repo}/issues/{issue_number}/comments", &["body"]),
    ("issues.get", "GET /repos/{owner}/{repo}/issues/{issue_number}", &[]),
    ("issues.list", "GET /issues", &[]),
    ("issues.listComments", "GET /repos/{owner}/{repo}/issues/{issue_number}/comments", &[]),
    ("issues.listForRepo", "GET /repos/{owner}/{repo}/issues", &[]),
    ("issues.update", "PATCH /repos/{owner}/{repo}/issues/{issue_number}", &[]),
    ("pulls.get", "GET /repos/{owner}/{repo}/pulls/{pull_number}", &[]),
    ("pulls.list", "GET /repos/{owner}/{repo}/pulls", &[]),
    ("repos.get", "GET /repos/{owner}/{repo}", &[]),
    ("users.getAuthenticated", "GET /user", &[]),
];
const VERBS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// The longest route a task may write, in bytes.
const ROUTE_BYTES_MAX: usize = 2000;

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct GitHub;

impl Service for GitHub {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        ask(method, args).map(|_| rest::policy())
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        rest::attempt(&API, ask(&request.method, &request.args), way, read)
    }
}

fn ask(method: &str, args: &Json) -> Result<Asked, CallError> {
    let known = METHODS.iter().find(|(name, ..)| *name == method);
    let mut args = match (known, method) {
        (None, "request") | (Some(_), _) => Args::of("github", method, args)?,
        (None, _) => {
            let names = METHODS.map(|(name, ..)| name);
            return Err(unknown_method("github", method, &[&names[..], &["request"]].concat()));
        }
    };
    let (route, needs) = match known {
        Some((_, route, needs)) => ((*route).to_owned(), *needs),
        None => (args.text("the route")?, &[][..]),
    };
    let params: Fields = args.optional_object("the parameters")?.unwrap_or_default();
    if let Some(missing) = needs.iter().find(|name| params.get(name).is_none()) {
        return Err(args.bad(format!("{missing} is missing")));
    }
    let asked = along(&route, params).map_err(|message| args.bad(message))?;
    args.end()?;
    Ok(asked)
}

/// A request along a route such as `GET /repos/{owner}/{repo}`: the path takes what it names, the rest is the
/// query or the body.
fn along(route: &str, mut params: Fields) -> Result<Asked, String> {
    if route.len() > ROUTE_BYTES_MAX {
        return Err(format!("the route is over the limit of {ROUTE_BYTES_MAX} bytes"));
    }
    let (verb, template) = route.split_once(' ').unwrap_or(("GET", route));
    let verb = VERBS.into_iter().find(|known| known.eq_ignore_ascii_case(verb));
    let verb = verb.ok_or_else(|| format!("the route begins with one of {}", VERBS.join(", ")))?;
    let path = filled(template.trim(), &mut params)?;
    let mut asked = Asked::new(verb, path);
    if matches!(verb, "GET" | "HEAD") {
        asked.query = query(&params);
    } else if !params.is_empty() {
        asked.body = Some((JSON, params.to_text()));
    }
    Ok(asked)
}

/// Puts parameters into a path's places, and takes them out of the rest.
fn filled(template: &str, params: &mut Fields) -> Result<String, String> {
    if !template.starts_with('/') || template.starts_with("//") {
        return Err("the route's path begins with one slash".into());
    }
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("the route has a brace without its other")?;
        let value = params.remove(name).filter(|value| value.get() != "null");
        let value = value.ok_or_else(|| format!("{name} is missing"))?;
        let segment = encode::strict_segment(&encode::plain(&value));
        let segment = segment.ok_or_else(|| format!("{name} cannot be in a path"))?;
        path.push_str(before);
        path.push_str(&segment);
        rest = after;
    }
    path.push_str(rest);
    let parts = path.split(['?', '#']).next().unwrap_or_default().split('/');
    if parts.map(str::to_ascii_lowercase).any(|part| matches!(part.replace("%2e", ".").as_str(), "." | ".."))
    {
        return Err("the route has a part that is . or ..".into());
    }
    Ok(path)
}

/// As Octokit: a list is one text with commas.
fn query(params: &Fields) -> String {
    let text = |value: &RawValue| {
        let items = serde_json::from_str::<Vec<Box<RawValue>>>(value.get());
        items.map_or_else(
            |_| encode::plain(value),
            |items| items.iter().map(|item| encode::plain(item)).collect::<Vec<_>>().join(","),
        )
    };
    let given = params.members().filter(|(_, value)| value.get() != "null");
    let pairs: Vec<(String, String)> = given.map(|(name, value)| (name.to_owned(), text(value))).collect();
    encode::joined(&pairs, Style::Component)
}

/// As Octokit's answers: the data, and the headers that say where the next page is.
fn read(replied: Replied) -> Result<Answer, CallError> {
    let headers: Map<String, Value> =
        replied.headers.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    let mut answer = Fields::default();
    answer.set("status", raw(&Value::from(replied.status)));
    answer.set("url", raw(&Value::from(replied.url)));
    answer.set("headers", raw(&Value::Object(headers)));
    answer.set("data", (*replied.body).to_owned());
    let value =
        json::parse(answer.to_text()).map_err(|error| CallError::fatal("bad_answer", error.to_string()))?;
    Ok(value.into())
}
