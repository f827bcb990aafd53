//! Resolves names for the HTTP client and keeps back every address that may not be connected to.
//!
//! The client connects to exactly what this hands out, so what was checked is what is used.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use super::address;

/// A resolver bound to one set of allowed ranges.
pub(super) struct Resolver {
    allowed: Arc<[IpNet]>,
}

/// The name has addresses, but none that may be connected to. It travels inside the client's error.
#[derive(Debug, thiserror::Error)]
#[error("{host} resolves to {address}")]
pub(super) struct Refusal {
    pub(super) host: String,
    pub(super) address: IpAddr,
}

impl Resolver {
    pub(super) fn new(allowed: &[IpNet]) -> Resolver {
        Resolver { allowed: allowed.into() }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.allowed);
        Box::pin(async move {
            // Port 0 stands for the port of the URL.
            let found = lookup_host((name.as_str(), 0)).await?.collect();
            let permitted = permitted(name.as_str(), found, &allowed)?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn permitted(host: &str, found: Vec<SocketAddr>, allowed: &[IpNet]) -> Result<Vec<SocketAddr>, Failure> {
    let (permitted, refused): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address::permits(address.ip(), allowed));
    match refused.first() {
        Some(address) if permitted.is_empty() => {
            Err(Refusal { host: host.to_owned(), address: address.ip() }.into())
        }
        None if permitted.is_empty() => Err(io::Error::other("the name has no addresses").into()),
        _ => Ok(permitted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_dropped_from_a_mixed_answer() {
        let found = vec!["10.0.0.1:0".parse().unwrap(), "1.1.1.1:0".parse().unwrap()];
        let permitted = permitted("mixed.example", found, &[]).unwrap();
        assert_eq!(permitted, ["1.1.1.1:0".parse().unwrap()]);
    }

    #[test]
    fn an_answer_without_public_addresses_is_a_refusal() {
        let found = vec!["10.0.0.1:0".parse().unwrap(), "127.0.0.1:0".parse().unwrap()];
        let failure = permitted("inside.example", found, &[]).unwrap_err();
        assert_eq!(failure.to_string(), "inside.example resolves to 10.0.0.1");
        assert!(permitted("empty.example", Vec::new(), &[]).unwrap_err().is::<io::Error>());
    }
}
