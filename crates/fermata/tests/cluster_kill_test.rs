//! Several nodes over one PostgreSQL, under load. Nodes are killed, put to sleep beyond their lease and cut off
//! from the database at random moments, and the database itself dies; in the end everything that was accepted
//! has happened, once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "what was measured is told")]

#[path = "kill_test/audit.rs"]
mod audit;
#[path = "kill_test/calls.rs"]
mod calls;
#[path = "kill_test/client.rs"]
mod client;
#[path = "kill_test/counter.rs"]
mod counter;
#[path = "cluster_kill_test/faults.rs"]
mod faults;
#[path = "kill_test/job.rs"]
mod job;
#[path = "cluster_kill_test/ledger.rs"]
mod ledger;
#[path = "kill_test/load.rs"]
mod load;
#[path = "cluster_kill_test/node.rs"]
mod node;
#[path = "cluster_kill_test/outage.rs"]
mod outage;
#[path = "kill_test/server.rs"]
mod server;
#[path = "kill_test/settings.rs"]
mod settings;
#[path = "cluster_kill_test/site.rs"]
mod site;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use counter::Counter;
use faults::Faults;
use load::Load;
use node::Node;
use outage::Outages;
use settings::setting;
use site::Site;

/// How often a node is done something to. `FERMATA_KILLS` sets another number.
const FAULTS: u64 = 100;
/// How often the database dies. `FERMATA_OUTAGES` sets another number.
const OUTAGES: u64 = 10;
/// What chance begins with. `FERMATA_KILL_SEED` sets another number.
const SEED: u64 = 20_251_121;
/// How long what was accepted may take to end once nothing is done to nodes any more.
const END_WITHIN: Duration = Duration::from_secs(60);
/// Things that are wrong which are shown.
const SHOWN_MAX: usize = 20;

/// Nodes under load.
struct Cluster {
    site: Arc<Site>,
    nodes: Vec<Node>,
    load: Arc<Load>,
    visitors: JoinSet<()>,
    counter: Arc<Counter>,
    seed: u64,
    began: Instant,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn kill_test_nodes_die_sleep_and_are_cut_off_and_everything_happens_once() {
    let mut cluster = Cluster::start().await;
    let faults = Faults::new(cluster.seed);
    let faults = faults.strike(&mut cluster.nodes, setting("FERMATA_KILLS", FAULTS)).await;
    println!("{faults}");
    // Last, so that whatever else is wrong is told first.
    cluster.end().await;
    assert!(faults.longest() <= faults::TAKEN_OVER_WITHIN, "runs were taken over too late");
    assert!(faults.refused_of_sleepers() > 0, "nodes that had slept wrote nothing, or it was taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn kill_test_the_database_dies_again_and_again_and_nothing_is_lost() {
    let cluster = Cluster::start().await;
    let outages = Outages::new(cluster.seed);
    let outages = outages.strike(&cluster.site, &cluster.nodes, setting("FERMATA_OUTAGES", OUTAGES)).await;
    println!("{outages}");
    cluster.end().await;
}

impl Cluster {
    async fn start() -> Self {
        let (began, seed) = (Instant::now(), setting("FERMATA_KILL_SEED", SEED));
        println!("seed {seed}");
        let (site, counter) = (Site::new(), Counter::start(seed).await);
        let nodes = site.start_all().await;
        let load = Load::new(site.access(), counter.url(), seed);
        load.publish().await;
        let visitors = load.begin();
        Self { site, nodes, load, visitors, counter, seed, began }
    }

    /// Lets everything come to its end, and looks at all of it.
    async fn end(self) {
        let Self { site, nodes, load, visitors, counter, seed, began } = self;
        load.is_over.store(true, Ordering::SeqCst);
        let ended = tokio::time::timeout(END_WITHIN, all_ended(visitors)).await;
        assert!(
            !matches!(ended, Ok(false)),
            "a visitor saw something wrong (seed {seed}): {:#?}",
            site.keep_logs()
        );
        let patience = if ended.is_ok() { END_WITHIN } else { Duration::ZERO };
        let stuck = calls::stuck(&load.access, patience).await;
        let is_over = ended.is_ok() && stuck.is_empty();
        assert!(is_over, "stuck (seed {seed}): {stuck:#?}\n{:#?}\n{:#?}", site.open_runs(), site.keep_logs());

        let accepted = load.accepted.lock().unwrap().len();
        let mut findings = audit::audit(&load, &counter).await;
        findings.wrong.extend(ledger::faults(&site));
        findings.wrong.extend(site.complaints());
        println!(
            "{accepted} runs accepted, {} in all, {} calls, {} effects of {} requests; {} starts of unknown fate, {} \
             answers were faults; {:.0} s in all",
            findings.runs,
            findings.calls,
            findings.effects,
            findings.requests,
            load.unknown.load(Ordering::SeqCst),
            load.access.faults.load(Ordering::Relaxed),
            began.elapsed().as_secs_f64(),
        );
        let wrong: Vec<&String> = findings.wrong.iter().take(SHOWN_MAX).collect();
        let count = findings.wrong.len();
        assert!(
            wrong.is_empty(),
            "{count} things are wrong (seed {seed}): {wrong:#?}\n{:#?}",
            site.keep_logs()
        );
        for node in nodes {
            node.kill().await;
        }
    }
}

/// Whether all visitors ended well.
async fn all_ended(mut visitors: JoinSet<()>) -> bool {
    let mut ended_well = true;
    while let Some(ended) = visitors.join_next().await {
        ended_well &= ended.is_ok();
    }
    ended_well
}
