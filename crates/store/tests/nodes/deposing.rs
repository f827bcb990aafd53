//! A node that gives no sign of life is deposed, and what it still tries to write is refused.

use std::time::{Duration, Instant};

use fermata_store::{CommitError, LeaseNews};

use crate::cluster::{Cluster, LEASE, wait_for, wait_for_news};
use crate::records::{call, insert_call, insert_run, run, run_id, workspace};

#[test]
fn a_node_whose_epoch_was_raised_writes_nothing_more() {
    let cluster = Cluster::new();
    let node = cluster.node("one");
    node.store.commit(vec![insert_run(run(1))]).unwrap();
    cluster.execute("update nodes set epoch = epoch + 1");
    for _ in 0..2 {
        let fate = node.store.commit(vec![insert_run(run(2))]);
        assert!(matches!(fate, Err(CommitError::Deposed)), "{fate:?}");
    }
    assert!(node.store.is_deposed());
    assert!(node.store.run(&workspace(), run_id(2)).unwrap().is_none());
}

#[test]
fn a_silent_node_is_deposed_and_its_runs_can_be_claimed() {
    let cluster = Cluster::new();
    let (line, url) = cluster.line();
    let (silent, watcher) = (cluster.node_at(&url, "silent"), cluster.node("watcher"));
    silent.store.commit(vec![insert_run(run(1))]).unwrap();
    let (silent_news, news) = (silent.join(), watcher.join());
    // Longer than a lease, all is well.
    assert!(news.recv_timeout(LEASE * 3).is_err());
    assert!(!silent.store.is_deposed());
    line.cut();
    let began = Instant::now();
    wait_for_news(&news, LeaseNews::RunsReleased);
    let took = began.elapsed();
    assert!(took < LEASE * 4, "{took:?}");
    assert_eq!(watcher.store.claim_runs(None, 10).unwrap().len(), 1);
    line.heal();
    wait_for_news(&silent_news, LeaseNews::Deposed);
    let late = silent.store.commit(vec![insert_call(call(1, 1))]);
    assert!(matches!(late, Err(CommitError::Deposed)), "{late:?}");
    assert!(watcher.store.call(&workspace(), run_id(1), 1).unwrap().is_none());
}

#[test]
fn what_was_on_its_way_when_its_node_was_deposed_is_refused() {
    let cluster = Cluster::new();
    let (line, url) = cluster.line();
    let (late, watcher) = (cluster.node_at(&url, "late"), cluster.node("watcher"));
    late.store.commit(vec![insert_run(run(1))]).unwrap();
    let news = watcher.join();
    line.cut();
    let fate = std::thread::scope(|scope| {
        let writing = scope.spawn(|| late.store.commit(vec![insert_call(call(1, 1))]));
        wait_for_news(&news, LeaseNews::RunsReleased);
        line.heal();
        writing.join().unwrap()
    });
    assert!(matches!(fate, Err(CommitError::Deposed)), "{fate:?}");
    assert!(watcher.store.call(&workspace(), run_id(1), 1).unwrap().is_none());
}

#[test]
fn a_commit_under_way_holds_the_take_over_up() {
    let cluster = Cluster::new();
    let (silent, watcher) = (cluster.node("silent"), cluster.node("watcher"));
    silent.store.commit(vec![insert_run(run(1))]).unwrap();
    let news = watcher.join();
    let begin = format!("begin; select begin_commit({}, 1, 1000); select pg_sleep(2); commit", silent.id());
    std::thread::scope(|scope| {
        let began = Instant::now();
        let committing = scope.spawn(|| cluster.execute(&begin));
        wait_for_news(&news, LeaseNews::RunsReleased);
        assert!(began.elapsed() > Duration::from_secs(2), "{:?}", began.elapsed());
        committing.join().unwrap();
    });
    assert_eq!(watcher.store.claim_runs(None, 10).unwrap().len(), 1);
}

#[test]
fn a_commit_that_was_overtaken_by_a_later_one_is_refused() {
    let cluster = Cluster::new();
    let node = cluster.node("one");
    node.store.commit(vec![insert_run(run(1))]).unwrap();
    node.store.commit(vec![insert_run(run(2))]).unwrap();
    // What a connection that was given up still holds may reach the server at any time.
    for number in [1, 2] {
        let late = format!("select fermata.begin_commit({}, 1, {number})", node.id());
        let refused = cluster.database.execute(&format!("set search_path = fermata; {late}"));
        let reason = format!("{:?}", refused.unwrap_err());
        assert!(reason.contains("FM003") || reason.contains("or a later one was made"), "{reason}");
    }
    node.store.commit(vec![insert_run(run(3))]).unwrap();
}

#[test]
fn nobody_is_deposed_because_the_server_was_away() {
    let cluster = Cluster::new();
    let Some(server) = cluster.database.server() else { return };
    let nodes = ["one", "two", "three"].map(|name| cluster.node(name));
    let news = nodes.each_ref().map(|node| node.join());
    server.stop_immediately().unwrap();
    std::thread::sleep(LEASE * 3);
    server.start_again().unwrap();
    for (node, news) in nodes.iter().zip(&news) {
        assert!(news.recv_timeout(LEASE * 2).is_err());
        node.store.commit(vec![insert_run(run(u8::try_from(node.id()).unwrap()))]).unwrap();
    }
}

#[test]
fn a_node_that_begins_again_keeps_its_runs() {
    let cluster = Cluster::new();
    let (node, watcher) = (cluster.node("one"), cluster.node("watcher"));
    node.store.commit(vec![insert_run(run(1))]).unwrap();
    drop(node);
    let node = cluster.node("one");
    let (_news, _others) = (node.join(), watcher.join());
    let owned = node.store.unfinished_runs(None, 10).unwrap();
    assert_eq!(owned.iter().map(|run| run.id).collect::<Vec<_>>(), [run_id(1)]);
    assert!(watcher.store.claim_runs(None, 10).unwrap().is_empty());
}

#[test]
fn a_node_that_is_asked_to_drain_is_told_once() {
    let cluster = Cluster::new();
    let (node, other) = (cluster.node("one"), cluster.node("other"));
    let news = node.join();
    assert!(other.store.drain_node("one").unwrap());
    assert!(!other.store.drain_node("nobody").unwrap());
    wait_for_news(&news, LeaseNews::Drain);
    assert!(news.recv_timeout(LEASE).is_err(), "once");
    node.store.commit(vec![insert_run(run(1))]).unwrap();
    assert!(node.store.claim_runs(None, 1).unwrap().is_empty(), "it takes up nothing more");
    node.store.leave().unwrap();
    wait_for("its end", || other.store.nodes().unwrap().iter().any(|n| n.name == "one" && n.state == "down"));
}
