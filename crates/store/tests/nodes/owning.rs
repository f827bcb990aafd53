//! Runs belong to one node at a time.

use std::collections::HashSet;

use fermata_model::record::{ParentCall, Run, RunState};
use fermata_model::{RunId, RunStatus};
use fermata_store::{Change, CommitError, Letter, Store, Taken};

use crate::cluster::Cluster;
use crate::records::{call, insert_call, insert_run, run, run_id, update_run, workspace};

fn release(id: RunId) -> Change {
    Change::ReleaseRun { workspace: workspace(), id }
}

fn take_up(store: &Store, id: RunId) -> Taken {
    store.take_up(&workspace(), id).unwrap()
}

/// Runs that nobody owns, with ids from 1 on.
fn unowned(count: u32) -> Vec<Change> {
    let made = (1..=count).map(|n| {
        let mut id = [0; 16];
        id[12..].copy_from_slice(&n.to_be_bytes());
        let id = RunId::from_bytes(id);
        let Run { mut birth, state } = run(1);
        (birth.id, birth.root) = (id, id);
        [insert_run(Run { birth, state }), release(id)]
    });
    made.flatten().collect()
}

#[test]
fn nodes_register_and_begin_again_with_a_higher_epoch() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node("one"), cluster.node("two"));
    assert_ne!(one.id(), two.id());
    let shown = |node: &str| one.store.nodes().unwrap().into_iter().find(|n| n.name == node).unwrap();
    assert_eq!((shown("one").epoch, shown("one").state.as_str()), (1, "up"));
    let id = two.id();
    drop(two);
    let two = cluster.node("two");
    assert_eq!((two.id(), shown("two").epoch), (id, 2));
    two.store.commit(vec![insert_run(run(1))]).unwrap();
}

/// The round trips of `read`. A node gives signs of life meanwhile, so the fewest of some attempts count; statements are
/// prepared by the first. The numbers themselves take one, which asks for the database's size.
fn round_trips(store: &Store, read: impl Fn()) -> u64 {
    let counted = (0..10).map(|_| {
        let before = store.stats().round_trips;
        read();
        store.stats().round_trips - before - 1
    });
    counted.min().unwrap()
}

#[test]
fn a_run_is_taken_up_in_two_round_trips() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node("one"), cluster.node("two"));
    let child = with_parent(run(2), 1);
    one.store.commit(vec![insert_run(run(1)), insert_call(call(1, 1)), insert_run(child)]).unwrap();
    let letter = Change::PutLetter(Box::new(letter(2)));
    two.store.commit(vec![letter]).unwrap();
    let Taken::Mine(mut run) = take_up(&one.store, run_id(2)) else { panic!("it is its own") };
    run.state.started_at = Some(1);
    let parts = one.store.run_parts(&run, 10).unwrap();
    assert_eq!(parts.parent_call.unwrap().number, 1);
    assert_eq!(parts.letters.len(), 1);
    assert!(parts.begun.unwrap().open_calls.is_empty());
    assert_eq!(round_trips(&one.store, || drop(take_up(&one.store, run_id(2)))), 1);
    assert_eq!(round_trips(&one.store, || drop(one.store.run_parts(&run, 10).unwrap())), 1);
}

fn with_parent(mut run: Run, parent: u8) -> Run {
    run.birth.parent = Some(ParentCall { run: run_id(parent), number: 1 });
    run
}

fn letter(to: u8) -> Letter {
    Letter {
        id: [5; 16],
        workspace: workspace(),
        run: run_id(to),
        kind: "cancel".into(),
        name: String::new(),
        payload: "null".into(),
        sent_at: 1,
    }
}

