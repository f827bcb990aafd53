//! Clocks: the wall clock, the only one in the engine, and the one that runs see.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use fermata_model::Millis;

/// The wall clock: now, in UTC milliseconds.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// The clock that runs see and timers go by.
pub(crate) enum Clock {
    /// The wall clock.
    Wall,
    /// One that shows this moment until it leaps to another.
    Leaping(AtomicI64),
}

impl Clock {
    /// A clock that stands at the present moment and moves by leaps alone.
    pub(crate) fn leaping() -> Self {
        Self::Leaping(AtomicI64::new(now()))
    }

    /// What it shows, in UTC milliseconds.
    pub(crate) fn now(&self) -> Millis {
        match self {
            Self::Wall => now(),
            Self::Leaping(moment) => moment.load(Ordering::SeqCst),
        }
    }

    /// Whether it moves by leaps.
    pub(crate) fn leaps(&self) -> bool {
        matches!(self, Self::Leaping(_))
    }

    /// Leaps to a moment. It never goes back, and the wall clock goes its own way.
    pub(crate) fn leap_to(&self, moment: Millis) {
        if let Self::Leaping(shown) = self {
            shown.fetch_max(moment, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaping_clock_stands_still_and_never_goes_back() {
        let clock = Clock::leaping();
        let began = clock.now();
        clock.leap_to(began + 1_000);
        clock.leap_to(began + 10);
        assert_eq!(clock.now(), began + 1_000);
    }
}
