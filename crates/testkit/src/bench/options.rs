//! The command line of `fermata-bench`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures a Fermata server over HTTP.
///
/// Starts the `fermata` beside this executable, on an empty folder, with full sync. Without a
/// workload all of them are measured, one after the other.
#[derive(Debug, Parser)]
#[command(name = "fermata-bench", version)]
pub struct Options {
    /// What to measure
    #[command(subcommand)]
    workload: Option<Workload>,
    /// Smaller sizes and shorter times: about two minutes for everything
    #[arg(long, global = true)]
    pub quick: bool,
    /// Print one JSON document with everything
    #[arg(long, global = true)]
    pub json: bool,
    /// Folder for the servers' data; its disk is the one measured [default: beside this executable]
    #[arg(long, global = true, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Measure only the cases whose name has this text in it
    #[arg(long, global = true, value_name = "TEXT")]
    pub only: Option<String>,
    /// Seconds of each case that is measured for a time
    #[arg(long, global = true, value_name = "N")]
    pub seconds: Option<u64>,
    /// Argument for the server, such as --server-arg=--executors=1 (repeatable)
    #[arg(long, global = true, value_name = "ARG", allow_hyphen_values = true)]
    pub server_arg: Vec<String>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Workload {
    /// Runs of 0, 1, 3 and 10 steps by 1, 16 and 64 clients that wait for each
    Runs,
    /// One long run: the cost of step n, in memory and put down at every step
    StepN,
    /// Many runs queued at once, and the latency of single ones
    Queue,
    /// Many runs asleep at the same time: what they take, and how late they wake
    Parked,
    /// A run that starts a thousand runs and waits for them
    Fanout,
    /// A run that makes a thousand requests in waves of fifty
    Calls,
    /// The time from the server's start to its first answer
    Cold,
    /// One, two and three servers over one PostgreSQL of their own
    Nodes,
    /// Many runs queued on PostgreSQL, without and with a transaction that stays open meanwhile
    Vacuum,
}

impl Workload {
    const ALL: [Self; 9] = [
        Self::Cold,
        Self::Runs,
        Self::StepN,
        Self::Queue,
        Self::Parked,
        Self::Fanout,
        Self::Calls,
        Self::Nodes,
        Self::Vacuum,
    ];

    /// The name on the command line and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::StepN => "step-n",
            Self::Queue => "queue",
            Self::Parked => "parked",
            Self::Fanout => "fanout",
            Self::Calls => "calls",
            Self::Cold => "cold",
            Self::Nodes => "nodes",
            Self::Vacuum => "vacuum",
        }
    }
}

impl Options {
    /// What to measure.
    pub(crate) fn workloads(&self) -> Vec<Workload> {
        self.workload.map_or_else(|| Workload::ALL.to_vec(), |one| vec![one])
    }

    /// Whether a case is to be measured.
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.only.as_ref().is_none_or(|text| case.contains(text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Options::command().debug_assert();
    }
}
