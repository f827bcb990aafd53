//! TLS of services that do not speak HTTP, over connections that the gate has checked.

use std::sync::{Arc, OnceLock};

use fermata_model::CallError;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use rustls_platform_verifier::BuilderVerifierExt;

/// How to speak TLS: with whom the system trusts, or, where the setting has certificates in PEM, with whom these
/// vouch for and nobody else.
///
/// # Errors
/// When the setting is not that.
pub(crate) fn config(setting: &str, authority: Option<&str>) -> Result<Arc<ClientConfig>, CallError> {
    static SYSTEM: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(pem) = authority {
        let roots = roots(pem).ok_or_else(|| {
            CallError::fatal("bad_setting", format!("{setting} in the keystore is no certificate in PEM"))
        })?;
        let config = builder()?.with_root_certificates(roots).with_no_client_auth();
        return Ok(Arc::new(config));
    }
    if let Some(config) = SYSTEM.get() {
        return Ok(config.clone());
    }
    let builder_of_system = builder()?.with_platform_verifier().or_else(|error| {
        // A machine without certificates can still speak without TLS; with TLS it trusts nobody.
        tracing::warn!(error = %error, "No system certificates for databases and mail servers");
        builder().map(|builder| builder.with_root_certificates(RootCertStore::empty()))
    });
    let config = builder_of_system?.with_no_client_auth();
    Ok(SYSTEM.get_or_init(|| Arc::new(config)).clone())
}

fn roots(pem: &str) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.ok()?).ok()?;
    }
    (!roots.is_empty()).then_some(roots)
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, CallError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(unusable)
}

fn unusable(error: rustls::Error) -> CallError {
    CallError::fatal("tls", format!("TLS cannot be set up on this machine: {error}"))
}
