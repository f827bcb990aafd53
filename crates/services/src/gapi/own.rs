//! Methods that are about the service itself, as older tasks know them.

use fermata_model::{CallError, Json, json};
use serde_json::{Value, json as object};

use super::Gapi;
use super::access::{Access, Opens};
use super::arguments::{Auth, Options};
use super::bases::Bases;
use super::credentials::{Credential, Grant, Proof};
use crate::call::{Failure, arguments};
use crate::way::Way;

/// Opens nothing but the address of who asks.
const HARMLESS: &str = "https://www.googleapis.com/auth/userinfo.email";

/// What the service holds at the moment. Asks nobody.
pub(super) fn health(gapi: &Gapi) -> Json {
    json::of_value(&object!({ "ok": true, "service": "gapi", "documents": gapi.discovery.count() }))
}

/// The first argument.
pub(super) fn echo(args: &Json) -> Result<Json, CallError> {
    let all: Vec<Json> = arguments("tools.gapi.echo", args)?;
    Ok(all.into_iter().next().unwrap_or_else(json::null))
}

/// Which credentials there are, and whether a token is given for them. That there is none is data, not an error.
pub(super) async fn check_credentials(
    gapi: &Gapi,
    options: &Options,
    way: &Way<'_>,
) -> Result<Json, Failure> {
    let access = match open(gapi, options, way) {
        Ok(access) => access,
        Err(error) => return Ok(refused(&object!({}), &error)),
    };
    let Some((grant, _)) = access.grant() else {
        let kind = if options.auth == Some(Auth::None) { "none" } else { "apiKey" };
        return Ok(json::of_value(&object!({ "ok": true, "kind": kind })));
    };
    let told = describe(grant, options);
    match access.token().await {
        Ok(_) => Ok(json::of_value(&with(&told, "ok", Value::Bool(true)))),
        Err(failure) if failure.error.retryable => Err(failure),
        Err(failure) => Ok(refused(&told, &failure.error)),
    }
}

/// What a token is for and how long it lives, never the token.
pub(super) async fn token_info(gapi: &Gapi, options: &Options, way: &Way<'_>) -> Result<Json, Failure> {
    let access = open(gapi, options, way)?;
    let Some((grant, key)) = access.grant() else {
        let message = "tools.gapi.getTokenInfo: there are no credentials that tokens are given for";
        return Err(CallError::fatal("no_credentials", message).into());
    };
    let is_cached = gapi.tokens.has(key);
    let scopes: Vec<&str> = key.scopes.split_terminator(' ').collect();
    let life = access.token().await?.map(|token| token.life().as_secs());
    let told = with(&describe(grant, options), "scopes", object!(scopes));
    let told = with(&told, "cached", Value::Bool(is_cached));
    Ok(json::of_value(&with(&told, "expiresInSeconds", object!(life))))
}

/// Forgets the tokens of the workspace's credentials.
pub(super) async fn clear_tokens(gapi: &Gapi, options: &Options, way: &Way<'_>) -> Result<Json, Failure> {
    let bases = Bases::of(way.vault)?;
    let cleared = match Credential::of(way.vault, &bases, options)? {
        Credential::Grant(grant) => gapi.tokens.clear(&grant.fingerprint).await,
        Credential::ApiKey | Credential::None => 0,
    };
    Ok(json::of_value(&object!({ "cleared": cleared })))
}

fn open<'a>(gapi: &'a Gapi, options: &Options, way: &'a Way<'a>) -> Result<Access<'a>, CallError> {
    let scopes = options.scopes.clone().unwrap_or_else(|| vec![HARMLESS.to_owned()]);
    Access::new(&gapi.tokens, way, &Bases::of(way.vault)?, options, Opens { api: "", scopes, mailbox: None })
}

fn describe(grant: &Grant, options: &Options) -> Value {
    match &grant.proof {
        Proof::Account(account) => object!({
            "kind": "serviceAccount",
            "email": account.client_email,
            "projectId": account.project_id,
            "subject": options.impersonate,
        }),
        Proof::Refresh(refresh) => object!({ "kind": "oauth", "clientId": refresh.client_id }),
    }
}

fn refused(told: &Value, error: &CallError) -> Json {
    let told = with(told, "ok", Value::Bool(false));
    json::of_value(&with(&told, "error", object!({ "code": error.code, "message": error.message })))
}

fn with(told: &Value, name: &str, value: Value) -> Value {
    let mut told = told.clone();
    told[name] = value;
    told
}
