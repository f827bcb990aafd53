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
    use std::sync::Mutex;

    use tokio::net::TcpListener;

    use super::*;
    use crate::egress::{Gate, HostPattern, NoSecrets, Policy, dial};
    use crate::http::Request;

    /// A name whose address is another one each time it is asked for, checked like every other.
    struct Changing {
        answers: Mutex<Vec<SocketAddr>>,
        allowed: Vec<IpNet>,
    }

    impl Resolve for Changing {
        fn resolve(&self, name: Name) -> Resolving {
            let answer = self.answers.lock().unwrap().pop();
            let permitted = permitted(name.as_str(), answer.into_iter().collect(), &self.allowed);
            Box::pin(async move { Ok(Box::new(permitted?.into_iter()) as Addrs) })
        }
    }

    /// Answers with its own address, once for each connection.
    async fn answer(listener: TcpListener) {
        let said = listener.local_addr().unwrap().ip().to_string();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 1024];
            tokio::io::AsyncReadExt::read(&mut stream, &mut asked).await.unwrap();
            let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{said}");
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
        }
    }

    /// Allows the first peer's address, and not the second one's.
    fn first_alone() -> Policy {
        Policy {
            hosts: vec![HostPattern::Any],
            allow_private: vec!["127.0.0.1/32".parse().unwrap()],
            ..Policy::default()
        }
    }

    #[tokio::test]
    async fn an_answer_that_changes_is_used_as_it_was_checked() {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let second = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
        let mut peers = tokio::task::JoinSet::new();
        peers.spawn(answer(first));
        peers.spawn(answer(second));

        let policy = first_alone();
        // The last is the first answer. Were the name resolved again between check and use, the first
        // request would go to the second peer.
        let answers = ["127.0.0.2:0", "127.0.0.1:0", "127.0.0.2:0", "127.0.0.1:0"];
        let answers = Mutex::new(answers.iter().map(|answer| answer.parse().unwrap()).collect());
        let gate = Gate::resolving(Changing { answers, allowed: policy.allow_private.clone() }, &policy);
        let url = format!("http://changes.example:{port}/");
        for _ in 0..2 {
            let response = gate.send(Request::new("GET", &url), &policy, &NoSecrets).await.unwrap();
            assert_eq!(response.body, b"127.0.0.1");
            let refused = gate.send(Request::new("GET", &url), &policy, &NoSecrets).await.unwrap_err();
            assert_eq!(refused.to_string(), "changes.example is at 127.0.0.2, which is not a public address");
        }
    }

    #[tokio::test]
    async fn a_connection_goes_to_the_address_that_was_checked() {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let second = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
        let policy = first_alone();
        // As above, the last is the first answer.
        let answers = ["127.0.0.2:0", "127.0.0.1:0", "127.0.0.2:0", "127.0.0.1:0"];
        let answers = Mutex::new(answers.iter().map(|answer| answer.parse().unwrap()).collect());
        let changing = Changing { answers, allowed: policy.allow_private.clone() };
        for _ in 0..2 {
            let connection = dial::dial("changes.example", port, &policy, &changing).await.unwrap();
            first.accept().await.unwrap();
            drop(connection);
            let refused = dial::dial("changes.example", port, &policy, &changing).await.unwrap_err();
            assert_eq!(refused.to_string(), "changes.example is at 127.0.0.2, which is not a public address");
        }
        let knocked = tokio::time::timeout(std::time::Duration::ZERO, second.accept()).await;
        assert!(knocked.is_err(), "somebody came to the address that is not allowed");
    }

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
