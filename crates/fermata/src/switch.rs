//! A router that can be exchanged while its listener goes on: a node that lost its lease begins anew
//! without giving up its port.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

/// What is said while there is no node.
const NO_NODE: &str = r#"{"type":"about:blank","title":"Service Unavailable","status":503,"code":"node_restarting","detail":"This node lost touch with the others and begins anew; try again in a moment"}"#;
/// When to try again, in seconds.
const RETRY_AFTER: &str = "1";

/// The router of the moment.
#[derive(Clone, Default)]
pub(crate) struct Switch {
    current: Arc<RwLock<Option<Router>>>,
}

impl Switch {
    /// Exchanges the router; without one, requests are told to come again.
    pub(crate) fn set(&self, router: Option<Router>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = router;
    }

    /// A router that hands every request to the one of the moment.
    pub(crate) fn router(&self) -> Router {
        let switch = self.clone();
        Router::new().fallback(move |request: Request| switch.clone().answer(request))
    }

    async fn answer(self, request: Request) -> Response {
        let router = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        match router {
            Some(router) => router.oneshot(request).await.into_response(),
            None => {
                let head =
                    [(header::CONTENT_TYPE, "application/problem+json"), (header::RETRY_AFTER, RETRY_AFTER)];
                (StatusCode::SERVICE_UNAVAILABLE, head, NO_NODE).into_response()
            }
        }
    }
}
