//! The workloads, one file each.

mod calls;
mod cold;
mod fanout;
mod nodes;
mod parked;
mod queue;
mod runs;
mod step_n;
mod vacuum;

use anyhow::Result;

use super::report::Row;
use super::{Bench, Workload};

/// Measures a workload.
pub(crate) async fn run(bench: &Bench<'_>, workload: Workload) -> Result<Vec<Row>> {
    match workload {
        Workload::Runs => runs::run(bench).await,
        Workload::StepN => step_n::run(bench).await,
        Workload::Queue => queue::run(bench).await,
        Workload::Parked => parked::run(bench).await,
        Workload::Calls => calls::run(bench).await,
        Workload::Fanout => fanout::run(bench).await,
        Workload::Cold => cold::run(bench).await,
        Workload::Nodes => nodes::run(bench).await,
        Workload::Vacuum => vacuum::run(bench).await,
    }
}
