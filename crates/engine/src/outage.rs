//! A ledger that cannot be reached. The first thread to find out tells all others, so that thousands of
//! runs with something to do do not all knock at once, and the log says it once.

use std::sync::atomic::{AtomicI64, Ordering};

use fermata_model::Millis;

use crate::clock;

/// Whether the ledger is away, as far as is known.
#[derive(Default)]
pub(crate) struct Outage {
    /// Until when nobody need ask; 0 when the ledger was last reached.
    until: AtomicI64,
}

impl Outage {
    /// Whether there is no use in asking now.
    pub(crate) fn is_on(&self) -> bool {
        clock::now() < self.until.load(Ordering::Relaxed)
    }

    /// The ledger was not reached: it is left alone for a while. Says whether that is news.
    pub(crate) fn note(&self, pause: Millis) -> bool {
        self.until.swap(clock::now() + pause, Ordering::Relaxed) == 0
    }

    /// The ledger was reached.
    pub(crate) fn end(&self) {
        if self.until.load(Ordering::Relaxed) != 0 {
            self.until.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_news_once_until_it_ends() {
        let outage = Outage::default();
        assert!(!outage.is_on());
        assert!(outage.note(60_000) && outage.is_on());
        assert!(!outage.note(60_000));
        outage.end();
        assert!(!outage.is_on() && outage.note(0));
    }
}
