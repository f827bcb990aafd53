//! The gate over real sockets on this machine, and the rules around it as tables.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

mod addresses;
mod connections;
mod failures;
mod headers;
mod limits;
mod patterns;
mod redact;
mod redirects;
mod retry;
mod round_trip;
mod secrets;
mod server;
mod streams;

use fermata_connect::Error;
use fermata_connect::egress::{Gate, HostPattern, NoSecrets, Policy};
use fermata_connect::http::{Request, Response};

/// Every host, and only the given private ranges.
fn policy(allow_private: &[&str]) -> Policy {
    Policy {
        hosts: vec![HostPattern::Any],
        allow_private: allow_private.iter().map(|range| range.parse().unwrap()).collect(),
        ..Policy::default()
    }
}

/// Every host on this machine.
fn local() -> Policy {
    policy(&["127.0.0.0/8", "::1/128"])
}

async fn send(request: Request, policy: &Policy) -> Result<Response, Error> {
    Gate::new().send(request, policy, &NoSecrets).await
}

fn get(url: impl Into<String>) -> Request {
    Request::new("GET", url)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn pairs(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}
