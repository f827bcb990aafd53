//! The mail server that the keystore names.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use fermata_model::CallError;
use lettre::message::Mailbox;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::address;
use crate::tls;
use crate::way::Vault;

/// Keystore value: the server, such as `smtp://mail.example.com` or `smtps://mail.example.com:465`.
const URL: &str = "MAIL_SMTP_URL";
/// Keystore value: who we are there; without it nobody logs in.
const USER: &str = "MAIL_SMTP_USER";
/// Keystore secret: the password that goes with it.
const PASSWORD: &str = "MAIL_SMTP_PASSWORD";
/// Keystore value: who messages are from that do not say it.
const FROM: &str = "MAIL_FROM";
/// Keystore value: certificates in PEM that are trusted instead of the system's.
const CA: &str = "MAIL_CA";
/// Where clients hand in mail (RFC 6409), and where they do so over TLS from the start (RFC 8314).
const PORT: u16 = 587;
const TLS_PORT: u16 = 465;

/// A server, and how to speak with it.
pub(super) struct Relay {
    /// As a URL writes it.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) login: Option<Login>,
    pub(super) tls: Arc<rustls::ClientConfig>,
    from: Option<String>,
}

/// When a conversation is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    /// From its beginning.
    Always,
    /// From STARTTLS on, before anything is said that matters.
    Required,
    /// From STARTTLS on, if the server offers it: on this machine, where nobody listens on the way.
    Offered,
    /// Never.
    Never,
}

/// Who logs in.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

impl Relay {
    /// The one that the keystore names.
    ///
    /// # Errors
    /// When it names none, or not in the right form.
    pub(super) fn of(vault: &dyn Vault) -> Result<Self, CallError> {
        let missing =
            || CallError::fatal("not_configured", format!("tools.mail: the keystore has no value {URL}"));
        let url = vault.value(URL)?.ok_or_else(missing)?;
        let url = Url::parse(url.trim()).map_err(|_| fault("is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault(&format!("holds credentials; put them into {USER} and the secret {PASSWORD}")));
        }
        let host = Host::parse(url.host_str().unwrap_or_default());
        let host = host.map_err(|_| fault("has a host that cannot be read"))?;
        let encryption = encryption(&url, &host)?;
        let usual = if encryption == Encryption::Always { TLS_PORT } else { PORT };
        Ok(Self {
            host: host.to_string(),
            port: url.port().unwrap_or(usual),
            encryption,
            login: login(vault)?,
            tls: tls::config(CA, vault.value(CA)?.as_deref())?,
            from: vault.value(FROM)?,
        })
    }

    /// Who messages are from that do not say it.
    ///
    /// # Errors
    /// When no such setting is there, or it is no address.
    pub(super) fn from(&self) -> Result<Mailbox, CallError> {
        let missing = || {
            let message = format!("tools.mail: the message has no from, and the keystore no value {FROM}");
            CallError::fatal("not_configured", message)
        };
        let from = self.from.clone().ok_or_else(missing)?;
        let bad = |_| CallError::fatal("bad_setting", format!("{FROM} in the keystore is no mail address"));
        address::one(&from.into(), FROM).map_err(bad)
    }

    /// The host as certificates write it.
    pub(super) fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

fn fault(why: &str) -> CallError {
    CallError::fatal("bad_setting", format!("{URL} in the keystore {why}"))
}

fn encryption(url: &Url, host: &Host) -> Result<Encryption, CallError> {
    let is_here = match host {
        Host::Ipv4(address) => *address == Ipv4Addr::LOCALHOST,
        Host::Ipv6(address) => *address == Ipv6Addr::LOCALHOST,
        Host::Domain(name) => name == "localhost",
    };
    match (url.scheme(), url.query()) {
        ("smtps", None) => Ok(Encryption::Always),
        ("smtp", Some("tls=none")) => Ok(Encryption::Never),
        ("smtp", Some("tls=required")) => Ok(Encryption::Required),
        ("smtp", None) if is_here => Ok(Encryption::Offered),
        ("smtp", None) => Ok(Encryption::Required),
        ("smtp" | "smtps", Some(_)) => Err(fault("has options other than tls=none or tls=required for smtp")),
        _ => Err(fault("does not begin with smtp:// or smtps://")),
    }
}

fn login(vault: &dyn Vault) -> Result<Option<Login>, CallError> {
    let Some(user) = vault.value(USER)? else { return Ok(None) };
    let missing = || {
        let message = format!("tools.mail: the keystore has the value {USER} and no secret {PASSWORD}");
        CallError::fatal("not_configured", message)
    };
    let password = vault.secret(PASSWORD)?.ok_or_else(missing)?;
    // It separates the two where they are sent.
    if user.contains('\0') || password.contains('\0') {
        return Err(CallError::fatal("bad_setting", format!("{USER} or {PASSWORD} holds the character 0")));
    }
    Ok(Some(Login { user, password }))
}
