//! Certificates for servers on loopback.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// For a server alone: the certificate of an authority is not taken for that of a server.
const SUBJECT: &str = "
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = peer
[extensions]
subjectAltName = IP:127.0.0.1, DNS:localhost
basicConstraints = critical, CA:FALSE
";

/// A certificate for 127.0.0.1 and localhost that nobody vouches for, and its key, as files in PEM.
pub struct Certificate {
    folder: TempDir,
}

impl Certificate {
    /// Makes one with OpenSSL.
    ///
    /// # Errors
    /// When there is no OpenSSL, or no room for files.
    pub fn make() -> Result<Self> {
        let made = Self { folder: tempfile::tempdir().context("cannot make a folder")? };
        let settings = made.folder.path().join("openssl.cnf");
        fs::write(&settings, SUBJECT).context("cannot write settings for OpenSSL")?;
        let mut openssl = Command::new("openssl");
        openssl
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config"])
            .arg(settings);
        openssl.arg("-out").arg(made.file()).arg("-keyout").arg(made.key_file());
        let output = openssl.output().context("cannot start OpenSSL")?;
        if !output.status.success() {
            bail!("OpenSSL failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(made)
    }

    /// The certificate's file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("server.crt")
    }

    /// The key's file.
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }

    /// The certificate.
    ///
    /// # Errors
    /// When the file is gone.
    pub fn pem(&self) -> Result<String> {
        fs::read_to_string(self.file()).context("cannot read the certificate")
    }
}
