//! Entries that were written and have not reached the disk yet.

use std::collections::HashMap;

use fermata_model::Millis;
use fermata_model::record::KeystoreEntry;
use fermata_store::Chain;

use super::Place;

/// What is on its way.
#[derive(Default)]
pub(super) struct Ahead {
    entries: HashMap<Place, Written>,
    writes: u64,
    /// When an entry was last made.
    newest: Millis,
}

struct Written {
    /// None when it was deleted.
    entry: Option<KeystoreEntry>,
    /// Tells a write from the next one to the same place.
    write: u64,
    /// What is written over a version that never came to be must not come to be either.
    chain: Chain,
}

impl Ahead {
    /// An entry that is on its way: some if it is, and some in that if it was not deleted.
    pub(super) fn get(&self, place: &Place) -> Option<Option<&KeystoreEntry>> {
        self.entries.get(place).map(|written| written.entry.as_ref())
    }

    /// All that is on its way; without an entry what was deleted.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Place, Option<&KeystoreEntry>)> {
        self.entries.iter().map(|(place, written)| (place, written.entry.as_ref()))
    }

    /// Notes a write. Gives its number, and the chain of all that are on their way to that place.
    pub(super) fn write(&mut self, place: &Place, entry: Option<KeystoreEntry>) -> (u64, Chain) {
        self.writes += 1;
        let write = self.writes;
        let chain = self.entries.get(place).map(|before| before.chain.clone()).unwrap_or_default();
        self.entries.insert(place.clone(), Written { entry, write, chain: chain.clone() });
        (write, chain)
    }

    /// A write is on its way no more.
    pub(super) fn landed(&mut self, place: &Place, write: u64) {
        if self.entries.get(place).is_some_and(|newest| newest.write == write) {
            self.entries.remove(place);
        }
    }

    /// The moment when a new entry is made. No two have the same: an entry and the one that gets its name
    /// when it is deleted may reach the disk together.
    pub(super) fn moment(&mut self, now: Millis) -> Millis {
        self.newest = now.max(self.newest + 1);
        self.newest
    }
}
