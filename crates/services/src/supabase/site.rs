//! Where requests go, and which key they carry: a Supabase project, or a PostgREST that stands alone.

use fermata_model::CallError;
use url::Url;

use crate::way::Vault;

/// Keystore value: the address of a Supabase project, such as `https://abc.supabase.co`.
const SUPABASE_URL: &str = "SUPABASE_URL";
/// Keystore secret: the key that goes with it.
const SUPABASE_KEY: &str = "SUPABASE_SERVICE_ROLE_KEY";
/// Keystore value: the address of a PostgREST that stands alone; used where there is no `SUPABASE_URL`.
const POSTGREST_URL: &str = "POSTGREST_URL";
/// Keystore value: the name of the secret that holds its token, where it wants one.
const POSTGREST_SECRET: &str = "POSTGREST_SECRET";

/// A part of Supabase with an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    Rest,
    Storage,
    Auth,
    Functions,
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    base: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Supabase,
    PostgRest { secret: Option<String> },
}

impl Site {
    /// A Supabase project at this address.
    ///
    /// # Errors
    /// When it is no address of a server.
    pub fn supabase(url: &str) -> Result<Self, CallError> {
        Ok(Self { base: base(SUPABASE_URL, url)?, kind: Kind::Supabase })
    }

    /// A PostgREST that stands alone, and the name of the secret that holds its token, if it wants one.
    ///
    /// # Errors
    /// When it is no address of a server, or no name of a secret.
    pub fn postgrest(url: &str, secret: Option<String>) -> Result<Self, CallError> {
        let is_name = |name: &String| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte))
        };
        if secret.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(CallError::fatal(
                "not_configured",
                format!("{POSTGREST_SECRET} is not the name of a secret"),
            ));
        }
        Ok(Self { base: base(POSTGREST_URL, url)?, kind: Kind::PostgRest { secret } })
    }

    /// The one that the keystore names.
    ///
    /// # Errors
    /// When it names none.
    pub(super) fn of(vault: &dyn Vault) -> Result<Self, CallError> {
        if let Some(url) = vault.value(SUPABASE_URL)? {
            return Self::supabase(&url);
        }
        if let Some(url) = vault.value(POSTGREST_URL)? {
            return Self::postgrest(&url, vault.value(POSTGREST_SECRET)?);
        }
        let message = format!("tools.supabase: the keystore has no value {SUPABASE_URL} or {POSTGREST_URL}");
        Err(CallError::fatal("not_configured", message))
    }

    /// The address of an area, without a slash at its end.
    pub(super) fn root(&self, area: Area) -> Result<String, CallError> {
        let part = match (area, &self.kind) {
            (Area::Rest, Kind::PostgRest { .. }) => return Ok(self.base.clone()),
            (_, Kind::PostgRest { .. }) => {
                let message = format!("tools.supabase: only tables and functions are at {POSTGREST_URL}");
                return Err(CallError::fatal("not_configured", message));
            }
            (Area::Rest, Kind::Supabase) => "rest",
            (Area::Storage, Kind::Supabase) => "storage",
            (Area::Auth, Kind::Supabase) => "auth",
            (Area::Functions, Kind::Supabase) => "functions",
        };
        Ok(format!("{}/{part}/v1", self.base))
    }

    /// The schema that is asked when the chain names none.
    pub(super) fn default_schema(&self) -> Option<&'static str> {
        (self.kind == Kind::Supabase).then_some("public")
    }

    /// The headers that hold the key, as references to it.
    pub(super) fn keys(&self) -> Vec<(&'static str, String)> {
        match &self.kind {
            Kind::Supabase => vec![
                ("apikey", format!("{{{{secret:{SUPABASE_KEY}}}}}")),
                ("authorization", format!("Bearer {{{{secret:{SUPABASE_KEY}}}}}")),
            ],
            Kind::PostgRest { secret: Some(name) } => {
                vec![("authorization", format!("Bearer {{{{secret:{name}}}}}"))]
            }
            Kind::PostgRest { secret: None } => Vec::new(),
        }
    }
}

/// Checks an address and takes the slashes off its end.
fn base(setting: &str, url: &str) -> Result<String, CallError> {
    let fault = |why: &str| CallError::fatal("not_configured", format!("{setting} in the keystore {why}"));
    let parsed = Url::parse(url.trim()).map_err(|_| fault("is not a URL"))?;
    if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
        return Err(fault("is not an http or https URL"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(fault("holds credentials; put them into a secret"));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(fault("has a query or a fragment"));
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}
