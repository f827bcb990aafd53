//! Access tokens: asked for once however many wait for one, kept until shortly before their end.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fermata_connect::{http, redact};
use fermata_model::CallError;
use moka::Expiry;
use moka::future::Cache;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::credentials::{Fingerprint, Grant, Proof};
use super::{error, jwt, shared, template};
use crate::call::Failure;
use crate::way::Way;

/// Most tokens kept; of more, those used least are asked for again.
const TOKENS_MAX: u64 = 1024;
/// A token is asked for anew this long before its end.
const EARLY: Duration = Duration::from_secs(300);
/// Longest life of a token that is believed.
const LIFE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Longest token.
const TOKEN_BYTES_MAX: usize = 8 << 10;
/// Time for asking.
const TIMEOUT: Duration = Duration::from_secs(30);
const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct For {
    /// Of the credential.
    pub(super) credential: Fingerprint,
    /// The user acted for.
    pub(super) subject: Option<String>,
    /// Separated by spaces, sorted; empty for a refresh token.
    pub(super) scopes: String,
}

/// A token.
pub(super) struct Token {
    text: Zeroizing<String>,
    /// When it is asked for anew.
    stale_at: Instant,
    /// When it ends.
    ends_at: Instant,
}

/// The tokens of all workspaces. Who has a credential has its tokens.
pub(super) struct Tokens {
    known: Cache<For, Arc<Token>>,
}

/// What a token's server answers.
#[derive(Deserialize)]
struct Granted {
    access_token: Zeroizing<String>,
    /// In seconds.
    #[serde(default)]
    expires_in: u64,
    #[serde(default)]
    token_type: Option<String>,
}

/// Keeps a token until it is stale.
struct UntilStale;

impl Expiry<For, Arc<Token>> for UntilStale {
    fn expire_after_create(&self, _: &For, token: &Arc<Token>, at: Instant) -> Option<Duration> {
        Some(token.stale_at.saturating_duration_since(at))
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self { known: Cache::builder().max_capacity(TOKENS_MAX).expire_after(UntilStale).build() }
    }
}

impl Tokens {
    /// A token; asks for one when there is none. Whoever wants the same meanwhile waits for the same answer.
    pub(super) async fn get(&self, way: &Way<'_>, grant: &Grant, key: &For) -> Result<Arc<Token>, Failure> {
        shared::get(&self.known, key, || ask(way, grant, key)).await
    }

    /// Forgets a token that was refused, unless another has taken its place already.
    pub(super) async fn forget(&self, key: &For, refused: &Arc<Token>) {
        if self.known.get(key).await.is_some_and(|known| Arc::ptr_eq(&known, refused)) {
            self.known.invalidate(key).await;
        }
    }

    /// Forgets all tokens of a credential and says how many there were.
    pub(super) async fn clear(&self, credential: &Fingerprint) -> usize {
        let keys: Vec<_> =
            self.known.iter().map(|(key, _)| key).filter(|key| key.credential == *credential).collect();
        for key in &keys {
            self.known.invalidate(key.as_ref()).await;
        }
        keys.len()
    }

    /// Whether a token is there without asking.
    pub(super) fn has(&self, key: &For) -> bool {
        self.known.contains_key(key)
    }
}

impl Token {
    /// As it goes into the header `authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.text.as_str())
    }

    /// Covers it where a server has sent it back, so that it does not reach the guest or a message.
    pub(super) fn cover_in(&self, body: &mut Vec<u8>) {
        let token = self.text.as_bytes();
        if body.windows(token.len()).any(|part| part == token) {
            *body = redact::text(&String::from_utf8_lossy(body), &[self.text.as_str()]).into_bytes();
        }
    }

    /// How long it can still be used.
    pub(super) fn life(&self) -> Duration {
        self.ends_at.saturating_duration_since(Instant::now())
    }
}

async fn ask(way: &Way<'_>, grant: &Grant, key: &For) -> Result<Arc<Token>, Failure> {
    let asked_at = Instant::now();
    let mut request = http::Request::new("POST", grant.token_uri.clone());
    request.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    request.body = Some(http::Body::Text(form(grant, key)?));
    request.redirect = http::Redirect::Error;
    request.timeout = Some(TIMEOUT);
    let answer = way.send(request).await?;
    if answer.status != 200 {
        return Err(error::no_token(grant, key, &answer));
    }
    let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| unusable())?;
    let is_bearer = granted.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let is_plain = granted.access_token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_bearer
        || !is_plain
        || granted.access_token.is_empty()
        || granted.access_token.len() > TOKEN_BYTES_MAX
    {
        return Err(unusable().into());
    }
    let life = Duration::from_secs(granted.expires_in).min(LIFE_MAX);
    let (stale_at, ends_at) = (asked_at + life.saturating_sub(EARLY), asked_at + life);
    Ok(Arc::new(Token { text: granted.access_token, stale_at, ends_at }))
}

fn form(grant: &Grant, key: &For) -> Result<String, CallError> {
    let fields: Vec<(&str, Zeroizing<String>)> = match &grant.proof {
        Proof::Account(account) => {
            let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let (subject, scopes) = (key.subject.as_deref(), key.scopes.as_str());
            let statement = jwt::Statement { subject, scopes, audience: &grant.token_uri, at };
            let assertion = jwt::sign(account, &statement)?;
            vec![("grant_type", JWT_GRANT.to_owned().into()), ("assertion", assertion)]
        }
        Proof::Refresh(refresh) => vec![
            ("grant_type", "refresh_token".to_owned().into()),
            ("client_id", refresh.client_id.clone().into()),
            ("client_secret", refresh.client_secret.clone()),
            ("refresh_token", refresh.refresh_token.clone()),
        ],
    };
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", template::query(value)));
    Ok(pairs.collect::<Vec<_>>().join("&"))
}

fn unusable() -> CallError {
    CallError::passing("bad_answer", "The token server answered with something that is no token")
}
