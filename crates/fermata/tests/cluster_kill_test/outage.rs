//! Deaths of the database.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::faults::Spread;
use crate::node::Node;
use crate::site::Site;

/// How long the database lives.
const LIFE_MS: std::ops::RangeInclusive<u64> = 300..=3_000;
/// How long it is away, beside the time of its recovery.
const AWAY_MS: std::ops::RangeInclusive<u64> = 0..=1_500;

/// The deaths so far.
pub(crate) struct Outages {
    random: StdRng,
    /// How long it took until all nodes served again, from the moment the database did.
    back: Vec<Duration>,
}

impl Outages {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), back: Vec::new() }
    }

    /// Lets the database die and come back, `count` times.
    pub(crate) async fn strike(mut self, site: &Site, nodes: &[Node], count: u64) -> Self {
        for _ in 0..count {
            self.sleep(LIFE_MS).await;
            let server = &site.database_server;
            tokio::task::block_in_place(|| server.stop_immediately()).unwrap();
            self.sleep(AWAY_MS).await;
            tokio::task::block_in_place(|| server.start_again()).unwrap();
            let mut longest = Duration::ZERO;
            for node in nodes {
                longest += node.back().await;
            }
            self.back.push(longest);
        }
        self
    }

    async fn sleep(&mut self, ms: std::ops::RangeInclusive<u64>) {
        tokio::time::sleep(Duration::from_millis(self.random.random_range(ms))).await;
    }
}

impl fmt::Display for Outages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { back, .. } = self;
        write!(f, "the database died {} times; all nodes served again after {}", back.len(), Spread(back))
    }
}
