//! How servers live and die, one after the other.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use crate::server::Server;
use crate::site::Site;

/// How long a server lives after it was ready.
const LIFE_MS: RangeInclusive<u64> = 5..=400;
/// How long a server lives that is not waited for: it dies while it starts or takes up what the
/// one before has left.
const SHORT_LIFE_MS: RangeInclusive<u64> = 5..=200;
/// One of so many servers is not waited for.
const SHORT_LIVES: u32 = 4;

/// How the servers lived.
#[derive(Default)]
pub(crate) struct Deaths {
    while_starting: u64,
    under_load: u64,
}

impl Deaths {
    /// Kills `first` and those that follow it, `kills` in all. None runs afterwards. Each of those that follow is
    /// told how long runs may stay in memory.
    pub(crate) async fn of(
        site: &Site,
        first: Server,
        kills: u64,
        resident_for: impl Fn(&mut StdRng) -> Option<&'static str>,
        random: &mut StdRng,
    ) -> Self {
        let mut deaths = Self::default();
        let mut next = Some(first);
        while deaths.count() < kills {
            let resident_for = resident_for(random);
            let is_ready = next.is_some();
            let mut server = next.take().unwrap_or_else(|| site.start(resident_for));
            if !is_ready && random.random_ratio(1, SHORT_LIVES) {
                tokio::time::sleep(Duration::from_millis(random.random_range(SHORT_LIFE_MS))).await;
                deaths.while_starting += 1;
            } else {
                if !is_ready {
                    server.ready().await;
                }
                tokio::time::sleep(Duration::from_millis(random.random_range(LIFE_MS))).await;
                deaths.under_load += 1;
            }
            server.kill().await;
        }
        deaths
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.while_starting + self.under_load
    }
}

impl fmt::Display for Deaths {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { while_starting, under_load } = self;
        write!(formatter, "{} kills ({while_starting} while starting, {under_load} under load)", self.count())
    }
}
