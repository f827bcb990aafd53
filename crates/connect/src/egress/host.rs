//! Host patterns of an allow-list. Only names are compared here; addresses are `address`'s concern.

use std::fmt;
use std::str::FromStr;

use url::Host;

/// One entry of an allow-list: `*`, `*.example.com` or `api.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Every host.
    Any,
    /// Every host below this domain at any depth, but not the domain itself.
    Below(String),
    /// This host: a domain name, or an address as a URL writes it.
    Exact(String),
}

/// A text that is no host pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a host, *.domain or *")]
pub struct InvalidPattern {
    text: String,
    source: url::ParseError,
}

impl HostPattern {
    /// Tells whether the pattern covers a host as a parsed URL gives it: lower case, punycode.
    pub fn covers(&self, host: &str) -> bool {
        let host = without_root(host);
        match self {
            HostPattern::Any => true,
            HostPattern::Exact(exact) => host == exact,
            HostPattern::Below(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        }
    }
}

impl FromStr for HostPattern {
    type Err = InvalidPattern;

    /// Reads a pattern, bringing its host into the form that parsed URLs have.
    fn from_str(text: &str) -> Result<HostPattern, InvalidPattern> {
        if text == "*" {
            return Ok(HostPattern::Any);
        }
        let (below, host) = match text.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, text),
        };
        let refused = |source| InvalidPattern { text: text.to_owned(), source };
        let parsed = Host::parse(host).map_err(refused)?;
        let name = without_root(&parsed.to_string()).to_owned();
        match parsed {
            Host::Domain(_) if below && !name.contains('*') => Ok(HostPattern::Below(name)),
            _ if below || name.contains('*') => Err(refused(url::ParseError::InvalidDomainCharacter)),
            _ => Ok(HostPattern::Exact(name)),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostPattern::Any => formatter.write_str("*"),
            HostPattern::Below(domain) => write!(formatter, "*.{domain}"),
            HostPattern::Exact(host) => formatter.write_str(host),
        }
    }
}

/// `example.com.` and `example.com` name the same host.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}
