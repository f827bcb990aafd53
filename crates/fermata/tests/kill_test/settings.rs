//! What whoever looks for a rare failure sets.

/// A number from the environment.
#[expect(clippy::disallowed_methods, reason = "whoever looks for a rare failure kills more often")]
pub(crate) fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}
