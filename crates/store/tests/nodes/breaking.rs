//! Lines and servers break in the middle of commits: what was acknowledged is there once, what failed is
//! wholly there or wholly not, and the store goes on by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fermata_model::record::RunState;
use fermata_store::{Change, CommitError, Store};
use fermata_testkit::proxy::Proxy;

use crate::cluster::Cluster;
use crate::records::{insert_run, log, run, run_id, submit_together, update_run, workspace};

const WRITERS: u8 = 8;
/// Log lines of one group; a group is there when all of them are.
const LINES: u32 = 3;

/// Group `n` of a writer: lines of its own, and its number in the run's row.
fn group(writer: u8, n: u32) -> Vec<Change> {
    let lines = (n * LINES..(n + 1) * LINES).map(|seq| log(writer, seq));
    lines.chain([update_run(writer, RunState { deliveries: n, ..RunState::queued() })]).collect()
}

/// The fates of one writer's groups, from 1 on: whether each was acknowledged.
fn write_until(store: &Store, writer: u8, is_over: &AtomicBool) -> Vec<bool> {
    let mut fates = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let n = u32::try_from(fates.len()).unwrap() + 1;
        match store.commit(group(writer, n)) {
            Ok(()) => fates.push(true),
            Err(CommitError::Unavailable { .. }) => fates.push(false),
            Err(error) => panic!("group {n} of writer {writer}: {error:?}"),
        }
    }
    fates
}

/// Writes from many threads while `trouble` does its worst; then holds what is there against what was
/// promised, and shows that the store writes on.
fn endure(cluster: &Cluster, url: &str, trouble: impl FnOnce()) {
    let node = cluster.node_at(url, "writer");
    node.store.commit((1..=WRITERS).map(|writer| insert_run(run(writer))).collect()).unwrap();
    let is_over = AtomicBool::new(false);
    let fates: Vec<Vec<bool>> = std::thread::scope(|scope| {
        let (store, is_over) = (&node.store, &is_over);
        let writing = (1..=WRITERS).map(|writer| scope.spawn(move || write_until(store, writer, is_over)));
        let writing: Vec<_> = writing.collect();
        trouble();
        is_over.store(true, Ordering::SeqCst);
        writing.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (writer, fates) in (1..=WRITERS).zip(&fates) {
        node.store.commit(vec![log(writer, u32::MAX)]).unwrap();
        check(cluster, writer, fates);
    }
    let acknowledged = fates.iter().flatten().filter(|fate| **fate).count();
    assert!(acknowledged > usize::from(WRITERS), "hardly anything was written");
}

fn check(cluster: &Cluster, writer: u8, fates: &[bool]) {
    let sql = format!(
        "set search_path = fermata;
         select seq / {LINES}, count(*) from task_logs where run_id = '\\x{}' group by 1",
        format!("{writer:02x}").repeat(16)
    );
    let rows = cluster.database.query_text(&sql).unwrap();
    let lines =
        |n: usize| rows.iter().find(|row| row[0] == Some(n.to_string())).and_then(|row| row[1].clone());
    for (n, acknowledged) in (1..).zip(fates) {
        let found = lines(n);
        let is_there = found == Some(LINES.to_string());
        assert!(is_there || (found.is_none() && !acknowledged), "group {n} of {writer}: {found:?}");
    }
    let last = fates.iter().rposition(|fate| *fate).map_or(0, |at| at + 1);
    let id = format!("'\\x{}'", format!("{writer:02x}").repeat(16));
    let row: usize =
        cluster.cell(&format!("select deliveries from task_runs where id = {id}")).parse().unwrap();
    assert!(row >= last, "group {row} came after group {last}, which was acknowledged later");
}

#[test]
fn the_server_crashes_again_and_again() {
    let cluster = Cluster::new();
    let Some(server) = cluster.database.server() else { return };
    endure(&cluster, cluster.database.url(), || {
        for _ in 0..4 {
            std::thread::sleep(Duration::from_millis(700));
            server.restart_immediately().unwrap();
        }
        std::thread::sleep(Duration::from_millis(500));
    });
}

#[test]
fn the_line_is_torn_at_any_moment() {
    let cluster = Cluster::new();
    let (line, url) = cluster.line();
    endure(&cluster, &url, || tear(&line, Duration::from_secs(8)));
}

/// Resets all connections, often, at random moments; some after a while of silence.
fn tear(line: &Proxy, duration: Duration) {
    let began = Instant::now();
    while began.elapsed() < duration {
        std::thread::sleep(Duration::from_millis(rand::random_range(1..60)));
        let is_cut = rand::random_bool(0.3);
        if is_cut {
            line.cut();
            std::thread::sleep(Duration::from_millis(rand::random_range(1..100)));
        }
        line.drop_all();
        line.heal();
    }
}

#[test]
fn the_line_is_silent_for_a_while() {
    let cluster = Cluster::new();
    let (line, url) = cluster.line();
    endure(&cluster, &url, || {
        for pause_ms in [50, 200, 600, 1_500] {
            std::thread::sleep(Duration::from_millis(200));
            line.cut();
            std::thread::sleep(Duration::from_millis(pause_ms));
            line.heal();
        }
        std::thread::sleep(Duration::from_millis(200));
    });
}

#[test]
fn faulty_groups_fail_alone_while_the_line_is_torn() {
    let cluster = Cluster::new();
    let (line, url) = cluster.line();
    let node = cluster.node_at(&url, "writer");
    node.store.commit(vec![insert_run(run(1)), log(1, 0)]).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| tear(&line, Duration::from_secs(4)));
        for n in (1..200).map(|n| n * 10) {
            // The middle one repeats a line that is there.
            let groups = vec![vec![log(1, n)], vec![log(1, n + 1), log(1, 0)], vec![log(1, n + 2)]];
            let fates = submit_together(&node.store, groups);
            assert!(matches!(&fates[1], Err(CommitError::Conflict { .. } | CommitError::Unavailable { .. })));
            for (at, is_there) in [(0, true), (1, false), (2, true)] {
                let seq = n + at;
                let found = cluster.cell(&format!("select count(*) from task_logs where seq = {seq}")) == "1";
                let is_known = fates[at as usize].is_ok() || !is_there;
                assert!(!is_known || found == is_there, "line {seq}: {:?}", fates[at as usize]);
            }
        }
    });
}

#[test]
fn who_waits_is_told_when_the_server_stays_away() {
    let cluster = Cluster::new();
    let Some(server) = cluster.database.server() else { return };
    let node = cluster.node("writer");
    node.store.commit(vec![insert_run(run(1))]).unwrap();
    server.stop_immediately().unwrap();
    let fate = node.store.commit(vec![log(1, 1)]);
    assert!(matches!(fate, Err(CommitError::Unavailable { .. })), "{fate:?}");
    assert!(node.store.run(&workspace(), run_id(1)).is_err());
    server.start_again().unwrap();
    node.store.commit(vec![log(1, 2)]).unwrap();
    assert!(node.store.run(&workspace(), run_id(1)).unwrap().is_some());
    assert!(!node.store.is_deposed());
}
