//! `tools.hubspot`: contacts, deals and companies, as the official client asks for them
//! (developers.hubspot.com/docs/api/crm).

use fermata_model::{CallError, Json};
use serde_json::{Value, json};

use crate::args::Args;
use crate::call::{Answer, Attempt, Policy, Request, Service, unknown_method};
use crate::encode::{self, Style};
use crate::fields::Fields;
use crate::rest::{self, Api, Asked, Replied};
use crate::way::Way;

static API: Api = Api {
    name: "hubspot",
    base_url: ("HUBSPOT_API_URL", "https://api.hubapi.com"),
    headers: &[
        ("accept", "application/json, */*;q=0.8"),
        ("authorization", "Bearer {{secret:HUBSPOT_TOKEN}}"),
    ],
};

/// What there is: `crm.contacts` and so on.
const OBJECTS: [&str; 4] = ["contacts", "deals", "companies", "tickets"];
const METHODS: [&str; 5] =
    ["basicApi.create", "basicApi.getById", "basicApi.update", "basicApi.archive", "upsert"];

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct HubSpot;

impl Service for HubSpot {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        ask(method, args).map(|_| rest::policy())
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        let read = if request.method.ends_with(".upsert") { first } else { rest::body };
        rest::attempt(&API, ask(&request.method, &request.args), way, read)
    }
}

fn ask(method: &str, args: &Json) -> Result<Asked, CallError> {
    let parts = method.strip_prefix("crm.").and_then(|rest| rest.split_once('.'));
    let Some((object, action)) = parts.filter(|(object, _)| OBJECTS.contains(object)) else {
        return Err(unknown(method));
    };
    let base = format!("/crm/v3/objects/{object}");
    let mut args = Args::of("hubspot", method, args)?;
    let asked = match action {
        "basicApi.create" => create(&base, &mut args),
        "basicApi.getById" => get(&base, &mut args),
        "basicApi.update" => update(&base, &mut args),
        "basicApi.archive" => Ok(Asked::new("DELETE", format!("{base}/{}", args.segment("the id")?))),
        "upsert" => upsert(&base, object, &mut args),
        _ => Err(unknown(method)),
    }?;
    args.end()?;
    Ok(asked)
}

fn unknown(method: &str) -> CallError {
    let known: Vec<String> = OBJECTS
        .iter()
        .flat_map(|object| METHODS.iter().map(move |name| format!("crm.{object}.{name}")))
        .collect();
    unknown_method("hubspot", method, &known.iter().map(String::as_str).collect::<Vec<_>>())
}

/// An object with an object in `properties`.
fn with_properties(args: &mut Args, name: &str) -> Result<Fields, CallError> {
    let object = args.object(name)?;
    match object.get("properties") {
        Some(properties) if properties.get().starts_with('{') => Ok(object),
        _ => Err(args.bad("properties is an object")),
    }
}

fn create(base: &str, args: &mut Args) -> Result<Asked, CallError> {
    Ok(Asked::new("POST", base).json(with_properties(args, "the object")?.to_text()))
}

fn get(base: &str, args: &mut Args) -> Result<Asked, CallError> {
    let path = format!("{base}/{}", args.segment("the id")?);
    let mut pairs = Vec::new();
    for name in ["properties", "propertiesWithHistory", "associations"] {
        let values: Vec<String> = args.optional(name)?.unwrap_or_default();
        pairs.extend(values.into_iter().map(|value| (name.to_owned(), value)));
    }
    let archived: Option<bool> = args.optional("archived")?;
    pairs.extend(archived.map(|archived| ("archived".to_owned(), archived.to_string())));
    pairs.extend(id_property(args)?);
    Ok(Asked { query: encode::joined(&pairs, Style::Form), ..Asked::new("GET", path) })
}

fn update(base: &str, args: &mut Args) -> Result<Asked, CallError> {
    let path = format!("{base}/{}", args.segment("the id")?);
    let body = with_properties(args, "the object")?.to_text();
    let pairs: Vec<(String, String)> = id_property(args)?.into_iter().collect();
    let query = encode::joined(&pairs, Style::Form);
    Ok(Asked { query, repeats: true, ..Asked::new("PATCH", path).json(body) })
}

fn id_property(args: &mut Args) -> Result<Option<(String, String)>, CallError> {
    let name: Option<String> = args.optional("idProperty")?;
    Ok(name.map(|name| ("idProperty".to_owned(), name)))
}

/// One object, found by a property that is its own alone: a contact's `email`, or what `idProperty` says.
fn upsert(base: &str, object: &str, args: &mut Args) -> Result<Asked, CallError> {
    let given = args.object("the object")?;
    let properties: Option<serde_json::Map<String, Value>> = given.read("properties");
    if given.get("properties").is_some() && properties.is_none() {
        return Err(args.bad("properties is an object"));
    }
    let mut properties = properties.unwrap_or_default();
    let text = |name: &str| {
        let text = given.read::<String>(name).filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| args.bad(format!("{name} is a text that is not empty")))
    };
    let (property, id) = if object == "contacts" && !given.has("idProperty") {
        let email = text("email")?;
        properties.insert("email".into(), email.clone().into());
        ("email".to_owned(), email)
    } else {
        (text("idProperty")?, text("idValue")?)
    };
    let input = json!({ "idProperty": property, "id": id, "properties": properties });
    let asked =
        Asked::new("POST", format!("{base}/batch/upsert")).json(json!({ "inputs": [input] }).to_string());
    Ok(Asked { repeats: true, ..asked })
}

/// The one object of a batch of one.
fn first(replied: Replied) -> Result<Answer, CallError> {
    let batch: Option<Fields> = serde_json::from_str(replied.body.get()).ok();
    let results: Option<Vec<Json>> = batch.and_then(|batch| batch.read("results"));
    let one = results.and_then(|results| results.into_iter().next());
    Ok(one.unwrap_or(replied.body).into())
}
