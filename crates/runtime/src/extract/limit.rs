//! `limit`: how many items a page may have.

use fermata_model::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use serde::{Deserialize, Deserializer, de};

/// The limit of a page, checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(u32);

impl Default for Limit {
    fn default() -> Self {
        Self(PAGE_ITEMS_DEFAULT)
    }
}

impl Limit {
    /// The most items to show.
    pub(crate) fn items(self) -> usize {
        self.0 as usize
    }

    /// The rows to ask for: one more, to know whether more follow.
    pub(crate) fn rows(self) -> u32 {
        self.0 + 1
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        let limit = text.parse().ok().filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit));
        let refusal =
            || de::Error::custom(format_args!("{text:?} is not a number from 1 to {PAGE_ITEMS_MAX}"));
        limit.map(Self).ok_or_else(refusal)
    }
}
