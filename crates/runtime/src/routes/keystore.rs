//! `/v1/keystore`: values and secrets of the workspace. They come in and never go out.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fermata_engine::{KeystorePut, open_keystore_namespace};
use fermata_model::WorkspaceId;
use fermata_model::record;
use fermata_store::{ReadError, Store};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{self, Page};
use crate::app::App;
use crate::auth::Caller;
use crate::cursor::{self, List};
use crate::extract::{JsonBody, Limit, Query, Segments};
use crate::problem::{Code, Problem};
use crate::wire::{KeystoreEntry, PutKeystoreEntry, WrittenKeystoreEntry};

/// Which page of which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListKeystoreEntries {
    /// In this namespace; `global` when absent.
    #[serde(default = "global")]
    #[param(required = false)]
    namespace: String,
    /// Most items on the page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `next` of the page before.
    cursor: Option<String>,
}

fn global() -> String {
    "global".into()
}

/// Lists the entries of a namespace by name, without their values.
#[utoipa::path(
    get, path = "/v1/keystore", tag = "keystore",
    params(ListKeystoreEntries),
    responses((status = 200, description = "A page of entries", body = Page<KeystoreEntry>))
)]
pub(crate) async fn list_keystore_entries(
    State(app): State<App>,
    Caller(workspace): Caller,
    Query(query): Query<ListKeystoreEntries>,
) -> Result<Response, Problem> {
    let after: Option<String> = cursor::decode(List::KeystoreEntries, query.cursor.as_deref())?;
    let (limit, namespace) = (query.limit, query.namespace);
    open_keystore_namespace(&namespace)?;
    let read = move |store: &Store, of: &WorkspaceId| {
        read_entries(store, of, &namespace, after.as_deref(), limit.rows())
    };
    let entries = app.read_of(&workspace, read).await?;
    let place = |entry: &record::KeystoreEntry| entry.name.clone();
    answer::page::<_, _, KeystoreEntry<'_>>(&entries, limit, List::KeystoreEntries, place)
}

/// An entry that is deleted between the two reads is left out.
fn read_entries(
    store: &Store,
    workspace: &WorkspaceId,
    namespace: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<record::KeystoreEntry>, ReadError> {
    let names = store.keystore_names(workspace, namespace, after, limit)?;
    let entry = |found: &record::KeystoreName| store.keystore_entry(workspace, namespace, &found.name);
    names.iter().filter_map(|name| entry(name).transpose()).collect()
}

/// Which page of the namespaces.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListKeystoreNamespaces {
    /// Most items on the page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Lists the namespaces that hold entries.
#[utoipa::path(
    get, path = "/v1/keystore/namespaces", tag = "keystore",
    params(ListKeystoreNamespaces),
    responses((status = 200, description = "A page of namespaces", body = Page<String>))
)]
pub(crate) async fn list_keystore_namespaces(
    State(app): State<App>,
    Caller(workspace): Caller,
    Query(query): Query<ListKeystoreNamespaces>,
) -> Result<Response, Problem> {
    let after: Option<String> = cursor::decode(List::KeystoreNamespaces, query.cursor.as_deref())?;
    let rows = query.limit.rows();
    let read = move |store: &Store, of: &WorkspaceId| {
        // One of them may be the system's own.
        let mut found = store.keystore_namespaces(of, after.as_deref(), rows + 1)?;
        found.retain(|namespace| open_keystore_namespace(namespace).is_ok());
        found.truncate(rows as usize);
        Ok(found)
    };
    let namespaces = app.read_of(&workspace, read).await?;
    answer::page::<_, _, &String>(&namespaces, query.limit, List::KeystoreNamespaces, String::clone)
}

/// Keeps a value under a name, over the one before. That becomes an earlier version.
#[utoipa::path(
    put, path = "/v1/keystore/{namespace}/{name}", tag = "keystore",
    params(
        ("namespace" = String, Path, description = "Group of names"),
        ("name" = String, Path, description = "Name in the namespace"),
    ),
    request_body = PutKeystoreEntry,
    responses(
        (status = 200, description = "The entry", body = WrittenKeystoreEntry),
        (status = 409, description = "It has another version than the expected one", body = inline(crate::problem::Document), content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put_keystore_entry(
    State(app): State<App>,
    Caller(workspace): Caller,
    Segments((namespace, name)): Segments<(String, String)>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let entry: PutKeystoreEntry = body.parse()?;
    let (kind, text) = (entry.kind, entry.text()?.into_owned());
    let put = KeystorePut {
        kind,
        value: &text,
        tasks: entry.tasks,
        hosts: entry.hosts,
        over: entry.expected_version,
    };
    let version = app.engine.keystore_put(&workspace, &namespace, &name, put).await?;
    let written = WrittenKeystoreEntry { namespace: &namespace, name: &name, kind, version };
    answer::json(StatusCode::OK, &written)
}

/// Deletes an entry with its earlier versions.
#[utoipa::path(
    delete, path = "/v1/keystore/{namespace}/{name}", tag = "keystore",
    params(
        ("namespace" = String, Path, description = "Group of names"),
        ("name" = String, Path, description = "Name in the namespace"),
    ),
    responses((status = 204, description = "The entry is gone"))
)]
pub(crate) async fn delete_keystore_entry(
    State(app): State<App>,
    Caller(workspace): Caller,
    Segments((namespace, name)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    if app.engine.keystore_delete(&workspace, &namespace, &name).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(unknown(&namespace, &name))
}

pub(super) fn unknown(namespace: &str, name: &str) -> Problem {
    Problem::new(Code::KeystoreEntryUnknown, format!("There is no keystore entry {name:?} in {namespace:?}"))
}
