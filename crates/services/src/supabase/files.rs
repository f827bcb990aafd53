//! Files of one bucket: the methods of `storage.from(bucket)`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::http::Body;
use fermata_model::CallError;

use super::ask::{self, Ask};
use super::chain::{Chain, Options, Step};
use super::js::{Js, Kind, object, quoted};
use super::plan::{Plan, Reading};
use super::site::Area;
use super::storage::{self, Files, Form};

const METHODS: [&str; 10] = [
    "list",
    "upload",
    "update",
    "download",
    "remove",
    "move",
    "copy",
    "createSignedUrl",
    "info",
    "getPublicUrl",
];
/// How a list is sorted, and how long it is, unless the task says otherwise.
const LIST_DEFAULTS: [(&str, &str); 2] = [("limit", "100"), ("offset", "0")];
const SORT_DEFAULTS: [(&str, &str); 2] = [("column", "\"name\""), ("order", "\"asc\"")];

/// Reads `from(bucket)` and what follows.
pub(super) fn plan(chain: &mut Chain<'_>) -> Result<Plan, CallError> {
    let from = chain.expect(&["from"])?.called()?;
    let bucket = ask::segment(&from, 0, "the bucket's name")?;
    let throws = chain.peek().is_some_and(|step| step.name == "throwOnError");
    if throws {
        chain.expect(&["throwOnError"])?.called()?;
    }
    let step = chain.expect(&METHODS)?.called()?;
    let (ask, form) = match step.name.as_ref() {
        "list" => (list(&step, &bucket)?, Form::Whole),
        "upload" | "update" => upload(&step, &bucket)?,
        "download" => (download(&step, &bucket)?, Form::File),
        "remove" => (remove(&step, &bucket)?, Form::Whole),
        "move" => (transfer(&step, &from, "/object/move")?, Form::Whole),
        "copy" => (transfer(&step, &from, "/object/copy")?, Form::Copied),
        "createSignedUrl" => sign(&step, &bucket)?,
        "info" => (asked("GET", format!("/object/info/{}", place(&step, &bucket)?)), Form::Known),
        _ => return public(&step, &bucket),
    };
    Ok(Plan::one(ask, Reading::Storage(Files { form, throws })))
}

fn asked(method: &'static str, path: String) -> Ask {
    Ask::new(Area::Storage, method, path)
}

/// The bucket and the file's path in it.
fn place(step: &Step<'_>, bucket: &str) -> Result<String, CallError> {
    let path = ask::path(step, 0, "the file's path")?;
    Ok(format!("{bucket}/{}", path.trim_start_matches('/')))
}

fn list(step: &Step<'_>, bucket: &str) -> Result<Ask, CallError> {
    let options = step.options(1)?;
    let sort = options.get("sortBy");
    let mut sort_by = defaults(&SORT_DEFAULTS);
    merge(&mut sort_by, sort.entries()?.unwrap_or_default());
    let sort_by = object(sort_by)?;
    let prefix = if step.arg(0).is_truthy() { step.text(0)? } else { String::new() };
    let prefix = quoted(&prefix);
    let mut body = defaults(&LIST_DEFAULTS);
    body.push(("sortBy".to_owned(), Js::of(&sort_by)));
    merge(&mut body, options.0);
    merge(&mut body, vec![("sortBy".to_owned(), Js::of(&sort_by)), ("prefix".to_owned(), Js::of(&prefix))]);
    let mut ask = asked("POST", format!("/object/list/{bucket}")).with_json(object(body)?);
    ask.is_read = true;
    Ok(ask)
}

fn defaults<'a>(pairs: &[(&str, &'a str)]) -> Vec<(String, Js<'a>)> {
    pairs.iter().map(|(name, json)| ((*name).to_owned(), Js::of(json))).collect()
}

