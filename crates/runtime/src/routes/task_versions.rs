//! `/v1/tasks/{name}/versions`: what was published under a name.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fermata_store::TaskSummary;
use serde::Deserialize;
use utoipa::IntoParams;

use super::tasks::unknown;
use crate::answer::{self, Page};
use crate::app::App;
use crate::auth::Caller;
use crate::cursor::{self, List};
use crate::extract::{Limit, Query, Segments};
use crate::problem::{Code, Problem};
use crate::wire::Task;

/// Which page of the versions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTaskVersions {
    /// Most items on the page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Lists the versions of a task, newest first.
#[utoipa::path(
    get, path = "/v1/tasks/{name}/versions", tag = "tasks",
    params(("name" = String, Path, description = "Name of the task; write `/` as `%2F`"), ListTaskVersions),
    responses((status = 200, description = "A page of versions, without their sources", body = Page<Task>))
)]
pub(crate) async fn list_task_versions(
    State(app): State<App>,
    Caller(workspace): Caller,
    Segments(name): Segments<String>,
    Query(query): Query<ListTaskVersions>,
) -> Result<Response, Problem> {
    let before: Option<u32> = cursor::decode(List::TaskVersions, query.cursor.as_deref())?;
    let rows = query.limit.rows();
    let versions = app.read_of(&workspace, {
        let name = name.clone();
        move |store, of| store.task_versions(of, &name, before, rows)
    });
    let versions = versions.await?;
    if versions.is_empty() && before.is_none() {
        return Err(unknown(&name));
    }
    let place = |task: &TaskSummary| task.version;
    answer::page::<_, _, Task<'_>>(&versions, query.limit, List::TaskVersions, place)
}

/// Gives one version of a task, with its source.
#[utoipa::path(
    get, path = "/v1/tasks/{name}/versions/{version}", tag = "tasks",
    params(
        ("name" = String, Path, description = "Name of the task; write `/` as `%2F`"),
        ("version" = u32, Path, description = "Number of the version"),
    ),
    responses((status = 200, description = "The version", body = Task))
)]
pub(crate) async fn get_task_version(
    State(app): State<App>,
    Caller(workspace): Caller,
    Segments((name, version)): Segments<(String, u32)>,
) -> Result<Response, Problem> {
    let task = app.read_of(&workspace, {
        let name = name.clone();
        move |store, of| store.task(of, &name, Some(version))
    });
    let unknown =
        || Problem::new(Code::TaskUnknown, format!("There is no task {name:?} with version {version}"));
    let task = task.await?.ok_or_else(unknown)?;
    answer::json(StatusCode::OK, &Task::from(&task))
}
