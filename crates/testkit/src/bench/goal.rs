//! What the figures should be, and what others reach.
//!
//! The peers' figures were taken on a machine of the same kind (2 shared cores, load generator on
//! the same cores, full sync). They are ratios to hold a figure against, not promises.

use serde::Serialize;

/// A figure, what it should be, and what the best peer reaches.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Goal {
    /// What the figure is.
    pub figure: &'static str,
    /// Whether smaller or larger is better.
    pub is_upper_bound: bool,
    /// What it should be.
    pub bound: f64,
    /// What it is.
    pub reached: f64,
    /// Whether that is good enough.
    pub is_met: bool,
    /// The unit of both.
    pub unit: &'static str,
    /// Who reaches how much.
    pub peers: &'static str,
}

impl Goal {
    fn at_most(
        figure: &'static str,
        bound: f64,
        unit: &'static str,
        reached: f64,
        peers: &'static str,
    ) -> Self {
        let is_met = reached <= bound;
        Self { figure, is_upper_bound: true, bound, reached, is_met, unit, peers }
    }

    fn at_least(
        figure: &'static str,
        bound: f64,
        unit: &'static str,
        reached: f64,
        peers: &'static str,
    ) -> Self {
        let is_met = reached >= bound;
        Self { figure, is_upper_bound: false, bound, reached, is_met, unit, peers }
    }
}

/// A 3-step run of one client.
pub(crate) fn three_steps_alone(p50_ms: f64) -> Goal {
    let peers = "Restate 1.7.12, 4 partitions: 6.1 ms; DBOS TS 5.3.0: 6.9 ms";
    Goal::at_most("3-step run, one at a time, p50", 1.5, "ms", p50_ms, peers)
}

/// 3-step runs of 64 clients.
pub(crate) fn three_steps_together(per_second: f64) -> Goal {
    let peers = "Restate 1.7.12, 4 partitions: 1157; DBOS TS 5.3.0: 370";
    Goal::at_least("3-step runs, 64 at a time", 4_000.0, "runs/s", per_second, peers)
}

/// No-op runs of 64 clients.
pub(crate) fn no_ops_together(per_second: f64) -> Goal {
    let peers = "Restate 1.7.12, 4 partitions: 1603";
    Goal::at_least("no-op runs over HTTP, 64 at a time", 8_000.0, "runs/s", per_second, peers)
}

/// The cost of a late step of a run that is put down at each.
pub(crate) fn parked_step(ms: f64) -> Goal {
    let peers = "Restate 1.7.12, suspending at each: 15 ms at 100, 41 at 400, 57 at 750";
    Goal::at_most("cost of a step when every step parks", 1.0, "ms", ms, peers)
}

/// How much dearer a late step is than an early one, when every step parks.
pub(crate) fn flatness(ratio: f64) -> Goal {
    let peers = "Restate 1.7.12: 4 times from 100 to 750";
    Goal::at_most("last steps against steps up to 100", 1.3, "times", ratio, peers)
}

/// Jobs from queued to finished.
pub(crate) fn jobs(per_second: f64) -> Goal {
    let peers = "BullMQ 6.7.0, fsync always: 8000; graphile-worker 0.17.3: 2300";
    Goal::at_least("no-op jobs, queued to finished", 10_000.0, "jobs/s", per_second, peers)
}

/// From a request to the end of its no-op run, on an idle server.
pub(crate) fn pick_up(p50_ms: f64) -> Goal {
    Goal::at_most("pick-up of a single job, p50", 1.0, "ms", p50_ms, "BullMQ 6.7.0, fsync always: 1.9 ms")
}

/// How fast the last tenth of a crowd ends while a transaction stays open, as a part of the first.
pub(crate) fn last_tenth(ratio: f64) -> Goal {
    Goal::at_least("last tenth of the jobs against the first", 0.5, "times", ratio, "none known")
}

/// Disk of a parked run.
pub(crate) fn parked_disk(bytes: f64) -> Goal {
    Goal::at_most("disk of a parked run", 12.0 * 1024.0, "bytes", bytes, "none known")
}

/// Memory of a parked run. None is meant; what is let pass is a timer that falls due within a minute.
pub(crate) fn parked_memory(bytes: f64) -> Goal {
    Goal::at_most("memory of a parked run", 256.0, "bytes", bytes, "none known")
}
