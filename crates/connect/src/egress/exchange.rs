//! One request out and one response in, with the client's failures named for what they mean.

use std::error::Error as StdError;
use std::io;

use reqwest::{Client, Response};

use super::fill::fill;
use super::hop::Hop;
use super::policy::Policy;
use super::resolver::Refusal;
use super::revealed::Revealed;
use crate::error::Error;

/// Checks a request against the policy, puts secrets in, sends it and waits for the response's head.
pub(super) async fn ask(
    client: &Client,
    hop: &Hop,
    policy: &Policy,
    revealed: &mut Revealed<'_>,
) -> Result<Response, Error> {
    policy.check(&hop.url)?;
    let filled = fill(hop, policy.request_bytes_max, revealed)?;
    policy.check(&filled.url)?;
    let mut request = client.request(hop.method.clone(), filled.url).headers(filled.headers);
    if let Some(body) = filled.body {
        request = request.body(body);
    }
    request.send().await.map_err(|cause| named(cause, policy))
}

/// Finds out from a client error's causes how far the request came.
fn named(error: reqwest::Error, policy: &Policy) -> Error {
    if let Some(Refusal { host, address }) = causes(&error).find_map(|cause| cause.downcast_ref()) {
        return Error::PrivateAddress { host: host.clone(), address: *address };
    }
    if error.is_builder() {
        return Error::bad_url("it has no form that can be sent");
    }
    if !error.is_connect() {
        return broken(error);
    }
    if error.is_timeout() {
        return Error::Timeout { after: policy.connect_timeout };
    }
    // The URL may hold a secret, so no error keeps it.
    let source = error.without_url();
    if source.is_dns() {
        Error::Dns { source: source.into() }
    } else if causes(&source).any(is_handshake) {
        Error::Tls { source }
    } else {
        Error::Connect { source: source.into() }
    }
}

/// The connection broke.
pub(super) fn broken(error: reqwest::Error) -> Error {
    Error::Body { source: error.without_url() }
}

/// The connector wraps what went wrong in a TLS handshake in a second I/O error; what the server sent is
/// invalid data, while a connection that was merely lost keeps its own kind.
fn is_handshake(cause: &(dyn StdError + 'static)) -> bool {
    cause
        .downcast_ref::<io::Error>()
        .and_then(|outer| outer.get_ref()?.downcast_ref::<io::Error>())
        .is_some_and(|inner| inner.kind() == io::ErrorKind::InvalidData)
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}