#[test]
fn only_the_owner_changes_a_run() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node("one"), cluster.node("two"));
    one.store.commit(vec![insert_run(run(1))]).unwrap();
    assert!(matches!(take_up(&two.store, run_id(1)), Taken::Elsewhere { node } if node == one.id()));
    let refused = two.store.commit(vec![insert_call(call(1, 1)), update_run(1, RunState::queued())]);
    assert!(matches!(refused, Err(CommitError::Missing { what: "run" })), "{refused:?}");
    assert!(two.store.call(&workspace(), run_id(1), 1).unwrap().is_none(), "nothing of the group is there");
    two.store.commit(vec![release(run_id(1))]).unwrap();
    assert!(
        matches!(take_up(&two.store, run_id(1)), Taken::Elsewhere { .. }),
        "it was not theirs to release"
    );
    one.store.commit(vec![release(run_id(1))]).unwrap();
    assert!(matches!(take_up(&two.store, run_id(1)), Taken::Mine(_)));
    assert!(matches!(take_up(&two.store, run_id(1)), Taken::Mine(_)), "it stays theirs");
    assert!(matches!(take_up(&one.store, run_id(1)), Taken::Elsewhere { node } if node == two.id()));
    two.store.commit(vec![update_run(1, RunState::queued())]).unwrap();
    assert!(one.store.commit(vec![update_run(1, RunState::queued())]).is_err());
    assert!(matches!(take_up(&one.store, run_id(9)), Taken::Unknown));
}

#[test]
fn an_ended_run_belongs_to_nobody_and_can_be_looked_at_by_all() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node("one"), cluster.node("two"));
    let ended = RunState { status: RunStatus::Completed, ..RunState::queued() };
    one.store.commit(vec![insert_run(run(1)), update_run(1, ended)]).unwrap();
    assert!(
        matches!(take_up(&two.store, run_id(1)), Taken::Mine(run) if run.state.status == RunStatus::Completed)
    );
    assert_eq!(cluster.cell("select count(*) from task_runs where owner_node is not null"), "0");
}

#[test]
fn each_run_is_claimed_once_however_many_reach_for_it() {
    let cluster = Cluster::new();
    let nodes = ["one", "two", "three"].map(|name| cluster.node(name));
    nodes[0].store.commit(unowned(1_000)).unwrap();
    let claimed: Vec<Vec<RunId>> = std::thread::scope(|scope| {
        let claiming = nodes.iter().flat_map(|node| [&node.store; 3]).map(|store| {
            scope.spawn(move || {
                let mut mine = Vec::new();
                loop {
                    let some = store.claim_runs(None, 7).unwrap();
                    assert!(some.len() <= 7, "{}", some.len());
                    if some.is_empty() {
                        return mine;
                    }
                    mine.extend(some.into_iter().map(|run| run.id));
                }
            })
        });
        let claiming: Vec<_> = claiming.collect();
        claiming.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let all: Vec<RunId> = claimed.into_iter().flatten().collect();
    assert_eq!(all.len(), 1_000);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 1_000, "none twice");
    let owned: usize = nodes.iter().map(|node| node.store.unfinished_runs(None, 2_000).unwrap().len()).sum();
    assert_eq!(owned, 1_000);
}

#[test]
fn a_run_that_many_take_up_at_once_becomes_one_nodes() {
    let cluster = Cluster::new();
    let nodes = ["one", "two", "three"].map(|name| cluster.node(name));
    for n in 1..=30 {
        nodes[0].store.commit(vec![insert_run(run(n)), release(run_id(n))]).unwrap();
        let owners: Vec<bool> = std::thread::scope(|scope| {
            let take = |node| move || matches!(take_up(node, run_id(n)), Taken::Mine(_));
            let taking = nodes.iter().map(|node| scope.spawn(take(&node.store)));
            let taking: Vec<_> = taking.collect();
            taking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(owners.iter().filter(|mine| **mine).count(), 1, "run {n}");
    }
}

#[test]
fn who_leaves_gives_everything_up_and_writes_no_more() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node("one"), cluster.node("two"));
    one.store.commit((1..=50).map(|n| insert_run(run(n))).collect()).unwrap();
    assert!(two.store.claim_runs(None, 100).unwrap().is_empty());
    one.store.leave().unwrap();
    assert_eq!(two.store.claim_runs(None, 100).unwrap().len(), 50);
    let late = one.store.commit(vec![insert_run(run(60))]);
    assert!(matches!(late, Err(CommitError::Deposed)), "{late:?}");
    assert!(one.store.is_deposed());
    assert!(one.store.claim_runs(None, 1).unwrap().is_empty(), "nothing can be claimed any more");
    drop(one);
    cluster.node("one").store.commit(vec![insert_run(run(60))]).unwrap();
}
