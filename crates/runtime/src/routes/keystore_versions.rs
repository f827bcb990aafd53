//! `/v1/keystore/{namespace}/{name}/versions`: what an entry was before, to be put back or forgotten.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fermata_engine::open_keystore_namespace;
use fermata_model::record::KeystoreEntry;
use serde::Deserialize;
use utoipa::IntoParams;

use super::keystore::unknown;
use crate::answer::{self, Page};
use crate::app::App;
use crate::auth::Caller;
use crate::cursor::{self, List};
use crate::extract::{JsonBody, Limit, Query, Segments};
use crate::problem::Problem;
use crate::wire::{KeystoreVersion, RestoreKeystoreEntry, WrittenKeystoreEntry};

/// Which page of the versions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListKeystoreVersions {
    /// Most items on the page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Lists the versions kept of an entry, newest first, without their values. The first is the one that counts.
#[utoipa::path(
    get, path = "/v1/keystore/{namespace}/{name}/versions", tag = "keystore",
    params(
        ("namespace" = String, Path, description = "Group of names"),
        ("name" = String, Path, description = "Name in the namespace"),
        ListKeystoreVersions,
    ),
    responses((status = 200, description = "A page of versions", body = Page<KeystoreVersion>))
)]
pub(crate) async fn list_keystore_versions(
    State(app): State<App>,
    Caller(workspace): Caller,
    Segments((namespace, name)): Segments<(String, String)>,
    Query(query): Query<ListKeystoreVersions>,
) -> Result<Response, Problem> {
    open_keystore_namespace(&namespace)?;
    let before: Option<u32> = cursor::decode(List::KeystoreVersions, query.cursor.as_deref())?;
    let versions = app.read_of(&workspace, {
        let (namespace, name) = (namespace.clone(), name.clone());
        move |store, of| store.keystore_versions(of, &namespace, &name)
    });
    let mut versions = versions.await?;
    if versions.is_empty() {
        return Err(unknown(&namespace, &name));
    }
    // There are so few that all are read.
    versions.retain(|version| before.is_none_or(|before| version.version < before));
    let place = |version: &KeystoreEntry| version.version;
    answer::page::<_, _, KeystoreVersion<'_>>(&versions, query.limit, List::KeystoreVersions, place)
}

/// Makes an earlier version the newest one, under a new number. Tasks and hosts of the entry stay as they are.
#[utoipa::path(
    post, path = "/v1/keystore/{namespace}/{name}/restore", tag = "keystore",
    params(
        ("namespace" = String, Path, description = "Group of names"),
        ("name" = String, Path, description = "Name in the namespace"),
    ),
    request_body = RestoreKeystoreEntry,
    responses(
        (status = 200, description = "The entry", body = WrittenKeystoreEntry),
        (status = 409, description = "It has another version than the expected one", body = inline(crate::problem::Document), content_type = "application/problem+json"),
    )
)]
pub(crate) async fn restore_keystore_entry(
    State(app): State<App>,
    Caller(workspace): Caller,
    Segments((namespace, name)): Segments<(String, String)>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let RestoreKeystoreEntry { version, expected_version } = body.parse()?;
    let restored = app.engine.keystore_restore(&workspace, &namespace, &name, version, expected_version);
    let restored = restored.await?;
    let (kind, version) = (restored.kind, restored.version);
    answer::json(StatusCode::OK, &WrittenKeystoreEntry { namespace: &namespace, name: &name, kind, version })
}

/// Forgets the earlier versions of an entry at once, as after a leak. The one that counts stays.
#[utoipa::path(
    delete, path = "/v1/keystore/{namespace}/{name}/versions", tag = "keystore",
    params(
        ("namespace" = String, Path, description = "Group of names"),
        ("name" = String, Path, description = "Name in the namespace"),
    ),
    responses((status = 204, description = "The earlier versions are gone"))
)]
pub(crate) async fn purge_keystore_versions(
    State(app): State<App>,
    Caller(workspace): Caller,
    Segments((namespace, name)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.keystore_purge(&workspace, &namespace, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
