//! Discovery documents: served as they are, and searched for the method that a request is for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;

use super::reply::{Ask, Reply};

/// Understood from the start.
const KNOWN: [(&str, &str); 4] =
    [("gmail", "v1"), ("admin", "directory_v1"), ("calendar", "v3"), ("drive", "v3")];

/// The folder, and the APIs that requests are understood for.
pub(super) struct Documents {
    folder: PathBuf,
    apis: Mutex<BTreeMap<String, Arc<Api>>>,
}

/// One API.
pub(super) struct Api {
    /// Its document.
    pub(super) document: Value,
    methods: Vec<Method>,
}

/// One method, and what its paths look like.
struct Method {
    description: Value,
    path: Regex,
    upload: Option<Regex>,
    names: Vec<String>,
    /// Letters that are not variable: of two that fit, the one with more is meant.
    fixed: usize,
}

/// What a request is for.
pub(super) struct Found {
    /// The API.
    pub(super) api: Arc<Api>,
    /// The method's description in the document.
    pub(super) method: Value,
    /// The variables of the path, decoded.
    pub(super) path: BTreeMap<String, String>,
    /// Whether it brings media.
    pub(super) is_upload: bool,
}

impl Documents {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let documents = Self { folder: folder.to_owned(), apis: Mutex::default() };
        for (api, version) in KNOWN {
            let text = documents.read(&format!("{api}.{version}.json"))?;
            documents.learn(api, version, &text)?;
        }
        Ok(documents)
    }

    /// The directory of APIs.
    pub(super) fn directory(&self, ask: &Ask) -> Reply {
        let Ok(directory) =
            self.read("index.json").and_then(|text| Ok(serde_json::from_str::<Value>(&text)?))
        else {
            return Reply::not_found();
        };
        let mut directory = directory;
        if ask.parameter("preferred") == Some("true") {
            let items = directory["items"].as_array_mut();
            items.into_iter().for_each(|items| items.retain(|item| item["preferred"] == true));
        }
        Reply::ok(&directory)
    }

    /// The document of an API, whose requests are understood from here on.
    pub(super) fn document(&self, api: &str, version: &str) -> Reply {
        let is_name =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
        if !is_name(api) || !is_name(version) {
            return Reply::not_found();
        }
        match self.read(&format!("{api}.{version}.json")) {
            Ok(text) if self.learn(api, version, &text).is_ok() => {
                Reply::text(200, "application/json", &text)
            }
            _ => Reply::not_found(),
        }
    }

    /// The method that a request is for.
    pub(super) fn find(&self, ask: &Ask) -> Option<Found> {
        let apis: Vec<Arc<Api>> =
            self.apis.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let all = apis.iter().flat_map(|api| api.methods.iter().map(move |method| (api, method)));
        let fit = all.filter_map(|(api, method)| {
            method.fits(ask).map(|(path, is_upload)| (api, method, path, is_upload))
        });
        let (api, method, path, is_upload) = fit.max_by_key(|(_, method, ..)| method.fixed)?;
        Some(Found { api: Arc::clone(api), method: method.description.clone(), path, is_upload })
    }

    fn read(&self, name: &str) -> Result<String> {
        let path = self.folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn learn(&self, api: &str, version: &str, text: &str) -> Result<()> {
        let name = format!("{api}:{version}");
        if self.apis.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&name) {
            return Ok(());
        }
        let document: Value = serde_json::from_str(text)?;
        let mut methods = Vec::new();
        collect(&document, &document, &mut methods)?;
        let api = Arc::new(Api { document, methods });
        self.apis.lock().unwrap_or_else(PoisonError::into_inner).insert(name, api);
        Ok(())
    }
}

fn collect(document: &Value, resource: &Value, methods: &mut Vec<Method>) -> Result<()> {
    for description in resource["methods"].as_object().into_iter().flat_map(|methods| methods.values()) {
        methods.push(Method::new(document, description)?);
    }
    let mut resources =
        resource["resources"].as_object().into_iter().flat_map(|resources| resources.values());
    resources.try_for_each(|resource| collect(document, resource, methods))
}

impl Method {
    fn new(document: &Value, description: &Value) -> Result<Self> {
        let path = description["path"].as_str().context("a method has no path")?;
        let service = document["servicePath"].as_str().unwrap_or_default();
        let (pattern, names, fixed) = pattern(path)?;
        let service = regex::escape(service);
        let upload = description["mediaUpload"].is_object();
        let upload = upload.then(|| Regex::new(&format!("^/upload/{service}{pattern}$"))).transpose()?;
        let path = Regex::new(&format!("^/{service}{pattern}$"))?;
        Ok(Self { description: description.clone(), path, upload, names, fixed })
    }

    fn fits(&self, ask: &Ask) -> Option<(BTreeMap<String, String>, bool)> {
        if self.description["httpMethod"] != ask.method.as_str() {
            return None;
        }
        let upload = self.upload.as_ref().and_then(|upload| upload.captures(&ask.path));
        let is_upload = upload.is_some();
        let captures = upload.or_else(|| self.path.captures(&ask.path))?;
        let values = captures.iter().skip(1).flatten().map(|value| decoded(value.as_str()));
        Some((self.names.iter().cloned().zip(values).collect(), is_upload))
    }
}

/// A path's template as a pattern, the names of its variables, and how much of it is fixed.
fn pattern(template: &str) -> Result<(String, Vec<String>, usize)> {
    let (mut pattern, mut names, mut fixed) = (String::new(), Vec::new(), 0);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').context("a path's template is broken")?;
        pattern.push_str(&regex::escape(before));
        pattern.push_str(if name.starts_with('+') { "(.+)" } else { "([^/]+)" });
        names.push(name.trim_start_matches('+').to_owned());
        fixed += before.len();
        rest = behind;
    }
    pattern.push_str(&regex::escape(rest));
    Ok((pattern, names, fixed + rest.len()))
}

/// Percent-encoding undone; a plus is a plus in a path.
fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={text}").as_bytes()).map(|(_, value)| value.into_owned()).collect()
}
