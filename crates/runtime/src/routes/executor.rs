//! `/quickjs-executor`: a database that can call HTTP pushes a run that it holds. The older form of starting
//! runs; nothing depends on it, since what is not pushed is found in the ledger.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use fermata_model::Millis;
use fermata_model::record::Run;

use crate::answer;
use crate::app::App;
use crate::auth;
use crate::extract::JsonBody;
use crate::problem::{Code, Problem};
use crate::wire::{PushRun, PushedRun, Time};

/// Where the token may be, for clients that cannot set `Authorization`.
const INTERNAL_TOKEN: &str = "x-internal-token";

/// Works on a run now, if there is something to do for it.
#[utoipa::path(
    post, path = "/quickjs-executor", tag = "older API", security(()),
    request_body = PushRun,
    params((
        "Authorization" = Option<String>, Header,
        description = "`Bearer` and the internal token; or the token alone in `x-internal-token`"
    )),
    responses((status = 202, description = "The run as it stood; 404 unless the server has an internal token", body = PushedRun))
)]
pub(crate) async fn push_run(
    State(app): State<App>,
    _: FromTheDatabase,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request: PushRun = body.parse()?;
    let not_an_id = || Problem::body("/stackRunId", "This is not the id of a run");
    let id = request.run().ok_or_else(not_an_id)?;
    let workspace = request.workspace().ok_or_else(|| Problem::run_unknown(id))?;
    let run = app.read_of(&workspace, move |store, of| store.run(of, id)).await?;
    let run = run.ok_or_else(|| Problem::run_unknown(id))?;
    if is_due(&run, Time::now().0) {
        app.engine.nudge(&workspace, id);
    }
    answer::json(StatusCode::ACCEPTED, &PushedRun { stack_run_id: id, status: run.state.status })
}

/// The request shows the internal token. Looked at before the body is read.
pub(crate) struct FromTheDatabase;

impl FromRequestParts<App> for FromTheDatabase {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        check_token(app, &parts.uri, &parts.headers).map(|()| Self)
    }
}

fn check_token(app: &App, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(expected) = &app.settings.internal_token else {
        return Err(Problem::new(Code::PathUnknown, format!("There is nothing at {}", uri.path())));
    };
    let shown = match headers.get(INTERNAL_TOKEN) {
        Some(token) => token.to_str().unwrap_or_default(),
        None => auth::bearer(headers)?,
    };
    let unknown = || Problem::new(Code::Unauthorized, "The token is not this server's internal one");
    expected.is(shown).then_some(()).ok_or_else(unknown)
}

/// Whether anything can be done for the run: it would be taken from other nodes for nothing otherwise.
fn is_due(run: &Run, now: Millis) -> bool {
    !run.state.status.is_ended() && run.birth.start_at.is_none_or(|at| at <= now)
}
