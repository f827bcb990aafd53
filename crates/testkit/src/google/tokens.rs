//! The token server: what tokens are given for, and what they open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use uuid::Uuid;

use super::account::Account;
use super::reply::{Ask, Reply, pairs};
use super::world::World;

const LIFE_SECONDS: u64 = 3600;
const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT: &str = "fermata-test.apps.googleusercontent.com";

/// What a token opens.
#[derive(Clone, Debug)]
pub(super) struct Opens {
    /// The user, when it is not the account itself.
    pub(super) subject: Option<String>,
    /// `None` is all.
    scopes: Option<BTreeSet<String>>,
    /// Seconds since 1970.
    until: u64,
}

/// All tokens.
pub(super) struct Tokens {
    given: Mutex<Given>,
    client_secret: String,
    refresh_token: String,
}

struct Given {
    tokens: BTreeMap<String, Opens>,
    denied: BTreeSet<String>,
    life_seconds: u64,
}

impl Opens {
    /// Whether one of the scopes is among its own.
    pub(super) fn covers<'a>(&self, mut scopes: impl Iterator<Item = &'a str>) -> bool {
        self.scopes.as_ref().is_none_or(|own| scopes.any(|scope| own.contains(scope)))
    }
}

impl Tokens {
    pub(super) fn new() -> Self {
        let given = Given { tokens: BTreeMap::new(), denied: BTreeSet::new(), life_seconds: LIFE_SECONDS };
        let secret = || Uuid::new_v4().simple().to_string();
        Self { given: Mutex::new(given), client_secret: secret(), refresh_token: secret() }
    }

    pub(super) fn oauth(&self) -> String {
        let (secret, token) = (&self.client_secret, &self.refresh_token);
        json!({ "client_id": CLIENT, "client_secret": secret, "refresh_token": token }).to_string()
    }

    pub(super) fn set_life(&self, seconds: u64) {
        self.given().life_seconds = seconds;
    }

    pub(super) fn revoke(&self) {
        self.given().tokens.clear();
    }

    pub(super) fn deny(&self, scope: &str) {
        self.given().denied.insert(scope.to_owned());
    }

    /// What the token of a request opens; `None` when it has no token that lives.
    pub(super) fn opened_by(&self, ask: &Ask) -> Option<Opens> {
        let token = ask.header("authorization")?.strip_prefix("Bearer ")?;
        let opens = self.given().tokens.get(token).cloned()?;
        (opens.until > now()).then_some(opens)
    }

    /// Answers a request for a token.
    pub(super) fn answer(&self, account: &Account, world: &World, ask: &Ask) -> Reply {
        let form: BTreeMap<String, String> = pairs(&ask.body).into_iter().collect();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        match field("grant_type") {
            JWT_GRANT => self.of_statement(account, world, field("assertion")),
            "refresh_token" => {
                let is_known = field("client_id") == CLIENT
                    && field("client_secret") == self.client_secret
                    && field("refresh_token") == self.refresh_token;
                if !is_known {
                    return Reply::no_token("invalid_grant", "Bad Request");
                }
                self.give(world.administrator().map(str::to_owned), None)
            }
            _ => Reply::no_token("unsupported_grant_type", "Invalid grant_type"),
        }
    }

    fn of_statement(&self, account: &Account, world: &World, statement: &str) -> Reply {
        let claims = match account.claims(statement, now()) {
            Ok(claims) => claims,
            Err(error) => return Reply::no_token("invalid_grant", &error.to_string()),
        };
        let subject = claims["sub"].as_str().map(str::to_owned);
        if subject.as_ref().is_some_and(|user| world.user(user).is_none()) {
            return Reply::no_token("invalid_grant", "Invalid email or User ID");
        }
        let scopes = claims["scope"].as_str().unwrap_or_default();
        let scopes: BTreeSet<String> =
            scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        if scopes.is_empty() || !scopes.iter().all(|scope| scope.starts_with("https://")) {
            return Reply::no_token("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
        }
        if !scopes.is_disjoint(&self.given().denied) {
            let description = "Client is unauthorized to retrieve access tokens using this method, or client not \
                               authorized for any of the scopes requested.";
            return Reply::no_token("unauthorized_client", description);
        }
        self.give(subject, Some(scopes))
    }

    fn give(&self, subject: Option<String>, scopes: Option<BTreeSet<String>>) -> Reply {
        let token = format!("ya29.{}", Uuid::new_v4().simple());
        let mut given = self.given();
        let life = given.life_seconds;
        given.tokens.insert(token.clone(), Opens { subject, scopes, until: now() + life });
        Reply::ok(&json!({ "access_token": token, "expires_in": life, "token_type": "Bearer" }))
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
