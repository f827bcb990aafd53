//! One HTTP client, with its pool of connections, per set of connection rules.
//!
//! A pooled connection was checked under the rules of the request that opened it. Keeping a pool per
//! set of rules means that a request can only ever reuse a connection that its own rules permit, and
//! that no state has to follow a request into the connector's background tasks.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::{Client, ClientBuilder};

use super::policy::Policy;
use super::resolver::Resolver;
use crate::error::Error;

/// How many sets of rules are remembered; the one unused longest makes room.
const CLIENTS_MAX: usize = 64;
/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How many unused connections are kept per host.
const IDLE_PER_HOST_MAX: usize = 32;

const USER_AGENT: &str = concat!("Fermata/", env!("CARGO_PKG_VERSION"));

/// The clients in use, the most recently used last.
#[derive(Default)]
pub(super) struct Clients {
    known: Mutex<Vec<(Rules, Client)>>,
}

/// The part of a policy that decides which connections may exist.
#[derive(PartialEq, Eq)]
struct Rules {
    allow_private: Vec<IpNet>,
    connect_timeout: Duration,
}

impl Clients {
    /// Knows one client, for one policy, that has a resolver of a test.
    #[cfg(test)]
    pub(super) fn resolving(resolver: impl reqwest::dns::Resolve + 'static, policy: &Policy) -> Clients {
        let rules = Rules::of(policy);
        let client = builder(&rules).dns_resolver(resolver).build().unwrap();
        Clients { known: Mutex::new(vec![(rules, client)]) }
    }

    /// Finds or makes the client for a policy.
    ///
    /// Making one reads the system's certificates, which takes milliseconds; others wait meanwhile, so
    /// that a burst of first requests makes one client.
    pub(super) fn get(&self, policy: &Policy) -> Result<Client, Error> {
        let rules = Rules::of(policy);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match known.iter().position(|(other, _)| *other == rules) {
            Some(index) => known.remove(index),
            None => {
                let client = client(&rules)?;
                (rules, client)
            }
        };
        let client = entry.1.clone();
        if known.len() == CLIENTS_MAX {
            known.remove(0);
        }
        known.push(entry);
        Ok(client)
    }
}

impl Rules {
    fn of(policy: &Policy) -> Rules {
        let mut allow_private = policy.allow_private.clone();
        allow_private.sort_unstable();
        allow_private.dedup();
        Rules { allow_private, connect_timeout: policy.connect_timeout }
    }
}

fn client(rules: &Rules) -> Result<Client, Error> {
    builder(rules).build().or_else(|cause| {
        // A machine without certificates can still reach plain HTTP; there, every HTTPS request fails
        // as untrusted.
        tracing::warn!(error = %cause, "No system certificates for outbound HTTPS");
        builder(rules).tls_certs_only([]).build().map_err(|source| Error::Client { source })
    })
}

fn builder(rules: &Rules) -> ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .dns_resolver(Resolver::new(&rules.allow_private))
        .connect_timeout(rules.connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
}
