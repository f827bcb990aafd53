//! All services by name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::call::Service;
use crate::gapi::Gapi;
use crate::github::GitHub;
use crate::http::Http;
use crate::hubspot::HubSpot;
use crate::mail::Mail;
use crate::mock::Mock;
use crate::notion::Notion;
use crate::openai::OpenAi;
use crate::script::Script;
use crate::slack::Slack;
use crate::sql::Sql;
use crate::stripe::Stripe;
use crate::supabase::Supabase;
use crate::websearch::WebSearch;

/// What the names of the services' settings begin with.
const SETTINGS: [&str; 15] = [
    "BRAVE_",
    "DUCKDUCKGO_",
    "GAPI_",
    "GITHUB_",
    "HUBSPOT_",
    "MAIL_",
    "NOTION_",
    "OPENAI_",
    "POSTGREST_",
    "SEARXNG_",
    "SLACK_",
    "SQL_",
    "STRIPE_",
    "SUPABASE_",
    "TAVILY_",
];

/// The services of this version whose calls leave the system.
pub struct Registry {
    services: BTreeMap<&'static str, Box<dyn Service>>,
    script: Option<Arc<Script>>,
}

impl Registry {
    /// All of them. `sql_folder` is for the SQLite files of workspaces; where several nodes share the work there
    /// is none, because each would have files of its own.
    pub fn new(sql_folder: Option<PathBuf>) -> Self {
        let services: [(&'static str, Box<dyn Service>); 12] = [
            ("gapi", Box::<Gapi>::default()),
            ("github", Box::new(GitHub)),
            ("http", Box::new(Http)),
            ("hubspot", Box::new(HubSpot)),
            ("mail", Box::<Mail>::default()),
            ("notion", Box::new(Notion)),
            ("openai", Box::new(OpenAi)),
            ("slack", Box::new(Slack)),
            ("sql", Box::new(Sql::new(sql_folder))),
            ("stripe", Box::new(Stripe)),
            ("supabase", Box::new(Supabase)),
            ("websearch", Box::new(WebSearch)),
        ];
        Self { services: services.into(), script: None }
    }

    /// The same services for a dry run: calls are checked as ever, and answered from a script.
    #[must_use]
    pub fn mocked(self, script: &Arc<Script>) -> Self {
        let mock = |(name, real)| (name, Box::new(Mock::new(name, real, script)) as Box<dyn Service>);
        let services = self.services.into_iter().map(mock).collect();
        Self { services, script: Some(script.clone()) }
    }

    /// What answers the calls of a dry run, also those that stay inside.
    pub fn script(&self) -> Option<&Script> {
        self.script.as_deref()
    }

    /// A service by its name.
    pub fn get(&self, name: &str) -> Option<&dyn Service> {
        self.services.get(name).map(Box::as_ref)
    }

    /// Whether a keystore name is that of a service's setting: what steers where credentials go, so only
    /// those who may write to the keystore themselves may set it, never a task.
    pub fn is_setting(&self, name: &str) -> bool {
        SETTINGS.iter().any(|beginning| name.starts_with(beginning))
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.services.keys().copied()
    }
}
