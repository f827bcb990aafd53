//! The arguments of a call, held against its path.

use fermata_model::{CallError, Json};

use super::options::Options;
use super::paths::{self, Path, Takes};
use crate::args::Args;
use crate::call::unknown_method;
use crate::encode;
use crate::fields::Fields;

/// A call whose arguments are in order.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) path: &'static Path,
    /// The URL after the base URL, without a query.
    pub(super) url: String,
    /// What the task put into the query.
    pub(super) query: Fields,
    pub(super) body: Option<Fields>,
    /// Whether the task wants the answer streamed.
    pub(super) streamed: bool,
    pub(super) options: Options,
}

impl Call {
    /// Reads a call.
    ///
    /// # Errors
    /// When there is no such method, or an argument is missing, too many or wrong.
    pub(super) fn read(method: &str, args: &Json) -> Result<Self, CallError> {
        let path = paths::find(method).ok_or_else(|| unknown_method("openai", method, &paths::names()))?;
        let mut args = Args::of("openai", method, args)?;
        let mut url = path.url.to_owned();
        for _ in 0..path.texts() {
            let segment = encode::segment(&args.text("the id")?);
            url = url.replacen("{}", &segment.ok_or_else(|| args.bad("the id cannot be one"))?, 1);
        }
        let (mut query, mut body) = (Fields::default(), None);
        match path.takes {
            Takes::Nothing => {}
            Takes::Query => query = args.optional_object("the query")?.unwrap_or_default(),
            Takes::Body(needs) => body = Some(read_body(&mut args, needs)?),
        }
        let mut options: Options = args.optional_object("the options")?.unwrap_or_default();
        options.check().map_err(|message| args.bad(message))?;
        for (name, value) in std::mem::take(&mut options.query).into_members() {
            query.set(&name, value);
        }
        let streamed = streamed(path, body.as_ref(), &query).map_err(|message| args.bad(message))?;
        args.end()?;
        Ok(Self { path, url, query, body, streamed, options })
    }
}

fn read_body(args: &mut Args, needs: &[&str]) -> Result<Fields, CallError> {
    let body: Fields = match needs {
        [] => args.optional_object("the request")?.unwrap_or_default(),
        _ => args.object("the request")?,
    };
    for need in needs {
        if !need.split('|').any(|name| body.get(name).is_some()) {
            return Err(args.bad(format!("{} is missing", need.replace('|', " or "))));
        }
    }
    let is_text = |name| body.read::<String>(name).is_some_and(|text| !text.trim().is_empty());
    if body.get("model").is_some() && !is_text("model") {
        return Err(args.bad("model is a text that is not empty"));
    }
    Ok(body)
}

fn streamed(path: &Path, body: Option<&Fields>, query: &Fields) -> Result<bool, &'static str> {
    if query.get("stream").is_some_and(|stream| stream.get() != "false") {
        return Err("stream belongs into the request of a method that makes something");
    }
    let Some(stream) = body.and_then(|body| body.get("stream")) else { return Ok(false) };
    match stream.get() {
        "false" => Ok(false),
        "true" if path.streams() => Ok(true),
        "true" => Err("stream: this method's answer is not streamed; leave it out"),
        _ => Err("stream is true or false"),
    }
}
