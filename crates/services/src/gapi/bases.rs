//! Which servers are asked: Google's, or those that the keystore names for tests and private setups.

use fermata_model::CallError;
use url::Url;

use crate::way::Vault;

/// The keystore value that points every API, and what is not set elsewhere, at another server.
const BASE_URL: &str = "GAPI_BASE_URL";
/// The keystore value that points discovery alone at another server.
const DISCOVERY_URL: &str = "GAPI_DISCOVERY_URL";
/// Google's hosts for APIs are this one and those below it.
const GOOGLE: &str = "googleapis.com";

/// Other servers; without a slash at their ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Bases {
    /// In the place of every API's root.
    pub(super) api: Option<String>,
    /// In the place of Google's directory of APIs.
    pub(super) discovery: Option<String>,
}

impl Bases {
    /// As the keystore says.
    pub(super) fn of(vault: &dyn Vault) -> Result<Self, CallError> {
        let api = read(vault, BASE_URL)?;
        let discovery = read(vault, DISCOVERY_URL)?.or_else(|| api.clone());
        Ok(Self { api, discovery })
    }

    /// The root of an API's URLs, with a slash at its end.
    pub(super) fn root(&self, root_url: &str) -> Result<String, CallError> {
        root(self.api.as_deref(), root_url)
    }

    /// Whether a token may be asked for there: at Google, or at the server that stands for it.
    pub(super) fn gives_tokens(&self, token_uri: &str) -> bool {
        let Ok(url) = Url::parse(token_uri) else { return false };
        let is_base = |base: &String| Url::parse(base).is_ok_and(|base| base.origin() == url.origin());
        is_google(&url) || self.api.as_ref().is_some_and(is_base)
    }
}

/// The root of an API's URLs. A document says where its API is; tokens go nowhere but to Google all the same.
pub(super) fn root(base: Option<&str>, root_url: &str) -> Result<String, CallError> {
    let refused = || CallError::fatal("bad_document", format!("{root_url:?} is not a server of Google's"));
    let url = Url::parse(root_url).map_err(|_| refused())?;
    let root = match base {
        Some(base) => format!("{base}{}", url.path()),
        None if is_google(&url) => url.to_string(),
        None => return Err(refused()),
    };
    Ok(if root.ends_with('/') { root } else { root + "/" })
}

fn is_google(url: &Url) -> bool {
    let is_host =
        |host: &str| host.strip_suffix(GOOGLE).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" && url.port().is_none() && (is_host(host) || host == "accounts.google.com")
}

fn read(vault: &dyn Vault, name: &str) -> Result<Option<String>, CallError> {
    let Some(text) = vault.value(name)?.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let refused =
        || CallError::fatal("bad_setting", format!("The keystore's {name} is not an http or https URL"));
    let url = Url::parse(text.trim()).map_err(|_| refused())?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !is_plain || url.password().is_some() {
        return Err(refused());
    }
    Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_lead_to_google_alone() {
        assert!(root(None, "https://gmail.googleapis.com/").is_ok());
        assert!(root(None, "https://www.googleapis.com/").is_ok());
        for other in
            ["http://gmail.googleapis.com/", "https://evilgoogleapis.com/", "https://x.test/", "gmail"]
        {
            assert!(root(None, other).is_err(), "{other}");
        }
        assert_eq!(
            root(Some("http://127.0.0.1:1"), "https://x.googleapis.com/a").unwrap(),
            "http://127.0.0.1:1/a/"
        );
    }

    #[test]
    fn tokens_come_from_google_or_what_stands_for_it() {
        let bases = Bases { api: Some("http://127.0.0.1:1/x".into()), discovery: None };
        assert!(bases.gives_tokens("https://oauth2.googleapis.com/token"));
        assert!(bases.gives_tokens("https://accounts.google.com/o/oauth2/token"));
        assert!(bases.gives_tokens("http://127.0.0.1:1/token"));
        assert!(!bases.gives_tokens("http://127.0.0.1:2/token"));
        assert!(!bases.gives_tokens("https://oauth2.googleapis.com.evil.test/token"));
        assert!(!Bases::default().gives_tokens("http://127.0.0.1:1/token"));
    }
}
