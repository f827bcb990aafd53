//! `/v1/tasks`: publishing tasks and looking at them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fermata_store::TaskSummary;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{self, Page};
use crate::app::App;
use crate::auth::Caller;
use crate::cursor::{self, List};
use crate::extract::{JsonBody, Limit, Query, Segments};
use crate::problem::{Code, Problem};
use crate::wire::{PublishTask, Task};

/// Publishes a text as the newest version of a task.
#[utoipa::path(
    post, path = "/v1/tasks", tag = "tasks",
    request_body = PublishTask,
    responses(
        (status = 201, description = "The new version", body = Task),
        (status = 200, description = "The same text is the latest version already", body = Task),
        (status = 422, description = "The source is not a task", body = inline(crate::problem::Document), content_type = "application/problem+json"),
    )
)]
pub(crate) async fn publish_task(
    State(app): State<App>,
    Caller(workspace): Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request: PublishTask = body.parse()?;
    let published = app.engine.publish(&workspace, request.into()).await?;
    let status = if published.is_new { StatusCode::CREATED } else { StatusCode::OK };
    answer::json(status, &Task::from(&published))
}

/// Which page of the tasks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTasks {
    /// Most items on the page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Lists the tasks by name, each in its newest version.
#[utoipa::path(
    get, path = "/v1/tasks", tag = "tasks",
    params(ListTasks),
    responses((status = 200, description = "A page of tasks, without their sources", body = Page<Task>))
)]
pub(crate) async fn list_tasks(
    State(app): State<App>,
    Caller(workspace): Caller,
    Query(query): Query<ListTasks>,
) -> Result<Response, Problem> {
    let after: Option<String> = cursor::decode(List::Tasks, query.cursor.as_deref())?;
    let rows = query.limit.rows();
    let tasks = app.read_of(&workspace, move |store, of| store.tasks(of, after.as_deref(), rows)).await?;
    let place = |task: &TaskSummary| task.name.clone();
    answer::page::<_, _, Task<'_>>(&tasks, query.limit, List::Tasks, place)
}

/// Gives the newest version of a task, with its source.
#[utoipa::path(
    get, path = "/v1/tasks/{name}", tag = "tasks",
    params(("name" = String, Path, description = "Name of the task; write `/` as `%2F`")),
    responses((status = 200, description = "The newest version", body = Task))
)]
pub(crate) async fn get_task(
    State(app): State<App>,
    Caller(workspace): Caller,
    Segments(name): Segments<String>,
) -> Result<Response, Problem> {
    let task = app.read_of(&workspace, {
        let name = name.clone();
        move |store, of| store.task(of, &name, None)
    });
    let task = task.await?.ok_or_else(|| unknown(&name))?;
    answer::json(StatusCode::OK, &Task::from(&task))
}

/// No such task in the workspace.
pub(crate) fn unknown(name: &str) -> Problem {
    Problem::new(Code::TaskUnknown, format!("There is no task {name:?}"))
}
