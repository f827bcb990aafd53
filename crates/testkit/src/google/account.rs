//! The test service account: its key, and what it has signed.

use anyhow::{Context, Result, anyhow, ensure};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const EMAIL: &str = "robot@fermata-test.iam.gserviceaccount.com";
const KEY_ID: &str = "fermata-test-key";
const PEM_LINE: usize = 64;

/// A service account with a key of its own.
pub(super) struct Account {
    public_key: Vec<u8>,
    token_uri: String,
    key: String,
}

impl Account {
    /// Makes a key; tokens are asked for at this server.
    pub(super) fn new(server: &str) -> Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).context("cannot make a key")?;
        let der: Pkcs8V1Der<'_> = pair.as_der().context("cannot write the key")?;
        let token_uri = format!("{server}/token");
        let key = json!({
            "type": "service_account",
            "project_id": "fermata-test",
            "private_key_id": KEY_ID,
            "private_key": pem(der.as_ref()),
            "client_email": EMAIL,
            "client_id": "100000000000000000001",
            "token_uri": token_uri,
        });
        Ok(Self { public_key: pair.public_key().as_ref().to_vec(), token_uri, key: key.to_string() })
    }

    /// As Google hands it out.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The claims of a statement that this account has signed for this server.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub(super) fn claims(&self, statement: &str, now: u64) -> Result<Value> {
        let parts: Vec<&str> = statement.split('.').collect();
        let [header, claims, signature] = parts[..] else { return Err(anyhow!("not a JWT")) };
        let read =
            |part: &str| -> Result<Value> { Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?) };
        let head = read(header)?;
        ensure!(head["alg"] == "RS256" && head["kid"] == KEY_ID, "not signed by RS256 with our key");
        let signed = format!("{header}.{claims}");
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key);
        key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature)?)
            .map_err(|_| anyhow!("Invalid JWT Signature."))?;
        let claims = read(claims)?;
        ensure!(claims["iss"] == EMAIL, "Invalid issuer");
        ensure!(claims["aud"] == self.token_uri.as_str(), "Invalid audience");
        let (from, until) =
            (claims["iat"].as_u64().context("no iat")?, claims["exp"].as_u64().context("no exp")?);
        ensure!(
            from <= now + 300 && until > now && until - from <= 3600,
            "Token must be a short-lived token"
        );
        Ok(claims)
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(PEM_LINE).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