/// `{ ...into, ...from }`.
fn merge<'a>(into: &mut Vec<(String, Js<'a>)>, from: Vec<(String, Js<'a>)>) {
    for (name, value) in from {
        match into.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => into.push((name, value)),
        }
    }
}

fn upload(step: &Step<'_>, bucket: &str) -> Result<(Ask, Form), CallError> {
    ask::path(step, 0, "the file's path")?;
    let path = without_empty_folders(&step.text(0)?);
    let options = step.options(2)?;
    let is_new = step.name == "upload";
    let mut ask = asked(if is_new { "POST" } else { "PUT" }, format!("/object/{bucket}/{path}"));
    if is_new {
        let upsert = options.defined_text("upsert")?.unwrap_or_else(|| "false".to_owned());
        ask.headers.set_checked("upsert", "x-upsert", &upsert)?;
    }
    let seconds = options.defined_text("cacheControl")?.unwrap_or_else(|| "3600".to_owned());
    ask.headers.set_checked("cacheControl", "cache-control", &format!("max-age={seconds}"))?;
    let kind = options.defined_text("contentType")?.unwrap_or_else(|| "text/plain;charset=UTF-8".to_owned());
    ask.headers.set_checked("contentType", "content-type", &kind)?;
    if let Some(encoding) = options.truthy_text("contentEncoding")? {
        ask.headers.set_checked("contentEncoding", "content-encoding", &encoding)?;
    }
    if let Some(metadata) = options.get("metadata").json()?.filter(|_| options.get("metadata").is_truthy()) {
        ask.headers.set("x-metadata", BASE64.encode(metadata));
    }
    for (name, value) in options.get("headers").entries()?.unwrap_or_default() {
        ask.headers.set_checked("headers", &name, &value.text()?)?;
    }
    ask.body = content(step)?;
    Ok((ask, Form::Uploaded { path }))
}

/// Text as it is, bytes as `{ base64 }`.
fn content(step: &Step<'_>) -> Result<Option<Body>, CallError> {
    let value = step.arg(1);
    if value.kind() == Kind::Text {
        return Ok(Some(value.text()?).filter(|text| !text.is_empty()).map(Body::Text));
    }
    let options = Options(value.entries()?.unwrap_or_default());
    let base64 = options.get("base64");
    let bytes = if base64.kind() == Kind::Text { storage::bytes(&base64.text()?) } else { None };
    bytes.map(Some).ok_or_else(|| step.bad("the file has to be text, bytes, or { base64 }"))
}

fn without_empty_folders(path: &str) -> String {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut kept = String::with_capacity(path.len());
    for symbol in path.chars() {
        if symbol != '/' || !kept.ends_with('/') {
            kept.push(symbol);
        }
    }
    kept
}

fn download(step: &Step<'_>, bucket: &str) -> Result<Ask, CallError> {
    let options = step.options(1)?;
    let transform = transform(step, &options)?;
    let folder = if transform.is_empty() { "object" } else { "render/image/authenticated" };
    let mut ask = asked("GET", format!("/{folder}/{}", place(step, bucket)?));
    for (name, value) in transform.into_iter().chain(more_parameters(&options, &["cacheNonce", "versionId"])?)
    {
        ask.query.set(name, value);
    }
    Ok(ask)
}

/// The parameters by which the server changes an image.
fn transform(step: &Step<'_>, options: &Options<'_>) -> Result<Vec<(&'static str, String)>, CallError> {
    let value = options.get("transform");
    if !value.is_truthy() {
        return Ok(Vec::new());
    }
    let transform = Options(value.entries()?.ok_or_else(|| step.bad("transform has to be an object"))?);
    let mut parameters = Vec::new();
    for name in ["width", "height", "resize", "format", "quality"] {
        if let Some(text) = transform.truthy_text(name)? {
            parameters.push((name, text));
        }
    }
    Ok(parameters)
}

