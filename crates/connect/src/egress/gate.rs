//! The gate itself: sends a request, follows its redirects, and keeps the time.

use std::sync::Arc;

use tokio::time::timeout;
use url::Url;

use super::clients::Clients;
use super::connection::Connection;
use super::incoming::{Coming, Incoming};
use super::policy::Policy;
use super::resolver::Resolver;
use super::revealed::Revealed;
use super::secrets::Secrets;
use super::{dial, exchange, headers, hop};
use crate::error::Error;
use crate::http::{Redirect, Request, Response};
use crate::redact::Redactor;
use hop::Hop;

/// The one way out. Cheap to clone; clones share their connections.
#[derive(Clone, Default)]
pub struct Gate {
    clients: Arc<Clients>,
}

/// The response that ends an exchange.
struct Answered {
    answer: reqwest::Response,
    /// The URL that answered, with references to secrets instead of their values.
    url: Url,
    /// Knows what was put in.
    redactor: Redactor,
}

impl Gate {
    /// Makes a gate. Connections are made, and kept for reuse, as requests need them.
    pub fn new() -> Gate {
        Gate::default()
    }

    /// A gate with a resolver of a test for one policy.
    #[cfg(test)]
    pub(super) fn resolving(resolver: impl reqwest::dns::Resolve + 'static, policy: &Policy) -> Gate {
        Gate { clients: Arc::new(Clients::resolving(resolver, policy)) }
    }

    /// Sends a request under a policy, with the secrets it refers to, and reads the whole response.
    ///
    /// The response holds none of the secrets that were put in. Its URL is the one with the references; its
    /// body may have another length than its headers say.
    ///
    /// The shorter of the request's and the policy's time covers everything: resolving, connecting,
    /// redirects and bodies. The policy is checked again for each redirect. Dropping the future
    /// abandons the exchange; the server may or may not have acted on it.
    ///
    /// # Errors
    ///
    /// [`Error::retryable`] tells which failures another attempt may cure. After [`Error::Timeout`]
    /// and [`Error::Body`] the server may have acted on the request.
    pub async fn send(
        &self,
        request: Request,
        policy: &Policy,
        secrets: &dyn Secrets,
    ) -> Result<Response, Error> {
        let after = request.timeout.map_or(policy.timeout, |asked| asked.min(policy.timeout));
        let redirect = request.redirect;
        let hop = Hop::first(request, policy)?;
        let exchange = async {
            let answered = self.follow(hop, redirect, policy, secrets).await?;
            complete(answered, policy).await
        };
        timeout(after, exchange).await.unwrap_or(Err(Error::Timeout { after }))
    }

    /// As [`Gate::send`], but gives the response as soon as its head is there.
    ///
    /// The time covers everything up to the head; each piece of the body has as long again.
    ///
    /// # Errors
    ///
    /// As [`Gate::send`].
    pub async fn open(
        &self,
        request: Request,
        policy: &Policy,
        secrets: &dyn Secrets,
    ) -> Result<Incoming, Error> {
        let after = request.timeout.map_or(policy.timeout, |asked| asked.min(policy.timeout));
        let redirect = request.redirect;
        let hop = Hop::first(request, policy)?;
        let exchange = self.follow(hop, redirect, policy, secrets);
        let answered = timeout(after, exchange).await.unwrap_or(Err(Error::Timeout { after }))?;
        Ok(Incoming::new(answered.answer, &answered.redactor, policy.response_bytes_max, after))
    }

    /// Opens a plain TCP connection to a host, for a protocol that is not HTTP.
    ///
    /// Host, port and addresses are held against the policy as those of a request are. The policy's sizes bound
    /// what may be written and read in all; its time to connect covers resolving and connecting. The host is
    /// written as in a URL: an IPv6 address stands in brackets.
    ///
    /// # Errors
    ///
    /// As [`Gate::send`]. Nothing was sent.
    pub async fn connect(&self, host: &str, port: u16, policy: &Policy) -> Result<Connection, Error> {
        dial::dial(host, port, policy, &Resolver::new(&policy.allow_private)).await
    }

    async fn follow(
        &self,
        hop: Hop,
        redirect: Redirect,
        policy: &Policy,
        secrets: &dyn Secrets,
    ) -> Result<Answered, Error> {
        let client = self.clients.get(policy)?;
        let mut revealed = Revealed::new(secrets);
        let followed = follow(&client, hop, redirect, policy, &mut revealed).await;
        let (answer, url) = followed.map_err(|error| error.redacted(revealed.redactor()))?;
        if !revealed.is_empty() && headers::is_encoded(answer.headers()) {
            return Err(Error::Encoded);
        }
        Ok(Answered { answer, url, redactor: revealed.redactor().clone() })
    }
}

async fn follow(
    client: &reqwest::Client,
    mut hop: Hop,
    redirect: Redirect,
    policy: &Policy,
    revealed: &mut Revealed<'_>,
) -> Result<(reqwest::Response, Url), Error> {
    for _ in 0..=policy.redirects_max {
        let answer = exchange::ask(client, &hop, policy, revealed).await?;
        let Some(location) = target(&answer, redirect)? else {
            return Ok((answer, hop.url));
        };
        hop = hop.redirected(answer.status(), location)?;
        revealed.check_target(&hop)?;
    }
    Err(Error::TooManyRedirects { limit: policy.redirects_max })
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

async fn complete(answered: Answered, policy: &Policy) -> Result<Response, Error> {
    let Answered { answer, url, redactor } = answered;
    let status = answer.status();
    Ok(Response {
        status: status.as_u16(),
        // The standard's phrase, not the server's: it holds no secret.
        status_text: status.canonical_reason().unwrap_or_default().to_owned(),
        url: redactor.text(url.as_str()),
        headers: headers::incoming(answer.headers(), &redactor),
        body: Coming::new(answer, &redactor, policy.response_bytes_max).whole().await?,
    })
}
