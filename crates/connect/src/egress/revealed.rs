//! The secrets that one exchange was shown. They are wiped with it.

use url::Url;
use zeroize::Zeroizing;

use super::binding::can_be_read_on_the_way;
use super::forms;
use super::hop::Hop;
use super::secrets::{SecretError, Secrets};
use crate::error::Error;
use crate::redact::Redactor;

/// The largest secret that is put into a request.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;
/// Secrets with fewer characters are not looked for in responses: they would be found everywhere.
pub const REDACTED_CHARS_MIN: usize = 4;

/// A redirect would have led a secret out of what is encrypted.
pub(super) fn exposed() -> Error {
    Error::bad_reference("a redirect from https to http carries none")
}

/// What an exchange was shown so far.
pub(super) struct Revealed<'a> {
    secrets: &'a dyn Secrets,
    known: Vec<Known>,
    redactor: Redactor,
}

struct Known {
    name: String,
    host: String,
    value: Zeroizing<String>,
}

impl<'a> Revealed<'a> {
    pub(super) fn new(secrets: &'a dyn Secrets) -> Revealed<'a> {
        Revealed { secrets, known: Vec::new(), redactor: Redactor::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The value of a secret for a request to a URL.
    pub(super) fn value(&mut self, name: &str, url: &Url) -> Result<&str, Error> {
        let host = url.host_str().unwrap_or_default();
        let known = self.known.iter().position(|known| known.name == name && known.host == host);
        let known = match known {
            Some(known) => known,
            None => self.learned(name, host)?,
        };
        self.check_encrypted(name, url)?;
        Ok(&self.known[known].value)
    }

    fn learned(&mut self, name: &str, host: &str) -> Result<usize, Error> {
        let value = self.secrets.reveal(name, host).map_err(|source| Error::Secret { source })?;
        if value.len() > SECRET_BYTES_MAX {
            return Err(Error::bad_secret(name, "its value is too long"));
        }
        self.known.push(Known { name: name.to_owned(), host: host.to_owned(), value });
        Ok(self.known.len() - 1)
    }

    /// Learns to find all that is known now. Without it nothing may be sent.
    pub(super) fn learn_to_redact(&mut self) -> Result<(), Error> {
        self.redactor = redactor(self.known.iter())?;
        Ok(())
    }

    /// What takes everything that was put in out of a response.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    fn check_encrypted(&self, name: &str, url: &Url) -> Result<(), Error> {
        let host = url.host_str().unwrap_or_default();
        if !can_be_read_on_the_way(url) || self.secrets.may_go_unencrypted(name, host) {
            return Ok(());
        }
        let source = SecretError::NotEncrypted { name: name.to_owned(), host: host.to_owned() };
        Err(Error::Secret { source })
    }

    /// Refuses to follow a server that put a secret into the URL it redirects to, unless the secret may go there.
    pub(super) fn check_target(&self, hop: &Hop) -> Result<(), Error> {
        let target = &hop.url;
        if !self.redactor.finds_in(target.as_str()) {
            return Ok(());
        }
        if hop.is_exposed {
            return Err(exposed());
        }
        let host = target.host_str().unwrap_or_default();
        for known in &self.known {
            if redactor([known])?.finds_in(target.as_str()) {
                if known.host != host {
                    self.secrets.reveal(&known.name, host).map_err(|source| Error::Secret { source })?;
                }
                self.check_encrypted(&known.name, target)?;
            }
        }
        Ok(())
    }
}

fn redactor<'a>(known: impl IntoIterator<Item = &'a Known>) -> Result<Redactor, Error> {
    let texts = known.into_iter().flat_map(|known| [Some(known.value.as_str()), password(&known.value)]);
    let texts = texts.flatten().filter(|text| text.chars().count() >= REDACTED_CHARS_MIN);
    Redactor::new(texts.flat_map(forms::all)).ok_or(Error::bad_reference("the values are too long to redact"))
}

/// The part after the colon in `user:password`, which is a secret by itself.
fn password(value: &str) -> Option<&str> {
    value.split_once(':').map(|(_, password)| password)
}