/// The parameters that go out as the options have them.
fn more_parameters(
    options: &Options<'_>,
    names: &[&'static str],
) -> Result<Vec<(&'static str, String)>, CallError> {
    let mut parameters = Vec::new();
    for name in names {
        let value = options.get(name);
        if !matches!(value.kind(), Kind::Undefined | Kind::Null) {
            parameters.push((*name, value.text()?));
        }
    }
    Ok(parameters)
}

/// The parameter that has a browser keep the file, under a name if one is given.
fn download_parameter(options: &Options<'_>) -> Result<Option<(&'static str, String)>, CallError> {
    let value = options.get("download");
    let text = match value.kind() {
        Kind::Bool => String::new(),
        _ => value.text()?,
    };
    Ok(value.is_truthy().then_some(("download", text)))
}

fn remove(step: &Step<'_>, bucket: &str) -> Result<Ask, CallError> {
    if step.arg(0).kind() != Kind::List {
        return Err(step.bad("it takes a list of paths"));
    }
    let body = object(vec![("prefixes".to_owned(), step.arg(0))])?;
    Ok(asked("DELETE", format!("/object/{bucket}")).with_json(body))
}

fn transfer(step: &Step<'_>, from: &Step<'_>, path: &str) -> Result<Ask, CallError> {
    if step.arg(0).kind() != Kind::Text || step.arg(1).kind() != Kind::Text {
        return Err(step.bad("it takes two paths"));
    }
    let options = step.options(2)?;
    let mut body = vec![
        ("bucketId".to_owned(), from.arg(0)),
        ("sourceKey".to_owned(), step.arg(0)),
        ("destinationKey".to_owned(), step.arg(1)),
        ("destinationBucket".to_owned(), options.get("destinationBucket")),
        ("sourceVersionId".to_owned(), options.get("sourceVersionId")),
    ];
    let copies = options.get("copyMetadata");
    if step.name == "copy" && copies.kind() == Kind::Bool {
        body.push(("copyMetadata".to_owned(), copies));
        let metadata = if copies.is_truthy() { Js::UNDEFINED } else { options.get("metadata") };
        body.push(("metadata".to_owned(), metadata));
    }
    Ok(asked("POST", path.to_owned()).with_json(object(body)?))
}

fn sign(step: &Step<'_>, bucket: &str) -> Result<(Ask, Form), CallError> {
    if step.arg(1).number().is_none() {
        return Err(step.bad("the time has to be a number of seconds"));
    }
    let options = step.options(2)?;
    let mut body = vec![("expiresIn".to_owned(), step.arg(1))];
    let transform = options.get("transform");
    if transform.entries()?.is_some_and(|entries| !entries.is_empty()) {
        body.push(("transform".to_owned(), transform));
    }
    let version = options.get("versionId");
    if version.kind() != Kind::Null {
        body.push(("versionId".to_owned(), version));
    }
    let mut ask = asked("POST", format!("/object/sign/{}", place(step, bucket)?)).with_json(object(body)?);
    // It only makes an address.
    ask.is_read = true;
    let mut parameters: Vec<(&str, String)> = download_parameter(&options)?.into_iter().collect();
    parameters.extend(more_parameters(&options, &["cacheNonce"])?);
    Ok((ask, Form::Signed { query: storage::parameters(&parameters) }))
}

fn public(step: &Step<'_>, bucket: &str) -> Result<Plan, CallError> {
    let options = step.options(1)?;
    let transform = transform(step, &options)?;
    let folder = if transform.is_empty() { "object" } else { "render/image" };
    let path = format!("/{folder}/public/{}", place(step, bucket)?);
    let mut parameters: Vec<(&str, String)> = download_parameter(&options)?.into_iter().collect();
    parameters.extend(transform);
    parameters.extend(more_parameters(&options, &["cacheNonce", "versionId"])?);
    let form = Form::Public { path, query: storage::parameters(&parameters) };
    Ok(Plan { asks: Vec::new(), reading: Reading::Storage(Files { form, throws: false }), repeats: false })
}
