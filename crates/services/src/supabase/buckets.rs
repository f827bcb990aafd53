//! Buckets: the methods of `storage` itself.

use fermata_model::CallError;

use super::ask::{self, Ask};
use super::chain::{Chain, Step};
use super::js::{Js, object};
use super::plan::{Plan, Reading};
use super::site::Area;
use super::storage::{Files, Form};

const METHODS: [&str; 7] =
    ["from", "listBuckets", "getBucket", "createBucket", "updateBucket", "emptyBucket", "deleteBucket"];

/// Reads one of the methods.
pub(super) fn plan(chain: &mut Chain<'_>) -> Result<Plan, CallError> {
    let step = chain.expect(&METHODS)?.called()?;
    let ask = match step.name.as_ref() {
        "listBuckets" => list(&step)?,
        "getBucket" => asked("GET", bucket(&step)?),
        "createBucket" => asked("POST", "/bucket".to_owned()).with_json(described(&step, true)?),
        "updateBucket" => asked("PUT", bucket(&step)?).with_json(described(&step, false)?),
        "emptyBucket" => asked("POST", bucket(&step)? + "/empty").with_json("{}".to_owned()),
        _ => asked("DELETE", bucket(&step)?).with_json("{}".to_owned()),
    };
    Ok(Plan::one(ask, Reading::Storage(Files { form: Form::Whole, throws: false })))
}

fn asked(method: &'static str, path: String) -> Ask {
    Ask::new(Area::Storage, method, path)
}

fn bucket(step: &Step<'_>) -> Result<String, CallError> {
    Ok(format!("/bucket/{}", ask::segment(step, 0, "the bucket's name")?))
}

fn list(step: &Step<'_>) -> Result<Ask, CallError> {
    let options = step.options(0)?;
    let mut ask = asked("GET", "/bucket".to_owned());
    for name in ["limit", "offset"] {
        if let Some(number) = options.defined_text(name)? {
            ask.query.set(name, number);
        }
    }
    for name in ["search", "sortColumn", "sortOrder"] {
        if let Some(text) = options.truthy_text(name)? {
            ask.query.set(name, text);
        }
    }
    Ok(ask)
}

fn described(step: &Step<'_>, is_new: bool) -> Result<String, CallError> {
    ask::segment(step, 0, "the bucket's name")?;
    let options = step.options(1)?;
    let mut body = vec![("id".to_owned(), step.arg(0)), ("name".to_owned(), step.arg(0))];
    if is_new {
        body.push(("type".to_owned(), options.get("type")));
    }
    let public = if is_new && step.arg(1).is_undefined() { Js::FALSE } else { options.get("public") };
    body.push(("public".to_owned(), public));
    body.push(("file_size_limit".to_owned(), options.get("fileSizeLimit")));
    body.push(("allowed_mime_types".to_owned(), options.get("allowedMimeTypes")));
    body.push(("versioning_status".to_owned(), options.get("versioningStatus")));
    object(body)
}
