//! A discovery document, as far as requests are made from it: what an API calls its methods, and what each takes.
//!
//! Google describes the format at <https://developers.google.com/discovery/v1/reference/apis>.

use std::collections::BTreeMap;

use fermata_connect::http;
use fermata_model::{CallError, Json};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::arguments::Arguments;
use super::batch::{self, Batch};
use super::nearest::nearest;
use super::{bases, request};

/// The feature of an API whose bodies are wrapped in `data`.
const DATA_WRAPPER: &str = "dataWrapper";
/// Deepest nesting of resources.
const DEPTH_MAX: usize = 12;

/// An API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Such as `gmail`.
    pub(super) name: String,
    /// Such as `v1`.
    pub(super) version: String,
    /// Such as `https://gmail.googleapis.com/`.
    pub(super) root_url: String,
    /// What stands before each path.
    #[serde(default)]
    pub(super) service_path: String,
    /// Where batches go.
    #[serde(default)]
    pub(super) batch_path: String,
    /// Parameters of all methods.
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Parameter>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    methods: BTreeMap<String, Method>,
    #[serde(default)]
    resources: BTreeMap<String, Resource>,
    /// The two above.
    #[serde(skip)]
    root: Resource,
    /// How many methods each scope opens.
    #[serde(skip)]
    pub(super) reach: BTreeMap<String, usize>,
}

#[derive(Debug, Default, Deserialize)]
struct Resource {
    #[serde(default)]
    methods: BTreeMap<String, Method>,
    #[serde(default)]
    resources: BTreeMap<String, Resource>,
}

/// One method.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Method {
    /// Such as `GET`.
    pub(super) http_method: String,
    /// A template, below the API's service path.
    pub(super) path: String,
    /// What it takes in its path and query.
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// There when it takes a body.
    pub(super) request: Option<IgnoredAny>,
    /// There when it answers with JSON.
    pub(super) response: Option<IgnoredAny>,
    /// Each of them opens it.
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// There when it takes media.
    pub(super) media_upload: Option<MediaUpload>,
    /// Whether it can answer with media.
    #[serde(default)]
    pub(super) supports_media_download: bool,
    /// Sent along when it is there.
    pub(super) api_version: Option<String>,
}

/// What media a method takes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaUpload {
    /// Ranges of media types.
    #[serde(default)]
    pub(super) accept: Vec<String>,
    /// Such as `36700160` or `5TB`.
    pub(super) max_size: Option<String>,
}

/// A parameter of the path or the query.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameter {
    /// `string`, `integer`, `number` or `boolean`.
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    /// Such as `int32`.
    pub(super) format: Option<String>,
    /// `path` or `query`.
    #[serde(default)]
    pub(super) location: String,
    /// Whether it must be given.
    #[serde(default)]
    pub(super) required: bool,
    /// Whether it may be given more than once.
    #[serde(default)]
    pub(super) repeated: bool,
    /// A regular expression that fits the value's beginning.
    pub(super) pattern: Option<String>,
    /// The only values.
    #[serde(rename = "enum")]
    pub(super) allowed: Option<Vec<String>>,
    /// Lowest value.
    pub(super) minimum: Option<String>,
    /// Highest value.
    pub(super) maximum: Option<String>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// The parser's account of what is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let mut document: Self = serde_json::from_slice(text)?;
        document.root = Resource {
            methods: std::mem::take(&mut document.methods),
            resources: std::mem::take(&mut document.resources),
        };
        let mut reach = BTreeMap::new();
        document.root.count(&mut reach, DEPTH_MAX);
        document.reach = reach;
        Ok(document)
    }

    /// The request that a call of a method makes, but for its credentials.
    ///
    /// `method` is a path in the API, such as `users.messages.list`; `arguments` is a JSON array as a task gives it.
    ///
    /// # Errors
    /// When there is no such method, or an argument does not suit it.
    pub fn request(&self, method: &str, arguments: &Json) -> Result<http::Request, CallError> {
        let what = format!("{}.{method}", self.name);
        let arguments = Arguments::parse(&what, arguments)?;
        let root = bases::root(None, &self.root_url)?;
        request::build(
            &request::Call { what, document: self, method: self.method(method)?, root },
            arguments.params,
        )
    }

    /// The request that a batch of its methods makes, but for its credentials.
    ///
    /// `arguments` is a JSON array as a task gives it to `tools.gapi.batch`.
    ///
    /// # Errors
    /// As [`Document::request`], for each of the calls.
    pub fn batch(&self, arguments: &Json) -> Result<http::Request, CallError> {
        let batch = Batch::parse(arguments)?;
        let calls = batch::calls(&batch, self, &bases::root(None, &self.root_url)?)?;
        batch::compose(&batch, &calls)
    }

    /// A method by its path.
    ///
    /// # Errors
    /// When there is none; names the nearest one.
    pub(super) fn method(&self, path: &str) -> Result<&Method, CallError> {
        let (resources, name) = path.rsplit_once('.').map_or((None, path), |(all, name)| (Some(all), name));
        let mut resource = Some(&self.root);
        for step in resources.into_iter().flat_map(|all| all.split('.')) {
            resource = resource.and_then(|resource| resource.resources.get(step));
        }
        resource.and_then(|resource| resource.methods.get(name)).ok_or_else(|| self.unknown(path))
    }

    /// Whether bodies are wrapped in `data`.
    pub(super) fn has_data_wrapper(&self) -> bool {
        self.features.iter().any(|feature| feature == DATA_WRAPPER)
    }

    fn unknown(&self, path: &str) -> CallError {
        let mut names = Vec::new();
        self.root.list("", &mut names, DEPTH_MAX);
        let hint = nearest(path, names.iter().map(String::as_str));
        let hint = hint.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        let message = format!("tools.gapi: {} {} has no method {path}{hint}", self.name, self.version);
        CallError::fatal("unknown_method", message)
    }
}

impl Resource {
    fn count(&self, reach: &mut BTreeMap<String, usize>, depth: usize) {
        for scope in self.methods.values().flat_map(|method| &method.scopes) {
            *reach.entry(scope.clone()).or_default() += 1;
        }
        for resource in self.resources.values().filter(|_| depth > 0) {
            resource.count(reach, depth - 1);
        }
    }

    fn list(&self, prefix: &str, names: &mut Vec<String>, depth: usize) {
        names.extend(self.methods.keys().map(|name| format!("{prefix}{name}")));
        for (name, resource) in self.resources.iter().filter(|_| depth > 0) {
            resource.list(&format!("{prefix}{name}."), names, depth - 1);
        }
    }
}
