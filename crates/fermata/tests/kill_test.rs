//! Kills the real server under load, at random moments, hundreds of times; in the end everything
//! that was accepted has happened, once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "kill_test/audit.rs"]
mod audit;
#[path = "kill_test/calls.rs"]
mod calls;
#[path = "kill_test/client.rs"]
mod client;
#[path = "kill_test/counter.rs"]
mod counter;
#[path = "kill_test/deaths.rs"]
mod deaths;
#[path = "kill_test/job.rs"]
mod job;
#[path = "kill_test/load.rs"]
mod load;
#[path = "kill_test/server.rs"]
mod server;
#[path = "kill_test/settings.rs"]
mod settings;
#[path = "kill_test/site.rs"]
mod site;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use counter::Counter;
use deaths::Deaths;
use load::Load;
use settings::setting;
use site::Site;

/// How often the server is killed. `FERMATA_KILLS` sets another number.
const KILLS: u64 = 200;
/// What chance begins with. `FERMATA_KILL_SEED` sets another number.
const SEED: u64 = 20_250_917;
/// How long what was accepted may take to end once nothing is killed any more.
const END_WITHIN: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_test_everything_accepted_happens_once() {
    let (began, kills, seed) =
        (Instant::now(), setting("FERMATA_KILLS", KILLS), setting("FERMATA_KILL_SEED", SEED));
    let (site, counter) = (Site::new(), Counter::start(seed).await);
    let mut random = StdRng::seed_from_u64(seed);
    let mut server = site.start(None);
    server.ready().await;
    let load = Load::new(site.access(), counter.url(), seed);
    load.publish().await;
    let visitors = load.begin();

    let keeps = |random: &mut StdRng| random.random_bool(0.5).then_some("0");
    let deaths = Deaths::of(&site, server, kills, keeps, &mut random).await;
    let mut server = site.start(None);
    server.ready().await;
    let killing = began.elapsed();
    load.is_over.store(true, Ordering::SeqCst);
    let ended = tokio::time::timeout(END_WITHIN, visitors.join_all()).await;
    let stuck = calls::stuck(&load.access, if ended.is_ok() { END_WITHIN } else { Duration::ZERO }).await;
    assert!(ended.is_ok() && stuck.is_empty(), "stuck (seed {seed}): {stuck:#?}\n{:#?}", site.complaints());

    let accepted = load.accepted.lock().unwrap().len();
    let findings = audit::audit(&load, &counter).await;
    println!(
        "{deaths} in {:.0} s; {accepted} runs accepted, {} in all, {} calls, {} effects of {} requests; {:.0} s in all",
        killing.as_secs_f64(),
        findings.runs,
        findings.calls,
        findings.effects,
        findings.requests,
        began.elapsed().as_secs_f64(),
    );
    let wrong: Vec<&String> = findings.wrong.iter().take(20).collect();
    assert!(wrong.is_empty(), "{} things are wrong (seed {seed}): {wrong:#?}", findings.wrong.len());
    assert_eq!(site.complaints(), Vec::<String>::new(), "the servers had nothing to complain about");
    assert_eq!(load.access.faults.load(Ordering::Relaxed), 0, "no answer was a fault of the server's");
    server.kill().await;
}
