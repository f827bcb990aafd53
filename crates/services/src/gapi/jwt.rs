//! The statement by which a service account asks for a token: a JWT (RFC 7519) signed with RS256, sent as the grant of
//! RFC 7523.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use fermata_model::CallError;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use zeroize::Zeroizing;

use super::credentials::Account;

/// How long a statement may be used, in seconds. Google takes no longer one.
const LIFE_SECONDS: u64 = 3600;

/// What is stated.
pub(super) struct Statement<'a> {
    /// The user to act for.
    pub(super) subject: Option<&'a str>,
    /// Separated by spaces.
    pub(super) scopes: &'a str,
    /// Where the token is asked for.
    pub(super) audience: &'a str,
    /// Seconds since 1970.
    pub(super) at: u64,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

/// Signs a statement with the account's key.
///
/// # Errors
/// When the key is not an RSA key in PEM.
pub(super) fn sign(account: &Account, statement: &Statement<'_>) -> Result<Zeroizing<String>, CallError> {
    let header = Header { alg: "RS256", typ: "JWT", kid: account.private_key_id.as_deref() };
    let claims = Claims {
        iss: &account.client_email,
        sub: statement.subject,
        scope: statement.scopes,
        aud: statement.audience,
        iat: statement.at,
        exp: statement.at + LIFE_SECONDS,
    };
    let mut token = Zeroizing::new(format!("{}.{}", part(&header)?, part(&claims)?));
    let key = key(&account.private_key)?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
        .map_err(|_| unusable())?;
    token.push('.');
    token.push_str(&BASE64.encode(signature));
    Ok(token)
}

fn part(value: &impl Serialize) -> Result<String, CallError> {
    let text =
        serde_json::to_vec(value).map_err(|error| CallError::fatal("bad_credentials", error.to_string()))?;
    Ok(BASE64.encode(text))
}

fn key(pem: &str) -> Result<KeyPair, CallError> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unusable())?;
    KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| unusable())
}

fn unusable() -> CallError {
    CallError::fatal(
        "bad_credentials",
        "The private_key of the secret GAPI_KEY is not an RSA key in PEM (PKCS #8)",
    )
}
