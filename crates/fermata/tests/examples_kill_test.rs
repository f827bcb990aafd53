//! The examples, against servers that speak the protocols of what they call. Runs are put down at every call, and the
//! server is killed at random moments; in the end each run has the result that it has without any of that.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "examples_kill_test/audit.rs"]
mod audit;
#[path = "kill_test/calls.rs"]
mod calls;
#[path = "kill_test/client.rs"]
mod client;
#[path = "kill_test/deaths.rs"]
mod deaths;
#[path = "examples_kill_test/example.rs"]
mod example;
#[path = "examples_kill_test/reference.rs"]
mod reference;
#[path = "kill_test/server.rs"]
mod server;
#[path = "kill_test/settings.rs"]
mod settings;
#[path = "kill_test/site.rs"]
mod site;
#[path = "examples_kill_test/visits.rs"]
mod visits;
#[path = "examples_kill_test/world.rs"]
mod world;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

use client::Client;
use deaths::Deaths;
use reference::Reference;
use settings::setting;
use site::Site;
use visits::Visits;
use world::World;

/// How often the server is killed. `FERMATA_KILLS` sets another number.
const KILLS: u64 = 40;
/// What chance begins with. `FERMATA_KILL_SEED` sets another number.
const SEED: u64 = 20_250_708;
/// Runs leave memory at every call.
const RESIDENT_FOR: Option<&str> = Some("0");
/// How long what was accepted may take to end once nothing is killed any more.
const END_WITHIN: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_test_examples_end_as_if_nothing_had_happened() {
    let (began, kills, seed) =
        (Instant::now(), setting("FERMATA_KILLS", KILLS), setting("FERMATA_KILL_SEED", SEED));
    let (site, world) = (Site::new(), World::start());
    let mut server = site.start(RESIDENT_FOR);
    server.ready().await;
    let access = site.access();
    world.describe_to(&mut Client::new(&access)).await;
    example::publish(&mut Client::new(&access)).await;
    let reference = Reference::of(&mut Client::new(&access), &world).await;
    let undisturbed = began.elapsed();

    let visits = Visits::new(access.clone());
    let visitors = visits.begin();
    let mut random = StdRng::seed_from_u64(seed);
    let deaths = Deaths::of(&site, server, kills, |_| RESIDENT_FOR, &mut random).await;
    let mut server = site.start(RESIDENT_FOR);
    server.ready().await;
    let killing = began.elapsed() - undisturbed;
    visits.is_over.store(true, Ordering::SeqCst);
    let ended = tokio::time::timeout(END_WITHIN, visitors.join_all()).await;
    let stuck = calls::stuck(&access, if ended.is_ok() { END_WITHIN } else { Duration::ZERO }).await;
    assert!(ended.is_ok() && stuck.is_empty(), "stuck (seed {seed}): {stuck:#?}\n{:#?}", site.complaints());

    let accepted = std::mem::take(&mut *visits.accepted.lock().unwrap());
    let audit = audit::audit(&access, &accepted, &reference, &world, deaths.count() + 1).await;
    println!(
        "{reference}; {deaths} in {:.0} s; {} runs accepted, {} starts asked for again, {audit}; {:.0} s in all",
        killing.as_secs_f64(),
        accepted.len(),
        visits.repeated.load(Ordering::Relaxed),
        began.elapsed().as_secs_f64(),
    );
    let wrong: Vec<&String> = audit.wrong.iter().take(20).collect();
    assert!(wrong.is_empty(), "{} things are wrong (seed {seed}): {wrong:#?}", audit.wrong.len());
    assert_eq!(site.complaints(), Vec::<String>::new(), "the servers had nothing to complain about");
    assert_eq!(access.faults.load(Ordering::Relaxed), 0, "no answer was a fault of the server's");
    server.kill().await;
}
