//! The PostgreSQL that the keystore names.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use fermata_model::CallError;
use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::tls;
use crate::way::Vault;

/// Keystore value: where the database is and who we are there, such as `postgres://app@db.example.com/app`. It may be a
/// secret, and then hold the password too.
const SQL_URL: &str = "SQL_URL";
/// Keystore secret: the password that goes with a [`SQL_URL`] that is a value.
const SQL_PASSWORD: &str = "SQL_PASSWORD";
/// Keystore value: certificates in PEM that are trusted instead of the system's.
const SQL_CA: &str = "SQL_CA";
/// What the server shows beside our connections.
const APPLICATION: &str = "fermata";
const PORT: u16 = 5432;

/// A database and how to log in there.
#[derive(Clone)]
pub(super) struct Place {
    /// As a URL writes it.
    pub(super) host: String,
    pub(super) port: u16,
    /// User, password, database, and whether to encrypt.
    pub(super) config: Config,
    pub(super) tls: Arc<rustls::ClientConfig>,
}

impl Place {
    /// The one that the keystore names, if it names one.
    pub(super) fn of(vault: &dyn Vault) -> Result<Option<Self>, CallError> {
        let Some((url, is_secret)) = url(vault)? else { return Ok(None) };
        let parsed = Url::parse(url.trim()).map_err(|_| fault("is not a URL"))?;
        if !matches!(parsed.scheme(), "postgres" | "postgresql") {
            return Err(fault("does not begin with postgres://"));
        }
        let password = password(&parsed, is_secret, vault)?;
        let authority = vault.value(SQL_CA)?;
        let tls = tls::config(SQL_CA, authority.as_deref())?;
        let (host, is_here) = host(&parsed)?;
        let mut config = Config::new();
        config.application_name(APPLICATION).ssl_mode(if is_here {
            SslMode::Prefer
        } else {
            SslMode::Require
        });
        config.user(decoded(parsed.username())?.as_str());
        if let Some(password) = password {
            config.password(password.as_str());
        }
        let database = decoded(parsed.path().trim_start_matches('/'))?;
        if database.is_empty() || parsed.username().is_empty() {
            return Err(fault("names no user or no database"));
        }
        config.dbname(database.as_str());
        options(&parsed, &mut config)?;
        Ok(Some(Self { host, port: parsed.port().unwrap_or(PORT), config, tls }))
    }

    /// The host as certificates write it.
    pub(super) fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// The error where neither a server is configured nor there are files.
pub(super) fn missing() -> CallError {
    let message = format!(
        "tools.sql: the keystore has no {SQL_URL}, and where several nodes share the work there are no SQLite files"
    );
    CallError::fatal("not_configured", message)
}

fn fault(why: &str) -> CallError {
    CallError::fatal("bad_setting", format!("{SQL_URL} in the keystore {why}"))
}

/// The URL, and whether it is a secret.
fn url(vault: &dyn Vault) -> Result<Option<(Zeroizing<String>, bool)>, CallError> {
    let as_secret = || Ok(vault.secret(SQL_URL)?.map(|url| (url, true)));
    match vault.value(SQL_URL) {
        Ok(Some(url)) => Ok(Some((Zeroizing::new(url), false))),
        Ok(None) => as_secret(),
        // So the keystore answers when a secret is read as a value.
        Err(error) if error.code == "keystore" => as_secret(),
        Err(error) => Err(error),
    }
}

fn password(url: &Url, is_secret: bool, vault: &dyn Vault) -> Result<Option<Zeroizing<String>>, CallError> {
    match url.password() {
        Some(_) if !is_secret => Err(fault(&format!(
            "holds a password that tasks can read; put it into the secret {SQL_PASSWORD}"
        ))),
        Some(password) => decoded(password).map(Some),
        None => vault.secret(SQL_PASSWORD),
    }
}

/// The host, and whether it is this machine, where nobody listens on the way.
fn host(url: &Url) -> Result<(String, bool), CallError> {
    let text = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| fault("names no host"))?;
    // In URLs of its own scheme the parser leaves the host as it stands.
    let text = decoded(text)?;
    let host = Host::parse(&text).map_err(|_| fault("has a host that cannot be read"))?;
    let is_here = match &host {
        Host::Ipv4(address) => *address == Ipv4Addr::LOCALHOST,
        Host::Ipv6(address) => *address == Ipv6Addr::LOCALHOST,
        Host::Domain(name) => name == "localhost",
    };
    Ok((host.to_string(), is_here))
}

/// What may stand behind the question mark.
fn options(url: &Url, config: &mut Config) -> Result<(), CallError> {
    for (name, value) in url.query_pairs() {
        match (&*name, &*value) {
            ("sslmode", "disable") => config.ssl_mode(SslMode::Disable),
            ("sslmode", "prefer") => config.ssl_mode(SslMode::Prefer),
            // A certificate is always checked, and so is its name.
            ("sslmode", "require" | "verify-ca" | "verify-full") => config.ssl_mode(SslMode::Require),
            ("channel_binding", "disable") => config.channel_binding(ChannelBinding::Disable),
            ("channel_binding", "prefer") => config.channel_binding(ChannelBinding::Prefer),
            ("channel_binding", "require") => config.channel_binding(ChannelBinding::Require),
            _ => {
                return Err(fault(
                    "has options other than sslmode and channel_binding with the values they may have",
                ));
            }
        };
    }
    Ok(())
}

fn decoded(text: &str) -> Result<Zeroizing<String>, CallError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| fault("is not UTF-8"))?;
    Ok(Zeroizing::new(text.into_owned()))
}
