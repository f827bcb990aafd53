//! `/v1/runs`: starting runs and looking at them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fermata_model::{RunId, WorkspaceId};
use fermata_store::{RunFilter, RunSummary as Row};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{self, Page};
use crate::app::App;
use crate::auth::Caller;
use crate::cursor::{self, List};
use crate::extract::{IdempotencyKey, JsonBody, Limit, Query, RunPath, Statuses};
use crate::problem::Problem;
use crate::wire::{CreateRun, Run, RunSummary, Time, Wait};

/// Starts a run.
#[utoipa::path(
    post, path = "/v1/runs", tag = "runs",
    request_body = CreateRun,
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "The first request with a key starts a run; later ones are answered with that run"
    )),
    responses(
        (status = 202, description = "The run, accepted and not ended", body = Run, headers(
            ("location" = String, description = "Where the run is"),
            ("idempotency-replayed" = Option<String>, description = "`true` when an earlier request started the run"),
        )),
        (status = 200, description = "The run, ended", body = Run),
    )
)]
pub(crate) async fn create_run(
    State(app): State<App>,
    Caller(workspace): Caller,
    IdempotencyKey(key): IdempotencyKey,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request: CreateRun = body.parse()?;
    let wait = request.wait();
    let start = request.into_start(key, Time::now())?;
    let started = match wait {
        Some(wait) => app.engine.start_run_and_wait(&workspace, start, wait).await?,
        None => app.engine.start_run(&workspace, start).await?,
    };
    answer::started(&started)
}

/// Which page of which runs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListRuns {
    /// In one of these states, with commas between them.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "queued,processing")]
    status: Statuses,
    /// Of this task.
    task: Option<String>,
    /// Started by this run.
    #[param(value_type = Option<String>)]
    parent: Option<RunId>,
    /// Accepted at this moment or later.
    #[param(value_type = Option<String>, format = DateTime)]
    created_after: Option<Time>,
    /// Accepted before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    created_before: Option<Time>,
    /// Most items on the page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl From<ListRuns> for RunFilter {
    fn from(query: ListRuns) -> Self {
        Self {
            status: query.status.0,
            task: query.task,
            parent: query.parent,
            root: None,
            created_after: query.created_after.map(|Time(at)| at),
            created_before: query.created_before.map(|Time(at)| at),
        }
    }
}

/// Lists runs, newest first.
#[utoipa::path(
    get, path = "/v1/runs", tag = "runs",
    params(ListRuns),
    responses((status = 200, description = "A page of runs, without inputs and results", body = Page<RunSummary>))
)]
pub(crate) async fn list_runs(
    State(app): State<App>,
    Caller(workspace): Caller,
    Query(query): Query<ListRuns>,
) -> Result<Response, Problem> {
    let before: Option<RunId> = cursor::decode(List::Runs, query.cursor.as_deref())?;
    let (limit, filter) = (query.limit, RunFilter::from(query));
    let rows = limit.rows();
    let runs = app.read_of(&workspace, move |store, of| store.runs(of, &filter, before, rows)).await?;
    answer::page::<_, _, RunSummary<'_>>(&runs, limit, List::Runs, |run: &Row| run.id)
}

/// How to look at a run.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetRun {
    /// Hold the answer back until the run has ended, this long at most.
    #[param(value_type = Option<String>, example = "30s")]
    wait: Option<Wait>,
}

/// Gives a run, at once or when it has ended.
#[utoipa::path(
    get, path = "/v1/runs/{id}", tag = "runs",
    params(("id" = String, Path, description = "The run's id"), GetRun),
    responses((status = 200, description = "The run as it stands", body = Run))
)]
pub(crate) async fn get_run(
    State(app): State<App>,
    Caller(workspace): Caller,
    RunPath(id): RunPath,
    Query(query): Query<GetRun>,
) -> Result<Response, Problem> {
    let wait = query.wait.filter(|Wait(wait)| !wait.is_zero());
    let awaited = match wait {
        Some(wait) => wait_for_end(&app, &workspace, id, wait).await?,
        None => None,
    };
    let run = match awaited {
        Some(run) => Some(run),
        None => app.read_of(&workspace, move |store, of| store.run(of, id)).await?,
    };
    answer::run(StatusCode::OK, &run.ok_or_else(|| Problem::run_unknown(id))?)
}

/// The run, when it has ended or the time is over; nothing when the server stops first.
async fn wait_for_end(
    app: &App,
    workspace: &WorkspaceId,
    id: RunId,
    Wait(wait): Wait,
) -> Result<Option<fermata_model::record::Run>, Problem> {
    tokio::select! {
        run = app.engine.wait_run(workspace, id, wait) => Ok(run?),
        () = app.settings.stopped() => Ok(None),
    }
}
