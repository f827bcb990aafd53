//! Connecting without the HTTP client: the same checks, and then the addresses that passed them.

use std::io;
use std::net::SocketAddr;

use reqwest::dns::{Name, Resolve};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Host;

use super::connection::Connection;
use super::policy::Policy;
use super::resolver::Refusal;
use crate::error::Error;

/// Checks a target against the policy and connects to the first of its permitted addresses that answers.
pub(super) async fn dial(
    host: &str,
    port: u16,
    policy: &Policy,
    resolver: &dyn Resolve,
) -> Result<Connection, Error> {
    let host = Host::parse(host).map_err(|source| Error::BadHost { source })?;
    policy.check_target(&host, Some(port))?;
    let after = policy.connect_timeout;
    let reaching = async { reach(&addresses(&host, port, resolver).await?, policy).await };
    let stream = timeout(after, reaching).await.unwrap_or(Err(Error::Timeout { after }))?;
    Ok(Connection::new(stream, policy))
}

/// The addresses that may be connected to. One that is written as the host was checked as the host.
async fn addresses(host: &Host, port: u16, resolver: &dyn Resolve) -> Result<Vec<SocketAddr>, Error> {
    let name = match host {
        Host::Ipv4(address) => return Ok(vec![SocketAddr::new((*address).into(), port)]),
        Host::Ipv6(address) => return Ok(vec![SocketAddr::new((*address).into(), port)]),
        Host::Domain(name) => name,
    };
    let asked: Name = name.parse().map_err(|source| Error::Dns { source: Box::new(source) })?;
    let found = resolver.resolve(asked).await.map_err(|cause| match cause.downcast_ref() {
        Some(Refusal { host, address }) => Error::PrivateAddress { host: host.clone(), address: *address },
        None => Error::Dns { source: cause },
    })?;
    Ok(found.map(|address| SocketAddr::new(address.ip(), port)).collect())
}

/// One that does not answer leaves the others their part of the time.
async fn reach(addresses: &[SocketAddr], policy: &Policy) -> Result<TcpStream, Error> {
    let patience = policy.connect_timeout / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut last = io::ErrorKind::NotConnected.into();
    for address in addresses {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // What is asked and answered in turn gains nothing from being gathered.
                stream.set_nodelay(true).map_err(connect)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(connect(last))
}

fn connect(source: io::Error) -> Error {
    Error::Connect { source: Box::new(source) }
}
