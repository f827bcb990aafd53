//! The runtime's HTTP surface: a router over the engine, and the document that describes it.
//!
//! A request passes `surround` (request id, panics, problems), `auth` (token to workspace) and one
//! handler of `routes`. A handler extracts, calls one function of the engine or the store, and
//! shapes the answer; it decides nothing about runs. What goes over the wire is in `wire`, how
//! errors look is in `problem`.
#![forbid(unsafe_code)]

mod answer;
mod app;
mod auth;
mod cursor;
mod document;
mod event_stream;
mod extract;
mod problem;
mod routes;
mod settings;
mod surround;
pub mod token;
mod wire;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use fermata_engine::Engine;

use crate::app::App;
use crate::problem::{Code, Problem};

pub use document::openapi;
pub use settings::{InternalToken, Settings};

/// The API as a service, to be served over a listener or called in process.
pub fn router(engine: Engine, settings: Settings) -> axum::Router {
    let app = App::new(engine, settings);
    let guarded = routes::guarded().route_layer(from_fn_with_state(app.clone(), auth::require_token));
    routes::open()
        .merge(guarded)
        .fallback(path_unknown)
        .method_not_allowed_fallback(method_not_allowed)
        // The bodies are read by `extract::body`, which has the limit.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(surround::surround))
        .with_state(app)
}

async fn path_unknown(uri: axum::http::Uri) -> Problem {
    Problem::new(Code::PathUnknown, format!("There is nothing at {}", uri.path()))
}

async fn method_not_allowed(method: axum::http::Method, uri: axum::http::Uri) -> Problem {
    Problem::new(Code::MethodNotAllowed, format!("{} does not take {method}", uri.path()))
}
