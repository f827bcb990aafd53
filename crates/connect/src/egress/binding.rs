//! Where a secret may go: hosts, and whether it must be encrypted on the way.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use url::{Host, Url};

use super::host::{HostPattern, InvalidPattern};

/// What a secret's host begins with when it may go there unencrypted.
const PLAIN: &str = "http://";

/// One host, or pattern of hosts, that a secret is bound to: `api.example.com`, `*.example.com` or `*`; with
/// `http://` before it, when everybody on the way may read the secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Binding {
    hosts: HostPattern,
    is_plain: bool,
}

/// A text that is no binding of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBinding {
    /// The host is none.
    #[error("{text:?} is not a host, *.domain or *, nor one of the first two behind http://")]
    Host {
        /// What was given.
        text: String,
        /// What is wrong with it.
        source: InvalidPattern,
    },
    /// Unencrypted to everywhere.
    #[error("http://* would send a secret unencrypted to every host: name the host")]
    PlainAnywhere,
}

impl Binding {
    /// Whether the secret may go to a host as a parsed URL gives it: lower case, punycode.
    pub fn covers(&self, host: &str) -> bool {
        self.hosts.covers(host)
    }

    /// Whether it may go there unencrypted.
    pub fn covers_unencrypted(&self, host: &str) -> bool {
        self.is_plain && self.hosts.covers(host)
    }
}

impl FromStr for Binding {
    type Err = InvalidBinding;

    fn from_str(text: &str) -> Result<Self, InvalidBinding> {
        let (is_plain, hosts) = text.strip_prefix(PLAIN).map_or((false, text), |hosts| (true, hosts));
        let invalid = |source| InvalidBinding::Host { text: text.to_owned(), source };
        let hosts = hosts.parse().map_err(invalid)?;
        match hosts {
            HostPattern::Any if is_plain => Err(InvalidBinding::PlainAnywhere),
            hosts => Ok(Self { hosts, is_plain }),
        }
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_plain { PLAIN } else { "" })?;
        self.hosts.fmt(formatter)
    }
}

/// Whether strangers may read on the way what is sent to a URL: it is neither encrypted, nor does it stay
/// on this machine or in a private network. Names other than `localhost` may lead anywhere.
pub(super) fn can_be_read_on_the_way(url: &Url) -> bool {
    if url.scheme() == "https" {
        return false;
    }
    match url.host() {
        Some(Host::Domain(name)) => name.strip_suffix('.').unwrap_or(name) != "localhost",
        Some(Host::Ipv4(address)) => !address.is_loopback() && !address.is_private(),
        Some(Host::Ipv6(address)) => !is_near(address),
        None => true,
    }
}

fn is_near(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(carried) => carried.is_loopback() || carried.is_private(),
        None => address.is_loopback() || address.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_say_how_a_secret_may_go_where() {
        let covers = |text: &str, host: &str| {
            let binding: Binding = text.parse().unwrap();
            (binding.covers(host), binding.covers_unencrypted(host))
        };
        assert_eq!(covers("api.example.com", "api.example.com"), (true, false));
        assert_eq!(covers("*", "api.example.com"), (true, false));
        assert_eq!(covers("http://api.example.com", "api.example.com"), (true, true));
        assert_eq!(covers("http://api.example.com", "example.com"), (false, false));
        assert_eq!(covers("http://*.example.com", "a.example.com"), (true, true));
        assert_eq!(covers("http://[2001:db8::1]", "[2001:db8::1]"), (true, true));
        for text in ["api.example.com", "*", "http://*.example.com"] {
            assert_eq!(text.parse::<Binding>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_binding_is_refused() {
        let wrong = [
            "",
            "a b",
            "https://a.example",
            "HTTP://a.example",
            "http://",
            "http:// a",
            "http://a.example/",
            "http://a.example:80",
            "http://http://a.example",
            "http://user@a.example",
            "http://*",
            "ftp://a.example",
        ];
        for text in wrong {
            assert!(text.parse::<Binding>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn strangers_read_what_is_neither_encrypted_nor_near() {
        for near in [
            "https://a.example/",
            "https://8.8.8.8/",
            "http://localhost:1/",
            "http://localhost./",
            "http://127.1/",
            "http://10.0.0.1/",
            "http://192.168.1.1/",
            "http://172.31.0.1/",
            "http://[::1]/",
            "http://[fd00::1]/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            assert!(!can_be_read_on_the_way(&Url::parse(near).unwrap()), "{near}");
        }
        for far in [
            "http://a.example/",
            "http://notlocalhost/",
            "http://a.localhost/",
            "http://8.8.8.8/",
            "http://172.32.0.1/",
            "http://169.254.169.254/",
            "http://[2001:db8::1]/",
            "http://[fe80::1]/",
            "http://[::ffff:8.8.8.8]/",
            "http://0.0.0.0/",
        ] {
            assert!(can_be_read_on_the_way(&Url::parse(far).unwrap()), "{far}");
        }
    }
}
