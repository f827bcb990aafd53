//! Sealing: authenticated encryption of what must not be read or changed at rest.
//!
//! XChaCha20-Poly1305 with a 24-byte nonce that the caller draws. The associated data binds a
//! sealed value to its place, so that a copy put elsewhere does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 24;

/// The sealed bytes do not open: changed, cut short, from elsewhere, or sealed with another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open: they were changed, moved, or sealed with another key")]
pub struct Broken;

/// A secret key. Wiped from memory when dropped, never printed.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    /// The key with these bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A key for one purpose, made from this one. Two purposes give unrelated keys.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self::new(*blake3::keyed_hash(&self.0, purpose.as_bytes()).as_bytes())
    }

    /// The bytes, for wrapping this key with another.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Encrypts `plain` and binds it to `place`. The nonce must never be used twice with one key.
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], place: &[u8], plain: &[u8]) -> Vec<u8> {
        let cipher = XChaCha20Poly1305::new((&*self.0).into());
        let payload = Payload { msg: plain, aad: place };
        let body = cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .expect("this cipher fails only for texts of over 256 GiB");
        [nonce.as_slice(), &body].concat()
    }

    /// Decrypts what [`Key::seal`] made for the same place.
    ///
    /// # Errors
    /// [`Broken`], whatever the reason.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES).ok_or(Broken)?;
        let cipher = XChaCha20Poly1305::new((&*self.0).into());
        let payload = Payload { msg: body, aad: place };
        cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| Broken)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_whole_and_in_its_place() {
        let key = Key::new([7; 32]);
        let sealed = key.seal([1; 24], b"here", b"the heap");
        assert_eq!(key.open(b"here", &sealed), Ok(b"the heap".to_vec()));
        assert_eq!(key.open(b"there", &sealed), Err(Broken));
        assert_eq!(key.derive("other").open(b"here", &sealed), Err(Broken));
        for bit in 0..sealed.len() * 8 {
            let mut bent = sealed.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(b"here", &bent), Err(Broken), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(key.open(b"here", &sealed[..length]), Err(Broken));
        }
    }
}
