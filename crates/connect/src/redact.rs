//! Takes secret values out of what is about to be logged, shown or handed on.

mod pattern;
mod stream;

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use zeroize::Zeroizing;

use pattern::Pattern;
pub use stream::Stream;

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Replaces every occurrence of every secret with [`MARK`], as [`Redactor`] does.
pub fn text(text: &str, secrets: &[&str]) -> String {
    let secrets = secrets.iter().map(|secret| Zeroizing::new(secret.as_bytes().to_vec()));
    Redactor::new(secrets).map_or_else(|| MARK.to_owned(), |redactor| redactor.text(text))
}

/// Knows some secrets and replaces every occurrence of them with [`MARK`]. The default knows none.
///
/// Secrets that overlap or contain one another are covered as a whole, so no tail of the longer one
/// remains. Empty secrets are ignored. ASCII letters are found in either case; otherwise only the exact
/// bytes are found: an encoded form (base64, percent-encoding) is a secret of its own.
///
/// The work is linear in the text, whatever it holds. The search keeps a copy of the secrets in memory
/// that is given back without being wiped.
#[derive(Clone, Default)]
pub struct Redactor {
    patterns: Arc<[Pattern]>,
    search: Option<AhoCorasick>,
}

impl Redactor {
    /// Makes one for these secrets; `None` when they are too large to be searched for.
    pub fn new(secrets: impl IntoIterator<Item = Zeroizing<Vec<u8>>>) -> Option<Redactor> {
        let mut patterns: Vec<_> =
            secrets.into_iter().filter(|secret| !secret.is_empty()).map(Pattern::new).collect();
        patterns.sort_unstable_by(|a, b| a.bytes().cmp(b.bytes()));
        patterns.dedup_by(|a, b| a.bytes() == b.bytes());
        if patterns.is_empty() {
            return Some(Redactor::default());
        }
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns.iter().map(Pattern::bytes))
            .ok()?;
        Some(Redactor { patterns: patterns.into(), search: Some(search) })
    }

    /// Redacts a whole text.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// Redacts bytes, which need not be UTF-8.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        self.stream().last(bytes)
    }

    /// Redacts bytes that come in pieces.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone())
    }

    /// Tells whether any of the secrets occurs.
    pub fn finds_in(&self, text: &str) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_match(text))
    }

    fn is_idle(&self) -> bool {
        self.search.is_none()
    }

    /// Where secrets stand, in order. Those that overlap are joined; those that only touch stay apart.
    fn spans(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        let found = self.search.iter().flat_map(|search| search.find_overlapping_iter(text));
        // They come in the order of their ends.
        for found in found {
            let mut start = found.start();
            while let Some(overlapped) = spans.pop_if(|last| start < last.1) {
                start = start.min(overlapped.0);
            }
            spans.push((start, found.end()));
        }
        spans
    }

    /// How many of the last bytes may be the beginning of a secret that has not come to its end.
    fn unfinished(&self, text: &[u8]) -> usize {
        self.patterns.iter().map(|pattern| pattern.begun(text)).max().unwrap_or(0)
    }
}
