//! An SMTP server on loopback (RFC 5321), plain, with STARTTLS, or encrypted from the start. It remembers what it was
//! given, and can be told to misbehave.

mod conversation;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use self::conversation::converse;
use crate::certificate::Certificate;
use crate::own_thread;

/// When a conversation is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Never.
    None,
    /// From STARTTLS on.
    StartTls,
    /// From the beginning.
    Implicit,
}

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// When it encrypts.
    pub encryption: Encryption,
    /// What stands behind AUTH in its greeting, such as `PLAIN LOGIN`. Nobody has to log in without it.
    pub mechanisms: String,
    /// Who may log in, and the password.
    pub user: (String, String),
    /// Further lines of the greeting, such as `SIZE 1000`.
    pub extensions: Vec<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            encryption: Encryption::None,
            mechanisms: String::new(),
            user: ("ann".into(), "secret".into()),
            extensions: vec!["8BITMIME".into(), "SMTPUTF8".into(), "SIZE 20000000".into()],
        }
    }
}

/// A message that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Who logged in.
    pub user: Option<String>,
    /// Whether it came encrypted.
    pub is_encrypted: bool,
    /// What followed `MAIL FROM:`, with all parameters.
    pub from: String,
    /// What followed each `RCPT TO:` that was taken.
    pub to: Vec<String>,
    /// Head and body as they came, without the dots that the protocol adds.
    pub data: Vec<u8>,
}

/// What the server does instead of its duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Says this, and goes on.
    Say(String),
    /// Does its duty, and says something more in the same breath.
    Add(String),
    /// Says nothing more.
    Hang,
    /// Hangs up.
    Close,
}

/// A running server on a port of its own, in a thread of its own. It ends when this is dropped.
pub struct SmtpPeer {
    address: SocketAddr,
    state: Arc<State>,
    certificate: Option<Certificate>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    setup: Setup,
    tls: Option<TlsAcceptor>,
    taken: Mutex<Vec<Mail>>,
    heard: Mutex<Vec<String>>,
    acts: Mutex<Vec<(String, Act)>>,
}

impl SmtpPeer {
    /// Starts one.
    ///
    /// # Errors
    /// When the machine has no port, no thread or no OpenSSL.
    pub fn start(setup: Setup) -> Result<Self> {
        let certificate = (setup.encryption != Encryption::None).then(Certificate::make).transpose()?;
        let tls = certificate.as_ref().map(acceptor).transpose()?;
        let state =
            State { setup, tls, taken: Mutex::default(), heard: Mutex::default(), acts: Mutex::default() };
        let state = Arc::new(state);
        let (runtime, listener, address) = own_thread::listen().context("no port is left")?;
        let (stop, stopped) = oneshot::channel();
        let conversing = Arc::clone(&state);
        let serving =
            own_thread::serve(listener, stopped, move |client| converse(client, Arc::clone(&conversing)));
        let thread = thread::Builder::new().name("testkit-smtp".to_owned());
        let thread = thread.spawn(move || runtime.block_on(serving)).context("no thread is left")?;
        Ok(Self { address, state, certificate, stop: Some(stop), thread: Some(thread) })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate that it shows, in PEM; empty where it never encrypts.
    ///
    /// # Errors
    /// When the file is gone.
    pub fn certificate(&self) -> Result<String> {
        self.certificate.as_ref().map_or(Ok(String::new()), Certificate::pem)
    }

    /// When this command comes next, the server does something else. The greeting is the command `""`, the end of a
    /// message is `"."`. Acts for the same command come in their order.
    pub fn upon(&self, command: &str, act: Act) {
        lock(&self.state.acts).push((command.to_owned(), act));
    }

    /// The messages it took, since this was last asked.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut lock(&self.state.taken))
    }

    /// All lines that clients have said so far, without those of messages.
    pub fn heard(&self) -> Vec<String> {
        lock(&self.state.heard).clone()
    }
}

impl Drop for SmtpPeer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    fn act_upon(&self, command: &str) -> Option<Act> {
        let mut acts = lock(&self.acts);
        let at = acts.iter().position(|(upon, _)| upon.eq_ignore_ascii_case(command))?;
        Some(acts.remove(at).1)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn acceptor(certificate: &Certificate) -> Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = vec![CertificateDer::from_pem_file(certificate.file())?];
    let key = PrivateKeyDer::from_pem_file(certificate.key_file())?;
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
