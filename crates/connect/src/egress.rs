//! The gate through which every outbound request passes, and the policy it is held to.
//!
//! For each request, and again for each redirect: the scheme, host and port are held against the
//! policy; the host is resolved; only addresses that are public or explicitly allowed are kept; and
//! the connection is made to those very addresses, so a name cannot change between check and use.
//! Sizes, times and the number of redirects are bounded. No proxy is taken from the environment, and no
//! cookie is kept.

mod address;
mod clients;
mod exchange;
mod gate;
mod headers;
mod hop;
mod host;
mod incoming;
mod policy;
mod resolver;
mod secrets;

pub use gate::Gate;
pub use headers::HEADERS_MAX;
pub use host::{HostPattern, InvalidPattern};
pub use incoming::Incoming;
pub use ipnet::IpNet;
pub use policy::{
    CONNECT_TIMEOUT, Policy, REDIRECTS_MAX, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, TIMEOUT, URL_BYTES_MAX,
};
pub use secrets::{SecretError, Secrets};
