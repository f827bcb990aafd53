//! What a call is made with: a service account's key, a refresh token, an API key, or nothing.

use aws_lc_rs::digest;
use fermata_model::CallError;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::arguments::{Auth, Options};
use super::bases::Bases;
use crate::way::Vault;

/// The secret with a service account's key, as Google hands it out: JSON.
const KEY: &str = "GAPI_KEY";
/// The secret with a refresh token: JSON of `client_id`, `client_secret`, `refresh_token`.
const OAUTH: &str = "GAPI_OAUTH";
/// The secret with an API key.
pub(super) const API_KEY: &str = "GAPI_API_KEY";
/// Where tokens come from when the credential does not say.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// What tells one credential from another without telling what it is.
pub(super) type Fingerprint = [u8; 32];

/// What a call is made with.
pub(super) enum Credential {
    /// Something that tokens are given for.
    Grant(Grant),
    /// The reference to an API key, which the gate puts in.
    ApiKey,
    /// Nothing.
    None,
}

/// Something that tokens are given for.
pub(super) struct Grant {
    /// Of the secret and of where its tokens come from.
    pub(super) fingerprint: Fingerprint,
    /// Where tokens come from.
    pub(super) token_uri: String,
    /// What is shown for tokens.
    pub(super) proof: Proof,
}

/// What is shown for tokens.
pub(super) enum Proof {
    /// A statement that a service account's key has signed.
    Account(Account),
    /// A refresh token.
    Refresh(Refresh),
}

/// A service account.
#[derive(Deserialize)]
pub(super) struct Account {
    /// Its address.
    pub(super) client_email: String,
    /// In PEM.
    pub(super) private_key: Zeroizing<String>,
    /// Which of its keys.
    pub(super) private_key_id: Option<String>,
    /// The project that it belongs to.
    pub(super) project_id: Option<String>,
    token_uri: Option<String>,
}

/// A user's consent.
#[derive(Deserialize)]
pub(super) struct Refresh {
    /// The app that it was given to.
    pub(super) client_id: String,
    /// The app's own secret.
    pub(super) client_secret: Zeroizing<String>,
    /// What it was written down as.
    pub(super) refresh_token: Zeroizing<String>,
    token_uri: Option<String>,
}

impl Credential {
    /// The kind that the options ask for, or the first that the keystore has: service account, refresh token, API key.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or it cannot act for somebody else although it shall.
    pub(super) fn of(vault: &dyn Vault, bases: &Bases, options: &Options) -> Result<Self, CallError> {
        let wanted = |auth: Auth| options.auth.is_none_or(|wanted| wanted == auth);
        if options.auth == Some(Auth::None) {
            return Ok(Self::None);
        }
        if let Some(text) = secret(vault, KEY, wanted(Auth::ServiceAccount))? {
            return Grant::of_account(&text, bases).map(Self::Grant);
        }
        if options.impersonate.is_some() {
            let message = format!("impersonate needs a service account's key in the secret {KEY}");
            return Err(CallError::fatal("no_credentials", message));
        }
        if let Some(text) = secret(vault, OAUTH, wanted(Auth::Oauth))? {
            return Grant::of_refresh(&text, bases).map(Self::Grant);
        }
        if secret(vault, API_KEY, wanted(Auth::ApiKey))?.is_some() {
            return Ok(Self::ApiKey);
        }
        let message = format!(
            "tools.gapi has no credentials: put a secret {KEY}, {OAUTH} or {API_KEY} into the keystore"
        );
        Err(CallError::fatal("no_credentials", message))
    }

    /// For methods that need no scope: an API key where there is one.
    pub(super) fn of_nobody(vault: &dyn Vault) -> Result<Self, CallError> {
        Ok(if secret(vault, API_KEY, true)?.is_some() { Self::ApiKey } else { Self::None })
    }
}

impl Grant {
    fn of_account(text: &str, bases: &Bases) -> Result<Self, CallError> {
        let account: Account = read(KEY, text)?;
        let token_uri = account.token_uri.clone().unwrap_or_else(|| TOKEN_URI.to_owned());
        Self::new(text, token_uri, bases, Proof::Account(account))
    }

    fn of_refresh(text: &str, bases: &Bases) -> Result<Self, CallError> {
        let refresh: Refresh = read(OAUTH, text)?;
        let other = bases.api.as_ref().map(|base| format!("{base}/token"));
        let token_uri = refresh.token_uri.clone().or(other).unwrap_or_else(|| TOKEN_URI.to_owned());
        Self::new(text, token_uri, bases, Proof::Refresh(refresh))
    }

    fn new(text: &str, token_uri: String, bases: &Bases, proof: Proof) -> Result<Self, CallError> {
        if !bases.gives_tokens(&token_uri) {
            let message = "The credential's token_uri is not a server of Google's, so nothing is sent there";
            return Err(CallError::fatal("bad_credentials", message));
        }
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(token_uri.as_bytes());
        context.update(&[0]);
        context.update(text.as_bytes());
        let mut fingerprint = Fingerprint::default();
        fingerprint.copy_from_slice(context.finish().as_ref());
        Ok(Self { fingerprint, token_uri, proof })
    }

    /// Who it is, for messages.
    pub(super) fn name(&self) -> &str {
        match &self.proof {
            Proof::Account(account) => &account.client_email,
            Proof::Refresh(_) => "the refresh token",
        }
    }
}

fn secret(vault: &dyn Vault, name: &str, is_wanted: bool) -> Result<Option<Zeroizing<String>>, CallError> {
    if !is_wanted {
        return Ok(None);
    }
    Ok(vault.secret(name)?.filter(|text| !text.trim().is_empty()))
}

/// The parser's account would quote what it stumbled over, so only the place of it is told.
fn read<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, CallError> {
    serde_json::from_str(text).map_err(|error| {
        let fields = if name == KEY {
            "client_email and private_key"
        } else {
            "client_id, client_secret and refresh_token"
        };
        let place = format!("line {}, column {}", error.line(), error.column());
        let message = format!("The secret {name} is not JSON with {fields} (at {place})");
        CallError::fatal("bad_credentials", message)
    })
}
