//! Discovery documents and the directory of them, fetched when they are needed and kept for a while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fermata_connect::http;
use fermata_model::CallError;
use moka::future::Cache;
use serde::Deserialize;

use super::bases::Bases;
use super::document::Document;
use super::nearest::nearest;
use super::path::{self, Path, is_api, is_version};
use super::{error, shared};
use crate::call::Failure;
use crate::way::Way;

/// The directory's server.
const DIRECTORY: &str = "https://www.googleapis.com";
/// Most bytes of documents kept, counted as they were sent; what is kept of them is far less.
const DOCUMENTS_BYTES_MAX: u64 = 64 << 20;
/// How long a document and the directory are believed.
const LIFE: Duration = Duration::from_secs(24 * 3600);
/// Most directories kept: one for each server that the keystores name.
const DIRECTORIES_MAX: u64 = 16;
/// Most APIs of a directory.
const APIS_MAX: usize = 5000;
/// Time for one document.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The documents of all workspaces: they are public. Each server's are apart, for a keystore may name any.
pub(super) struct Discovery {
    documents: Cache<Name, Arc<Kept>>,
    directories: Cache<Option<String>, Arc<BTreeMap<String, String>>>,
}

/// What a document is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name {
    server: Option<String>,
    api: String,
    version: String,
}

/// A document and how large it was.
struct Kept {
    document: Arc<Document>,
    bytes: u32,
}

/// A document, and the text that it was read from.
struct Fetched {
    kept: Arc<Kept>,
    text: Vec<u8>,
}

/// Google's description of an API, for whoever wants more of it than requests are made from.
#[derive(Debug)]
pub struct Description {
    /// The API's version, such as `v3`.
    pub version: String,
    /// The discovery document, as it came; it is JSON.
    pub text: Vec<u8>,
}

/// Asks Google, or the server that stands for it, for the description of an API: `calendar`, or `drive:v2` for another
/// version than Google prefers.
///
/// # Errors
/// When the name cannot be one, Google has no such API, or does not answer with a document.
pub async fn describe(way: &Way<'_>, api: &str, server: Option<&str>) -> Result<Description, CallError> {
    let described = async {
        let (api, version) = path::api(api)?;
        let server = server.map(|server| server.trim_end_matches('/').to_owned());
        let version = match version {
            Some(version) => version.to_owned(),
            None => Discovery::default().preferred(way, server.clone(), api).await?,
        };
        let name = Name { server, api: api.to_owned(), version };
        let fetched = fetch(way, &name).await?;
        Ok(Description { version: name.version, text: fetched.text })
    };
    described.await.map_err(|failure: Failure| failure.error)
}

#[derive(Deserialize)]
struct Directory {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    version: String,
    #[serde(default)]
    preferred: bool,
}

impl Default for Discovery {
    fn default() -> Self {
        let documents = Cache::builder().max_capacity(DOCUMENTS_BYTES_MAX).time_to_live(LIFE);
        let directories = Cache::builder().max_capacity(DIRECTORIES_MAX).time_to_live(LIFE);
        Self {
            documents: documents.weigher(|_, kept: &Arc<Kept>| kept.bytes).build(),
            directories: directories.build(),
        }
    }
}

impl Discovery {
    /// The document of an API, in the version that is asked for or else the one Google prefers.
    pub(super) async fn document(
        &self,
        way: &Way<'_>,
        bases: &Bases,
        path: &Path,
        version: Option<&str>,
    ) -> Result<Arc<Document>, Failure> {
        let server = bases.discovery.clone();
        let version = match version.or(path.version.as_deref()) {
            Some(version) => version.to_owned(),
            None => self.preferred(way, server.clone(), &path.api).await?,
        };
        let name = Name { server, api: path.api.clone(), version };
        let kept =
            shared::get(&self.documents, &name, || async { Ok(fetch(way, &name).await?.kept) }).await?;
        Ok(Arc::clone(&kept.document))
    }

    /// How many documents are kept.
    pub(super) fn count(&self) -> u64 {
        self.documents.iter().count() as u64
    }

    async fn preferred(&self, way: &Way<'_>, server: Option<String>, api: &str) -> Result<String, Failure> {
        let versions = shared::get(&self.directories, &server, || directory(way, server.as_deref())).await?;
        versions.get(api).cloned().ok_or_else(|| {
            let hint = nearest(api, versions.keys().map(String::as_str));
            let hint = hint.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            let message = format!("tools.gapi: Google's directory has no API {api}{hint}");
            CallError::fatal("unknown_method", message).into()
        })
    }
}

async fn directory(way: &Way<'_>, server: Option<&str>) -> Result<Arc<BTreeMap<String, String>>, Failure> {
    let server = server.unwrap_or(DIRECTORY);
    let answer = get(way, format!("{server}/discovery/v1/apis?preferred=true")).await?;
    if answer.status != 200 {
        return Err(error::failure("tools.gapi: the directory of APIs", true, &answer));
    }
    let directory: Directory =
        serde_json::from_slice(&answer.body).map_err(|error| unreadable("directory", &error))?;
    let items = directory.items.into_iter().take(APIS_MAX);
    let usable = items.filter(|item| item.preferred && is_api(&item.name) && is_version(&item.version));
    Ok(Arc::new(usable.map(|item| (item.name, item.version)).collect()))
}

/// Google has two places for a document; the second is the older one, and the only one of other servers.
async fn fetch(way: &Way<'_>, name: &Name) -> Result<Fetched, Failure> {
    let Name { server, api, version } = name;
    let older = format!("{}/discovery/v1/apis/{api}/{version}/rest", server.as_deref().unwrap_or(DIRECTORY));
    if server.is_none() {
        let host = api.to_ascii_lowercase().replace('_', "-");
        let own = format!("https://{host}.googleapis.com/$discovery/rest?version={version}");
        if let Ok(answer) = get(way, own).await
            && answer.status == 200
            && let Ok(fetched) = read(answer)
        {
            return Ok(fetched);
        }
    }
    let answer = get(way, older).await?;
    if answer.status == 404 {
        let message = format!("tools.gapi: Google has no API {api} of version {version}");
        return Err(CallError::fatal("unknown_method", message).into());
    }
    if answer.status != 200 {
        return Err(error::failure(&format!("tools.gapi: the document of {api} {version}"), true, &answer));
    }
    Ok(read(answer).map_err(|error| unreadable("document", &error))?)
}

fn read(answer: http::Response) -> Result<Fetched, serde_json::Error> {
    let document = Arc::new(Document::parse(&answer.body)?);
    let bytes = u32::try_from(answer.body.len()).unwrap_or(u32::MAX);
    Ok(Fetched { kept: Arc::new(Kept { document, bytes }), text: answer.body })
}

async fn get(way: &Way<'_>, url: String) -> Result<http::Response, Failure> {
    let mut request = http::Request::new("GET", url);
    request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    request.timeout = Some(TIMEOUT);
    way.send(request).await
}

fn unreadable(what: &str, error: &serde_json::Error) -> CallError {
    let place = format!("line {}, column {}", error.line(), error.column());
    CallError::passing("bad_document", format!("tools.gapi: the {what} that came is not one (at {place})"))
}
