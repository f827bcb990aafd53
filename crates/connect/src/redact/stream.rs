//! Redacts bytes that come in pieces, a secret that is split between them included.

use bytes::Bytes;

use super::{MARK, Redactor};

/// Bytes that come in pieces. At most as many are held back as the longest secret has, less one.
pub struct Stream {
    redactor: Redactor,
    /// What came last and may be the beginning of a secret.
    held: Vec<u8>,
    /// How much of `held` is part of a secret whose mark was given out already.
    covered: usize,
}

impl Stream {
    pub(super) fn new(redactor: Redactor) -> Stream {
        Stream { redactor, held: Vec::new(), covered: 0 }
    }

    /// Takes the next piece and gives what can be told to be free of secrets, which may be nothing.
    pub fn next(&mut self, piece: Bytes) -> Bytes {
        if self.redactor.is_idle() {
            return piece;
        }
        self.held.extend_from_slice(&piece);
        let until = self.held.len() - self.redactor.unfinished(&self.held);
        self.given(until).into()
    }

    /// Takes the last piece, which may be empty, and gives all that is left.
    pub fn last(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        self.given(self.held.len())
    }

    /// Gives what is held up to a place at which, or after which, every unfinished secret begins.
    fn given(&mut self, until: usize) -> Vec<u8> {
        let mut given = Vec::with_capacity(until);
        for (start, end) in self.redactor.spans(&self.held) {
            if start < self.covered {
                self.covered = self.covered.max(end);
            } else if start < until {
                given.extend_from_slice(&self.held[self.covered..start]);
                given.extend_from_slice(MARK.as_bytes());
                self.covered = end;
            }
        }
        if self.covered < until {
            given.extend_from_slice(&self.held[self.covered..until]);
            self.covered = until;
        }
        self.held.drain(..until);
        self.covered -= until;
        given
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::*;

    proptest! {
        #[test]
        fn property_little_is_held_back(
            secrets in proptest::collection::vec("[ab]{1,6}", 0..4),
            pieces in proptest::collection::vec("[abc]{0,8}", 0..12),
        ) {
            let longest = secrets.iter().map(String::len).max().unwrap_or(1);
            let secrets = secrets.iter().map(|secret| Zeroizing::new(secret.clone().into_bytes()));
            let mut stream = Redactor::new(secrets).unwrap().stream();
            for piece in pieces {
                stream.next(piece.into());
                prop_assert!(stream.held.len() < longest);
            }
        }
    }
}
