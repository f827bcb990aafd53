//! What the server knows, and where a request goes.

use std::path::Path;

use anyhow::Result;

use super::account::Account;
use super::answers;
use super::asked::Asked;
use super::batch;
use super::documents::{Documents, Found};
use super::fault::{Fault, Faults};
use super::reply::{Ask, Reply};
use super::tokens::{Opens, Tokens};
use super::validate;
use super::world::World;
use super::{APIS, BATCH, DOCUMENT, TOKEN};

const DISCOVERY: &str = "/discovery/v1/apis";

/// All of it.
pub(super) struct State {
    pub(super) account: Account,
    pub(super) tokens: Tokens,
    pub(super) faults: Faults,
    pub(super) token_faults: Faults,
    pub(super) document_faults: Faults,
    pub(super) asked: Asked,
    pub(super) world: World,
    documents: Documents,
}

impl State {
    pub(super) fn new(documents: &Path, world: World, url: String) -> Result<Self> {
        Ok(Self {
            account: Account::new(&url)?,
            tokens: Tokens::new(),
            faults: Faults::default(),
            token_faults: Faults::default(),
            document_faults: Faults::default(),
            asked: Asked::default(),
            world,
            documents: Documents::new(documents)?,
        })
    }

    /// What goes wrong with this request. It is counted as if it had gone right.
    pub(super) fn fault(&self, ask: &Ask) -> Option<Fault> {
        let (name, faults) = match ask.path.as_str() {
            "/token" => (TOKEN.to_owned(), &self.token_faults),
            DISCOVERY => (APIS.to_owned(), &self.document_faults),
            path if path.starts_with(DISCOVERY) => (DOCUMENT.to_owned(), &self.document_faults),
            path if path.starts_with("/batch") => (BATCH.to_owned(), &self.faults),
            _ => (self.documents.find(ask)?.id(), &self.faults),
        };
        let fault = faults.take()?;
        self.asked.add(&name, None, ask);
        Some(fault)
    }

    /// Answers a request, or one that is part of a batch.
    pub(super) fn answer(&self, ask: &Ask) -> Reply {
        let path = ask.path.as_str();
        if path == "/token" && ask.method == "POST" {
            self.asked.add(TOKEN, None, ask);
            return self.tokens.answer(&self.account, &self.world, ask);
        }
        if path == DISCOVERY {
            self.asked.add(APIS, None, ask);
            return self.documents.directory(ask);
        }
        if let Some(rest) = path.strip_prefix(DISCOVERY) {
            self.asked.add(DOCUMENT, None, ask);
            let names: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
            return if let [api, version, "rest"] = names[..] {
                self.documents.document(api, version)
            } else {
                Reply::not_found()
            };
        }
        if path.starts_with("/batch") && ask.method == "POST" {
            self.asked.add(BATCH, None, ask);
            return batch::answer(self, ask);
        }
        match self.documents.find(ask) {
            Some(found) => self.perform(&found, ask),
            None => Reply::not_found(),
        }
    }

    fn perform(&self, found: &Found, ask: &Ask) -> Reply {
        let opens = self.tokens.opened_by(ask);
        self.asked.add(&found.id(), opens.as_ref().and_then(|opens| opens.subject.as_deref()), ask);
        if let Err(refused) = validate::check(found, ask) {
            return refused;
        }
        let opens = match (opens, ask.header("x-goog-api-key")) {
            (Some(opens), _) => Some(opens),
            // Public data; whose key it is nobody asks.
            (None, Some(_)) if ask.header("authorization").is_none() => None,
            _ => return Reply::unauthorized(),
        };
        if opens.as_ref().is_some_and(|opens| !opens.covers(found.scopes())) {
            return Reply::error(
                403,
                "insufficientPermissions",
                "Request had insufficient authentication scopes.",
            );
        }
        answers::answer(&self.world, found, ask, opens.as_ref())
    }
}

impl Found {
    /// Such as `gmail.users.messages.list`.
    pub(super) fn id(&self) -> String {
        self.method["id"].as_str().unwrap_or_default().to_owned()
    }

    fn scopes(&self) -> impl Iterator<Item = &str> {
        self.method["scopes"].as_array().into_iter().flatten().filter_map(|scope| scope.as_str())
    }
}

impl Opens {
    /// Whether it is this user's.
    pub(super) fn is_of(&self, user: &str) -> bool {
        self.subject.as_deref().is_some_and(|subject| subject.eq_ignore_ascii_case(user))
    }
}
