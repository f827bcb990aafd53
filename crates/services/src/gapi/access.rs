//! Sends requests with the credentials of a call.

use std::sync::Arc;

use fermata_connect::http;
use fermata_model::CallError;

use super::arguments::{Options, is_user};
use super::bases::Bases;
use super::credentials::{API_KEY, Credential, Grant, Proof};
use super::error;
use super::tokens::{For, Token, Tokens};
use crate::call::Failure;
use crate::way::Way;

/// The keystore value with the administrator for whom the Admin API is called when the task does not say.
const ADMIN_EMAIL: &str = "GAPI_ADMIN_EMAIL";
/// The API whose calls are an administrator's.
pub(super) const ADMIN: &str = "admin";
/// The API whose calls are about a user's mailbox.
pub(super) const GMAIL: &str = "gmail";

/// What a call's requests are sent with.
pub(super) struct Access<'a> {
    tokens: &'a Tokens,
    way: &'a Way<'a>,
    kind: Kind,
}

/// What a call's token shall open.
pub(super) struct Opens<'a> {
    /// The API.
    pub(super) api: &'a str,
    /// Its scopes.
    pub(super) scopes: Vec<String>,
    /// The user whose mailbox the call names, if it does.
    pub(super) mailbox: Option<String>,
}

enum Kind {
    Token(Box<Grant>, For),
    ApiKey,
    None,
}

impl<'a> Access<'a> {
    /// Finds out what to send with, but asks for no token yet.
    ///
    /// # Errors
    /// When there are no credentials, or none that open these scopes.
    pub(super) fn new(
        tokens: &'a Tokens,
        way: &'a Way<'a>,
        bases: &Bases,
        options: &Options,
        opens: Opens<'_>,
    ) -> Result<Self, CallError> {
        let is_public = opens.scopes.is_empty() && options.auth.is_none() && options.impersonate.is_none();
        let credential = if is_public {
            Credential::of_nobody(way.vault)
        } else {
            Credential::of(way.vault, bases, options)
        };
        let kind = match credential? {
            Credential::Grant(grant) => {
                let subject = subject(way, &grant, options, &opens)?;
                let key =
                    For { credential: grant.fingerprint, subject, scopes: joined(&grant, opens.scopes) };
                Kind::Token(Box::new(grant), key)
            }
            Credential::ApiKey => Kind::ApiKey,
            Credential::None => Kind::None,
        };
        Ok(Self { tokens, way, kind })
    }

    /// The grant that tokens are asked for with, and what they are for.
    pub(super) fn grant(&self) -> Option<(&Grant, &For)> {
        match &self.kind {
            Kind::Token(grant, key) => Some((grant, key)),
            _ => None,
        }
    }

    /// The token; `None` when requests go without one.
    pub(super) async fn token(&self) -> Result<Option<Arc<Token>>, Failure> {
        match &self.kind {
            Kind::Token(grant, key) => self.tokens.get(self.way, grant, key).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Sends a request. When its token is refused, another one is asked for and it is sent once more: what was
    /// refused was not done. One that may not be repeated is not tried again when its answer is lost.
    pub(super) async fn send(
        &self,
        request: http::Request,
        is_repeatable: bool,
    ) -> Result<http::Response, Failure> {
        let token = self.token().await?;
        let answer = self.send_with(request.clone(), token.as_deref(), is_repeatable).await?;
        match (token, &self.kind) {
            (Some(token), Kind::Token(_, key)) if answer.status == 401 => {
                self.tokens.forget(key, &token).await;
                let token = self.token().await?;
                self.send_with(request, token.as_deref(), is_repeatable).await
            }
            _ => Ok(answer),
        }
    }

    async fn send_with(
        &self,
        request: http::Request,
        token: Option<&Token>,
        is_repeatable: bool,
    ) -> Result<http::Response, Failure> {
        let sent = self.way.send(self.with(request, token)).await;
        let mut answer = sent.map_err(|failure| error::unanswered(failure, is_repeatable))?;
        if let Some(token) = token {
            token.cover_in(&mut answer.body);
        }
        Ok(answer)
    }

    fn with(&self, mut request: http::Request, token: Option<&Token>) -> http::Request {
        if let Some(token) = token {
            request.headers.push(("authorization".to_owned(), token.header()));
        }
        if matches!(self.kind, Kind::ApiKey) {
            // A key is for the host it was meant for; the gate drops `authorization` on the way to another one.
            request.redirect = http::Redirect::Error;
            request.headers.push(("x-goog-api-key".to_owned(), format!("{{{{secret:{API_KEY}}}}}")));
        }
        request
    }
}

/// The user to act for: whom the task names, or else the one whose mailbox it is, since a service account has none, or
/// the administrator when the API is theirs.
fn subject(
    way: &Way<'_>,
    grant: &Grant,
    options: &Options,
    opens: &Opens<'_>,
) -> Result<Option<String>, CallError> {
    let is_account = matches!(grant.proof, Proof::Account(_));
    if options.impersonate.is_some() || !is_account {
        return Ok(options.impersonate.clone());
    }
    if opens.api != ADMIN {
        return Ok(opens.mailbox.clone());
    }
    let user =
        way.vault.value(ADMIN_EMAIL)?.map(|user| user.trim().to_owned()).filter(|user| !user.is_empty());
    match &user {
        Some(user) if !is_user(user) => {
            let message = format!("The keystore's {ADMIN_EMAIL} is not a user's address");
            Err(CallError::fatal("bad_setting", message))
        }
        _ => Ok(user),
    }
}

/// Sorted, so that the same scopes have the same token. A refresh token has the scopes that its user consented to.
fn joined(grant: &Grant, mut scopes: Vec<String>) -> String {
    if matches!(grant.proof, Proof::Refresh(_)) {
        return String::new();
    }
    scopes.sort_unstable();
    scopes.dedup();
    scopes.join(" ")
}
