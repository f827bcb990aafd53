//! Latencies: many durations, and what is told of them.

use std::time::Duration;

use serde::Serialize;

/// What is told of many durations, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// How many there were.
    pub count: usize,
    /// Half took at most this.
    pub p50_ms: f64,
    /// 95 of 100 took at most this.
    pub p95_ms: f64,
    /// 99 of 100 took at most this.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Latency {
    /// Of durations in any order; nothing when there are none.
    pub(crate) fn of(mut durations: Vec<Duration>) -> Option<Self> {
        durations.sort_unstable();
        let max_ms = ms(*durations.last()?);
        let at = |share: f64| ms(quantile(&durations, share));
        Some(Self { count: durations.len(), p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99), max_ms })
    }
}

/// A duration in milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The smallest of sorted durations that is not exceeded by `share` of them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the share is from 0 to 1")]
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let latency = Latency::of((1..=200).rev().map(Duration::from_millis).collect()).unwrap();
        let expected = Latency { count: 200, p50_ms: 100.0, p95_ms: 190.0, p99_ms: 198.0, max_ms: 200.0 };
        assert_eq!(latency, expected);
        let one = Latency::of(vec![Duration::from_millis(7)]).unwrap();
        assert_eq!((one.p50_ms, one.p99_ms, one.max_ms), (7.0, 7.0, 7.0));
        assert_eq!(Latency::of(Vec::new()), None);
    }
}
