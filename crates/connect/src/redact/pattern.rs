//! One secret to be found, and how much of it stands at the end of a text (Knuth, Morris and Pratt's
//! prefix function, so that no secret and no text makes it slow).

use zeroize::Zeroizing;

pub(super) struct Pattern {
    /// With ASCII letters in lower case; never empty.
    bytes: Zeroizing<Vec<u8>>,
    /// For each place, how long the longest beginning of the pattern is that also ends there.
    borders: Vec<usize>,
}

impl Pattern {
    /// The bytes must not be empty.
    pub(super) fn new(mut bytes: Zeroizing<Vec<u8>>) -> Pattern {
        bytes.make_ascii_lowercase();
        let mut pattern = Pattern { borders: vec![0; bytes.len()], bytes };
        let mut matched = 0;
        for at in 1..pattern.bytes.len() {
            matched = pattern.step(matched, pattern.bytes[at]);
            pattern.borders[at] = matched;
        }
        pattern
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The length of the longest beginning of the pattern, short of the whole, that the text ends with.
    pub(super) fn begun(&self, text: &[u8]) -> usize {
        let room = self.bytes.len().saturating_sub(1);
        let tail = &text[text.len().saturating_sub(room)..];
        tail.iter().fold(0, |matched, byte| self.step(matched, byte.to_ascii_lowercase()))
    }

    /// With `matched` bytes matched (fewer than all), how many are after one more.
    fn step(&self, mut matched: usize, byte: u8) -> usize {
        while matched > 0 && self.bytes[matched] != byte {
            matched = self.borders[matched - 1];
        }
        matched + usize::from(self.bytes[matched] == byte)
    }
}
