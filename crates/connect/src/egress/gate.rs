//! The gate itself: sends a request, follows its redirects, and keeps the time.

use std::sync::Arc;

use tokio::time::timeout;
use url::Url;

use super::clients::Clients;
use super::incoming::Incoming;
use super::policy::Policy;
use super::{exchange, headers, hop};
use crate::error::Error;
use crate::http::{Redirect, Request, Response};
use hop::Hop;

/// The one way out. Cheap to clone; clones share their connections.
#[derive(Clone, Default)]
pub struct Gate {
    clients: Arc<Clients>,
}

impl Gate {
    /// Makes a gate. Connections are made, and kept for reuse, as requests need them.
    pub fn new() -> Gate {
        Gate::default()
    }

    /// Sends a request under a policy and reads the whole response.
    ///
    /// The shorter of the request's and the policy's time covers everything: resolving, connecting,
    /// redirects and bodies. The policy is checked again for each redirect. Dropping the future
    /// abandons the exchange; the server may or may not have acted on it.
    ///
    /// # Errors
    ///
    /// [`Error::retryable`] tells which failures another attempt may cure. After [`Error::Timeout`]
    /// and [`Error::Body`] the server may have acted on the request.
    pub async fn send(&self, request: Request, policy: &Policy) -> Result<Response, Error> {
        let after = request.timeout.map_or(policy.timeout, |asked| asked.min(policy.timeout));
        let redirect = request.redirect;
        let hop = Hop::first(request, policy)?;
        let exchange = async {
            let (answer, url) = self.follow(hop, redirect, policy).await?;
            complete(answer, &url, policy).await
        };
        timeout(after, exchange).await.unwrap_or(Err(Error::Timeout { after }))
    }

    /// Sends a request under a policy and gives the response as soon as its head is there.
    ///
    /// The time covers everything up to the head; each piece of the body has as long again.
    ///
    /// # Errors
    ///
    /// As [`Gate::send`].
    pub async fn open(&self, request: Request, policy: &Policy) -> Result<Incoming, Error> {
        let after = request.timeout.map_or(policy.timeout, |asked| asked.min(policy.timeout));
        let redirect = request.redirect;
        let hop = Hop::first(request, policy)?;
        let exchange = self.follow(hop, redirect, policy);
        let (answer, _) = timeout(after, exchange).await.unwrap_or(Err(Error::Timeout { after }))?;
        Ok(Incoming::new(answer, policy.response_bytes_max, after))
    }

    async fn follow(
        &self,
        mut hop: Hop,
        redirect: Redirect,
        policy: &Policy,
    ) -> Result<(reqwest::Response, Url), Error> {
        let client = self.clients.get(policy)?;
        for _ in 0..=policy.redirects_max {
            let answer = exchange::ask(&client, &hop, policy).await?;
            let Some(location) = target(&answer, redirect)? else {
                return Ok((answer, hop.url));
            };
            hop = hop.redirected(answer.status(), location)?;
        }
        Err(Error::TooManyRedirects { limit: policy.redirects_max })
    }
}

/// Where to go next, or `None` when the answer is the response that the caller gets.
fn target(
    answer: &reqwest::Response,
    redirect: Redirect,
) -> Result<Option<&reqwest::header::HeaderValue>, Error> {
    if !hop::is_redirect(answer.status()) {
        return Ok(None);
    }
    match redirect {
        Redirect::Follow => Ok(answer.headers().get(reqwest::header::LOCATION)),
        Redirect::Manual => Ok(None),
        Redirect::Error => Err(Error::UnexpectedRedirect),
    }
}

async fn complete(answer: reqwest::Response, url: &Url, policy: &Policy) -> Result<Response, Error> {
    let status = answer.status();
    Ok(Response {
        status: status.as_u16(),
        status_text: status.canonical_reason().unwrap_or_default().to_owned(),
        url: url.to_string(),
        headers: headers::incoming(answer.headers()),
        body: exchange::read(answer, policy.response_bytes_max).await?,
    })
}
