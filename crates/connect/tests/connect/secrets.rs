//! Secrets in requests: put in for the hosts they are bound to, and nowhere to be seen otherwise.

mod put_in;
mod redacted;
mod redirected;
mod refused;

use fermata_connect::Error;
use fermata_connect::egress::{Binding, Gate, SecretError, Secrets};
use fermata_connect::http::{Body, Request, Response};
use zeroize::Zeroizing;

use super::{get, local, pairs};

/// Everything that a value must not do to the place where it is put in.
const HARD: &str = "a/../b?c#d&e=f+g%h@i: \"j\\é";

/// A few secrets, all bound to the same hosts.
struct Vault(Binding);

/// Bound to 127.0.0.1 and not to `localhost`, which is another host at the same address.
fn vault() -> Vault {
    bound_to("127.0.0.1")
}

fn bound_to(hosts: &str) -> Vault {
    Vault(hosts.parse().unwrap())
}

impl Secrets for Vault {
    fn reveal(&self, name: &str, host: &str) -> Result<Zeroizing<String>, SecretError> {
        let name = name.to_owned();
        let value = match name.as_str() {
            "KEY" => "sk-Marked0123".to_owned(),
            "LOGIN" => "user:pass/word?".to_owned(),
            "HARD" => HARD.to_owned(),
            "LINES" => "one\r\nx-injected: marked".to_owned(),
            "UP" => "..".to_owned(),
            "HERE" => ".".to_owned(),
            "SHORT" => "abc".to_owned(),
            "FOUR" => "abcd".to_owned(),
            "LONG" => "x".repeat(64 * 1024),
            "LONGER" => "x".repeat(64 * 1024 + 1),
            "withheld" => return Err(SecretError::NotGranted { name }),
            "away" => return Err(SecretError::Unavailable { name }),
            _ => return Err(SecretError::Unknown { name }),
        };
        if self.0.covers(host) {
            return Ok(Zeroizing::new(value));
        }
        Err(SecretError::NotBound { name, host: host.to_owned() })
    }

    fn may_go_unencrypted(&self, _name: &str, host: &str) -> bool {
        self.0.covers_unencrypted(host)
    }
}

async fn send(request: Request) -> Result<Response, Error> {
    Gate::new().send(request, &local(), &vault()).await
}

fn with_header(url: impl Into<String>, name: &str, value: &str) -> Request {
    Request { headers: pairs(&[(name, value)]), ..get(url) }
}

fn with_body(url: impl Into<String>, kind: &str, text: &str) -> Request {
    let mut request = Request::new("POST", url);
    request.headers = pairs(&[("content-type", kind)]);
    request.body = Some(Body::Text(text.to_owned()));
    request
}

/// Everything that an error says, its causes included.
fn said(error: &Error) -> String {
    let mut said = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        said += &format!(" {inner}");
        cause = inner.source();
    }
    said
}
