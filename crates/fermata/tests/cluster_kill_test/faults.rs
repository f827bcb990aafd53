//! What is done to nodes, one at a time, at random.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::node::Node;

/// Longest that the runs of a node that is silent may stay its own: its lease, and as much again for whoever
/// finds out, on a busy machine.
pub(crate) const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(10);
/// How long nodes are left alone between two faults.
const PEACE_MS: std::ops::RangeInclusive<u64> = 20..=400;
/// How long a node is away, beyond the time until its runs are taken over.
const AWAY_MS: std::ops::RangeInclusive<u64> = 0..=600;
/// How long a killed node is away that is not to be taken over.
const SOON_MS: std::ops::RangeInclusive<u64> = 0..=300;
/// Shortest time that a node sleeps or is cut off: more than its lease.
const SILENT: Duration = Duration::from_millis(1_500);

/// One kind of fault, so far.
#[derive(Default)]
struct Kind {
    count: u64,
    /// How long it took until the node owned no runs.
    taken_over: Vec<Duration>,
    /// How long it took until the node served again, from the end of the fault.
    back: Vec<Duration>,
    /// Commits that were refused after it.
    refused: usize,
}

/// What was done so far, and what comes next.
pub(crate) struct Faults {
    random: StdRng,
    killed: Kind,
    slept: Kind,
    cut: Kind,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { random, killed: Kind::default(), slept: Kind::default(), cut: Kind::default() }
    }

    /// Does something to one node after the other, `count` times; in the end all are well.
    pub(crate) async fn strike(mut self, nodes: &mut [Node], count: u64) -> Self {
        for _ in 0..count {
            self.sleep(PEACE_MS).await;
            let node = self.random.random_range(0..nodes.len());
            let node = &mut nodes[node];
            match self.random.random_range(0..4) {
                0 => self.put_to_sleep(node).await,
                1 => self.cut_off(node).await,
                _ => self.kill(node).await,
            }
        }
        self
    }

    /// The longest that runs stayed with a node that was away.
    pub(crate) fn longest(&self) -> Duration {
        let kinds = [&self.killed, &self.slept, &self.cut];
        kinds.into_iter().flat_map(|kind| &kind.taken_over).max().copied().unwrap_or_default()
    }

    /// Commits of nodes that had slept which were refused.
    pub(crate) fn refused_of_sleepers(&self) -> usize {
        self.slept.refused
    }

    async fn kill(&mut self, node: &mut Node) {
        node.die().await;
        self.killed.count += 1;
        if self.random.random_bool(0.5) {
            self.killed.taken_over.extend(node.relieved(TAKEN_OVER_WITHIN).await);
            self.sleep(AWAY_MS).await;
        } else {
            self.sleep(SOON_MS).await;
        }
        let resident_for = self.random.random_bool(0.5).then_some("0");
        let began = std::time::Instant::now();
        node.start_again(resident_for).await;
        self.killed.back.push(began.elapsed());
    }

    async fn put_to_sleep(&mut self, node: &Node) {
        let log = node.log_bytes();
        node.fall_asleep();
        self.slept.be_silent(node).await;
        self.sleep(AWAY_MS).await;
        node.wake_up();
        self.slept.come_back(node, log).await;
    }

    async fn cut_off(&mut self, node: &Node) {
        let log = node.log_bytes();
        node.cut_off();
        self.cut.be_silent(node).await;
        self.sleep(AWAY_MS).await;
        if self.random.random_bool(0.5) {
            node.reconnect();
        } else {
            node.reconnect_anew();
        }
        self.cut.come_back(node, log).await;
    }

    async fn sleep(&mut self, ms: std::ops::RangeInclusive<u64>) {
        tokio::time::sleep(Duration::from_millis(self.random.random_range(ms))).await;
    }
}

impl Kind {
    /// Waits beyond the lease, and until others have taken the node's runs.
    async fn be_silent(&mut self, node: &Node) {
        self.count += 1;
        let (_, relieved) = tokio::join!(tokio::time::sleep(SILENT), node.relieved(TAKEN_OVER_WITHIN));
        self.taken_over.extend(relieved);
    }

    async fn come_back(&mut self, node: &Node, log: usize) {
        self.back.push(node.back().await);
        self.refused += node.refused_since(log);
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, kind) in [("killed", &self.killed), ("slept", &self.slept), ("cut off", &self.cut)] {
            let Kind { count, taken_over, back, refused } = kind;
            writeln!(
                f,
                "{name} {count} times; {} were taken over after {}; back after {}; {refused} turns refused",
                taken_over.len(),
                Spread(taken_over),
                Spread(back)
            )?;
        }
        Ok(())
    }
}

/// The middle and the longest of some times.
pub(crate) struct Spread<'a>(pub(crate) &'a [Duration]);

impl fmt::Display for Spread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.0.to_vec();
        times.sort_unstable();
        let at = |index: usize| times.get(index).map_or(0.0, Duration::as_secs_f64);
        write!(f, "{:.2} s (p50), {:.2} s (max)", at(times.len() / 2), at(times.len().wrapping_sub(1)))
    }
}
