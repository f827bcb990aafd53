//! Why a request was refused or failed. Messages never hold a URL, a header value or a body.

use std::net::IpAddr;
use std::time::Duration;

use crate::egress::SecretError;
use crate::redact::Redactor;

/// What kept a request from bringing back a response.
///
/// An HTTP status is never an error here: a 404 or a 503 is a response.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The allow-list has no entry for this host, or the port rule refuses its port.
    #[error("requests to {host} are not allowed")]
    NotAllowed {
        /// The host, with its port when it was the port that was refused.
        host: String,
    },
    /// The host is, or resolves to, an address that is not public and not explicitly allowed.
    #[error("{host} is at {address}, which is not a public address")]
    PrivateAddress {
        /// The host as the URL names it.
        host: String,
        /// The refused address.
        address: IpAddr,
    },
    /// The URL, or the target of a redirect, cannot be used.
    #[error("the URL cannot be used: {reason}")]
    BadUrl {
        /// What is wrong with it.
        reason: &'static str,
        /// The parser's account, when it is the syntax that is wrong.
        source: Option<url::ParseError>,
    },
    /// The host of a connection cannot be read.
    #[error("the host cannot be used")]
    BadHost {
        /// The parser's account.
        source: url::ParseError,
    },
    /// The method is not a token, or is one that a task may not use.
    #[error("the method cannot be used")]
    BadMethod,
    /// A header's name or value is malformed, or the header is the gate's own to set.
    #[error("the header {name:?} cannot be used")]
    BadHeader {
        /// The header's name as it was given.
        name: String,
    },
    /// A secret that the request refers to is not revealed, or not for this host.
    #[error("a secret was not put in")]
    Secret {
        /// Why not.
        source: SecretError,
    },
    /// A reference to a secret is malformed, or the secret's value cannot stand where the reference stands.
    #[error("a reference to a secret{} cannot be used: {reason}", quoted(.name))]
    BadSecret {
        /// The secret's name, where it could be read.
        name: Option<String>,
        /// What is wrong.
        reason: &'static str,
    },
    /// The response to a request with secrets is compressed or encoded, so it could not be searched for them.
    #[error("the response is encoded, which is refused where the request held secrets")]
    Encoded,
    /// A body is larger than the policy allows.
    #[error("the {direction} body is over the limit of {limit} bytes")]
    TooLarge {
        /// Whether it is the request's body or the response's.
        direction: Direction,
        /// The limit in bytes.
        limit: usize,
    },
    /// The time for the whole exchange, or for connecting, ran out.
    #[error("no complete response within {after:?}")]
    Timeout {
        /// How long the gate waited.
        after: Duration,
    },
    /// The server kept redirecting.
    #[error("more than {limit} redirects")]
    TooManyRedirects {
        /// How many redirects are followed.
        limit: u32,
    },
    /// The server redirected a request that asked for this to be an error.
    #[error("the server redirected the request")]
    UnexpectedRedirect,
    /// The host's name could not be resolved.
    #[error("the host's name could not be resolved")]
    Dns {
        /// The resolver's account.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No connection could be made.
    #[error("no connection could be made")]
    Connect {
        /// The connector's account.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server was reached, but no trusted TLS session could be made with it.
    #[error("no trusted TLS session could be made")]
    Tls {
        /// The TLS library's account.
        source: reqwest::Error,
    },
    /// The connection broke after the request was on its way and before the response was complete.
    ///
    /// The server may have acted on the request.
    #[error("the connection broke before the response was complete")]
    Body {
        /// The connection's account.
        source: reqwest::Error,
    },
    /// The HTTP client could not be set up on this machine.
    #[error("the HTTP client could not be set up")]
    Client {
        /// The client's account.
        source: reqwest::Error,
    },
}

/// Which way a body was going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From us to the server.
    Request,
    /// From the server to us.
    Response,
}

impl std::fmt::Display for Direction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Direction::Request => "request",
            Direction::Response => "response",
        })
    }
}

impl Error {
    /// Names the kind of failure in a word that stays the same between releases.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotAllowed { .. } => "not_allowed",
            Error::PrivateAddress { .. } => "private_address",
            Error::BadUrl { .. } => "bad_url",
            Error::BadHost { .. } => "bad_host",
            Error::BadMethod => "bad_method",
            Error::BadHeader { .. } => "bad_header",
            Error::Secret { source } => source.code(),
            Error::BadSecret { .. } => "bad_secret",
            Error::Encoded => "response_encoded",
            Error::TooLarge { .. } => "too_large",
            Error::Timeout { .. } => "timeout",
            Error::TooManyRedirects { .. } => "too_many_redirects",
            Error::UnexpectedRedirect => "unexpected_redirect",
            Error::Dns { .. } => "dns",
            Error::Connect { .. } => "connect",
            Error::Tls { .. } => "tls",
            Error::Body { .. } => "body",
            Error::Client { .. } => "client",
        }
    }

    /// Tells whether the same request may succeed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Error::Secret { source } => source.retryable(),
            Error::Timeout { .. } | Error::Dns { .. } | Error::Connect { .. } | Error::Body { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn bad_url(reason: &'static str) -> Error {
        Error::BadUrl { reason, source: None }
    }

    pub(crate) const fn bad_reference(reason: &'static str) -> Error {
        Error::BadSecret { name: None, reason }
    }

    pub(crate) fn bad_secret(name: &str, reason: &'static str) -> Error {
        Error::BadSecret { name: Some(name.to_owned()), reason }
    }

    /// Covers secrets in the only words that a server may have chosen: the host that a redirect names.
    pub(crate) fn redacted(mut self, redactor: &Redactor) -> Error {
        if let Error::NotAllowed { host }
        | Error::PrivateAddress { host, .. }
        | Error::Secret {
            source: SecretError::NotBound { host, .. } | SecretError::NotEncrypted { host, .. },
        } = &mut self
        {
            *host = redactor.text(host);
        }
        self
    }
}

fn quoted(name: &Option<String>) -> String {
    name.as_ref().map(|name| format!(" ({name:?})")).unwrap_or_default()
}
