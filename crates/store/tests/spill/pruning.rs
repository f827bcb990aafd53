//! Runs that ended long ago go with all that is theirs, and nothing else does.

use fermata_store::Change;

use crate::ledger::{Ledger, Place, Rows};
use crate::records::{
    LARGE, checkpoint, child, complete, event, insert, insert_call, letter, log, run, run_id, text, workspace,
};

const TABLES: [&str; 7] =
    ["task_runs", "stack_runs", "task_logs", "checkpoints", "sent_events", "letters", "objects"];

#[test]
fn a_pruned_run_leaves_nothing_behind() {
    check_pruning(&Ledger::plain());
}

#[test]
fn server_a_pruned_run_leaves_nothing_behind_with_postgres() {
    check_pruning(&Ledger::new(Rows::Postgres, Place::Folder));
}

#[test]
fn a_large_tree_goes_in_several_steps_with_its_root_last() {
    let ledger = Ledger::plain();
    let mut changes = tree(1, &[2, 3, 4], 1_000);
    changes.extend(tree(5, &[], 1_001));
    ledger.store().commit(changes).unwrap();
    let prune = || ledger.store().prune_runs(5_000, 2).unwrap();
    assert_eq!(prune(), 2);
    assert!(is_there(&ledger, 1));
    assert_eq!((prune(), prune(), prune()), (2, 1, 0));
    assert_eq!(ledger.number("select count(*) from task_runs"), 0);
}

fn check_pruning(ledger: &Ledger) {
    let store = ledger.store();
    let mut changes = tree(1, &[2, 3], 1_000);
    // Ended too late, going on with an ended child, ended with a child that goes on.
    changes.extend(tree(4, &[], 5_000));
    changes.extend(tree(5, &[6], 1_000));
    changes.extend(tree(7, &[8], 1_000));
    changes.retain(|change| !ends(change, 5) && !ends(change, 8));
    // The child of a run that is gone.
    changes.extend(with_all(child(9, 99, 99, text("input", LARGE)), Some(1_000)));
    store.commit(changes).unwrap();

    assert_eq!(prune_all(ledger), 4);
    let there: Vec<u8> = (1..=9).filter(|n| is_there(ledger, *n)).collect();
    assert_eq!(there, [4, 5, 6, 7, 8]);
    for table in TABLES {
        let rows = ledger.number(&format!("select count(*) from {table}"));
        let each = if table == "objects" { 2 } else { 1 };
        assert_eq!(rows, each * 5, "{table}");
    }
    assert_eq!(ledger.objects().len(), 10);

    store.commit(vec![complete(8, text("end", 100), 1_000)]).unwrap();
    assert_eq!(prune_all(ledger), 2);
    assert_eq!(prune_all(ledger), 0);
    let there: Vec<u8> = (1..=9).filter(|n| is_there(ledger, *n)).collect();
    assert_eq!(there, [4, 5, 6]);
    assert_eq!(ledger.objects().len(), 6);
}

fn prune_all(ledger: &Ledger) -> u32 {
    std::iter::repeat_with(|| ledger.store().prune_runs(5_000, 100).unwrap())
        .take_while(|removed| *removed > 0)
        .sum()
}

/// A run and others below it, all of which end at a moment.
fn tree(root: u8, below: &[u8], ended_at: i64) -> Vec<Change> {
    let mut changes = with_all(run(root, text("input", LARGE)), Some(ended_at));
    let mut parent = root;
    for n in below {
        changes.extend(with_all(child(*n, parent, root, text("input", LARGE)), Some(ended_at)));
        parent = *n;
    }
    changes
}

/// A run with one row in each table, and two objects.
fn with_all(run: fermata_model::record::Run, ended_at: Option<i64>) -> Vec<Change> {
    let n = run.birth.id.as_bytes()[0];
    let mut changes = vec![
        insert(run),
        insert_call(n, 1, text("args", 100)),
        log(n),
        checkpoint(n, vec![n; LARGE]),
        event(n, text("payload", 100)),
        letter(n),
    ];
    changes.extend(ended_at.map(|at| complete(n, text("end", 100), at)));
    changes
}

fn ends(change: &Change, n: u8) -> bool {
    matches!(change, Change::UpdateRun { id, .. } if *id == run_id(n))
}

fn is_there(ledger: &Ledger, n: u8) -> bool {
    ledger.store().run(&workspace(), run_id(n)).unwrap().is_some()
}
