//! What one request may do: where to, how much, how long. It opens nothing itself.

use std::time::Duration;

use ipnet::IpNet;
use url::{Host, Url};

use super::address;
use super::host::HostPattern;
use crate::error::Error;

/// The longest URL, whatever the policy.
pub const URL_BYTES_MAX: usize = 32 * 1024;
/// The largest request body by default.
pub const REQUEST_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The largest response body by default.
pub const RESPONSE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The time for a whole exchange by default, redirects and both bodies included.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// The time for resolving, connecting and the TLS handshake by default.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How many redirects are followed by default.
pub const REDIRECTS_MAX: u32 = 10;

/// The rules that the gate holds a request to. The default allows no host at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The hosts that may be asked; one match is enough.
    pub hosts: Vec<HostPattern>,
    /// Further lists, of which each must have a match as well: what others, who may narrow it, allow.
    pub narrowed_to: Vec<Vec<HostPattern>>,
    /// The ports that may be asked; `None` is every port.
    pub ports: Option<Vec<u16>>,
    /// Ranges that may be connected to although they are not public, for internal services and tests.
    pub allow_private: Vec<IpNet>,
    /// The largest request body in bytes.
    pub request_bytes_max: usize,
    /// The largest response body in bytes.
    pub response_bytes_max: usize,
    /// The time for the whole exchange; a request may ask for less.
    pub timeout: Duration,
    /// The time for making one connection.
    pub connect_timeout: Duration,
    /// How many redirects are followed.
    pub redirects_max: u32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            hosts: Vec::new(),
            narrowed_to: Vec::new(),
            ports: None,
            allow_private: Vec::new(),
            request_bytes_max: REQUEST_BYTES_MAX,
            response_bytes_max: RESPONSE_BYTES_MAX,
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            redirects_max: REDIRECTS_MAX,
        }
    }
}

impl Policy {
    /// Checks all of a URL that can be checked without resolving its host.
    ///
    /// An address written as the host, in any of its spellings, is checked here: the connector asks
    /// no resolver about it.
    pub(super) fn check(&self, url: &Url) -> Result<(), Error> {
        if url.as_str().len() > URL_BYTES_MAX {
            return Err(Error::bad_url("it is too long"));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::bad_url("the scheme is not http or https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::bad_url("it holds credentials"));
        }
        let host = url.host().ok_or_else(|| Error::bad_url("it has no host"))?;
        self.check_target(&host, url.port_or_known_default())
    }

    /// Checks all of a host and port that can be checked without resolving the host.
    pub(super) fn check_target<S: AsRef<str>>(&self, host: &Host<S>, port: Option<u16>) -> Result<(), Error> {
        let name = host.to_string();
        self.check_name(&name, port)?;
        let address = match host {
            Host::Ipv4(address) => (*address).into(),
            Host::Ipv6(address) => (*address).into(),
            Host::Domain(_) => return Ok(()),
        };
        if address::permits(address, &self.allow_private) {
            return Ok(());
        }
        Err(Error::PrivateAddress { host: name, address })
    }

    /// Checks whether a URL's host may be asked, by its name and port alone, for those who connect to nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`], and [`Error::BadUrl`] where there is no host.
    pub fn check_host(&self, url: &Url) -> Result<(), Error> {
        let host = url.host_str().ok_or_else(|| Error::bad_url("it has no host"))?;
        self.check_name(host, url.port_or_known_default())
    }

    fn check_name(&self, host: &str, port: Option<u16>) -> Result<(), Error> {
        let has_match = |list: &Vec<HostPattern>| list.iter().any(|pattern| pattern.covers(host));
        if !has_match(&self.hosts) || !self.narrowed_to.iter().all(has_match) {
            return Err(Error::NotAllowed { host: host.to_owned() });
        }
        match (&self.ports, port) {
            (Some(ports), Some(port)) if !ports.contains(&port) => {
                Err(Error::NotAllowed { host: format!("{host}:{port}") })
            }
            _ => Ok(()),
        }
    }
}
