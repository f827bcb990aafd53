//! Who is calling: from the token in the request to the workspace it opens.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use fermata_model::WorkspaceId;

use crate::app::App;
use crate::problem::{Code, Problem};
use crate::token;

/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 512;

/// Middleware: lets only requests with a known token through, and notes their workspace.
pub(crate) async fn require_token(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let hash = token::hash(bearer(request.headers())?);
    let workspace = match app.tokens.get(&hash) {
        Some(workspace) => workspace,
        None => look_up(&app, hash).await?,
    };
    request.extensions_mut().insert(workspace);
    Ok(next.run(request).await)
}

/// The token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || Problem::new(Code::Unauthorized, "Send a token: Authorization: Bearer fm_…");
    let text = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > TOKEN_BYTES_MAX {
        return Err(missing());
    }
    Ok(token)
}

async fn look_up(app: &App, hash: token::Hash) -> Result<WorkspaceId, Problem> {
    let found = app.read(move |store| store.token_workspace(&hash)).await?;
    let workspace = found.ok_or_else(|| Problem::new(Code::Unauthorized, "The token is not known"))?;
    app.tokens.put(hash, workspace.clone());
    Ok(workspace)
}

/// The tokens that were found in the store, by hash, so that a request with one reads nothing.
/// Holds known tokens only: guessing does not fill it. A lookup compares hashes, so its timing says
/// nothing about a token.
#[derive(Default)]
pub(crate) struct KnownTokens(RwLock<HashMap<token::Hash, WorkspaceId>>);

impl KnownTokens {
    fn get(&self, hash: &token::Hash) -> Option<WorkspaceId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn put(&self, hash: token::Hash, workspace: WorkspaceId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(hash, workspace);
    }
}

/// Extracts the caller's workspace. Works behind [`require_token`] only.
pub(crate) struct Caller(pub(crate) WorkspaceId);

#[derive(Debug, thiserror::Error)]
#[error("a route that needs a token is not behind the check for one")]
struct Unguarded;

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().map(Self).ok_or_else(|| Problem::internal(Unguarded))
    }
}
