//! What was measured: rows, all of one shape, so that a program can compare reports.

use serde::Serialize;

use super::goal::Goal;
use super::latency::Latency;
use super::machine::Machine;
use super::usage::Usage;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// On what.
    pub machine: Machine,
    /// Whether the sizes were the small ones.
    pub quick: bool,
    /// The measurements.
    pub rows: Vec<Row>,
}

/// One measurement.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    /// The workload.
    pub workload: &'static str,
    /// The case of it.
    pub case: String,
    /// How long things took.
    pub latency: Option<Latency>,
    /// What they cost.
    pub cost: Option<Cost>,
    /// Further figures.
    pub figures: Vec<Figure>,
    /// What it should be, and how far others come.
    pub goals: Vec<Goal>,
}

/// A figure that only some measurements have.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
}

/// What things cost. "Each" is one run, or one step where the case says so.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cost {
    /// How many there were.
    pub count: u64,
    /// In which time.
    pub seconds: f64,
    /// How many a second.
    pub per_second: f64,
    /// The server's CPU time for each, in microseconds.
    pub server_cpu_us: f64,
    /// This process's CPU time for each: the clients, and the HTTP server that steps ask.
    pub client_cpu_us: f64,
    /// Bytes that the server had written to disk for each.
    pub disk_bytes: f64,
    /// CPUs that other programs kept busy meanwhile.
    pub other_cpus: f64,
}

impl Cost {
    /// Of `count` things between two moments.
    pub(crate) fn of(count: u64, from: &Usage, to: &Usage) -> Self {
        let seconds = (to.at - from.at).as_secs_f64();
        let each = |total: f64| if count == 0 { 0.0 } else { total / count as f64 };
        let server = (to.cpu - from.cpu).as_secs_f64();
        let client = (to.own_cpu - from.own_cpu).as_secs_f64();
        let all = (to.all_cpu - from.all_cpu).as_secs_f64();
        Self {
            count,
            seconds,
            per_second: count as f64 / seconds,
            server_cpu_us: each(server * 1e6),
            client_cpu_us: each(client * 1e6),
            disk_bytes: each((to.written_bytes - from.written_bytes) as f64),
            other_cpus: ((all - server - client) / seconds).max(0.0),
        }
    }
}

impl Row {
    /// A measurement without figures so far.
    pub(crate) fn new(workload: &'static str, case: impl Into<String>) -> Self {
        Self { workload, case: case.into(), ..Self::default() }
    }

    /// The same under another name.
    pub(crate) fn named(self, case: impl Into<String>) -> Self {
        Self { case: case.into(), ..self }
    }

    /// With one more figure.
    pub(crate) fn figure(mut self, name: &'static str, value: f64, unit: &'static str) -> Self {
        self.figures.push(Figure { name, value, unit });
        self
    }

    /// With a goal, if there is one.
    pub(crate) fn goal(mut self, goal: Option<Goal>) -> Self {
        self.goals.extend(goal);
        self
    }
}
