//! Has the server give up what it does for a call that is over before its end.

use std::time::Duration;

use fermata_connect::egress::{Gate, Policy};
use tokio::time::timeout;
use tokio_postgres::CancelToken;

use super::super::place::Place;
use super::session::connector;
use crate::way::Way;

/// How long it may take to tell the server.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// Cancels when it is dropped, unless that is not needed any more. A server does not notice by itself that nobody waits
/// for its answer; and to be told, it wants a connection of its own.
pub(super) struct Cancel(Option<Request>);

struct Request {
    token: CancelToken,
    gate: Gate,
    policy: Policy,
    place: Place,
}

impl Cancel {
    /// Watches over a call.
    pub(super) fn new(token: CancelToken, place: &Place, way: &Way<'_>) -> Self {
        let (gate, policy) = (way.gate.clone(), way.policy.clone());
        Self(Some(Request { token, gate, policy, place: place.clone() }))
    }

    /// The call has ended by itself.
    pub(super) fn call_off(mut self) {
        self.0 = None;
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        let Some(request) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(timeout(TOLD_WITHIN, request.send()));
        }
    }
}

impl Request {
    /// What fails here ends by the server's own limit of time.
    async fn send(self) {
        let Self { token, gate, policy, place } = self;
        let Ok(connector) = connector(&place) else { return };
        if let Ok(connection) = gate.connect(&place.host, place.port, &policy).await {
            let _ = token.cancel_query_raw(connection, connector).await;
        }
    }
}
