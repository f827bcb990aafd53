//! What only a shared database makes a difference to.

use fermata_model::CallStatus;
use fermata_model::record::{CallState, Outcome};
use fermata_store::{Change, CommitError, Letter};

use crate::cluster::Cluster;
use crate::records::{
    call, delete_entry, entry, forget_entry, insert_call, insert_run, keep_entry, log, run, run_id,
    submit_together, text, update_call, update_entry, workspace,
};

fn waiting_for(child: u8) -> CallState {
    CallState {
        status: CallStatus::SuspendedWaitingChild,
        child: Some(run_id(child)),
        ..CallState::pending()
    }
}

fn ended(child: u8, result: &str) -> CallState {
    CallState {
        status: CallStatus::PendingResume,
        child: Some(run_id(child)),
        outcome: Some(Outcome::Ok(text(result))),
        ..CallState::pending()
    }
}

fn end_child(number: u32, child: u8, result: &str) -> Change {
    let state = Box::new(ended(child, result));
    Change::EndChildCall { workspace: workspace(), run: run_id(1), number, state }
}

#[test]
fn the_end_of_a_child_does_not_change_a_call_that_has_ended() {
    let cluster = Cluster::new();
    let (parent, child) = (cluster.node("parent"), cluster.node("child"));
    let cancelled =
        CallState { status: CallStatus::Cancelled, child: Some(run_id(2)), ..CallState::pending() };
    let shown = |number| parent.store.call(&workspace(), run_id(1), number).unwrap().unwrap().state;
    let calls = (1..=4).map(|number| {
        let mut call = call(1, number);
        call.state = waiting_for(2);
        insert_call(call)
    });
    parent.store.commit(std::iter::once(insert_run(run(1))).chain(calls).collect()).unwrap();
    // From another node, in a commit of its own.
    parent.store.commit(vec![update_call(1, 1, cancelled.clone())]).unwrap();
    child.store.commit(vec![end_child(1, 2, "1"), end_child(2, 2, "1")]).unwrap();
    assert_eq!((shown(1).status, shown(2).status), (CallStatus::Cancelled, CallStatus::PendingResume));
    // Merged into one write, whichever comes first, and of another child.
    parent.store.commit(vec![update_call(1, 3, cancelled.clone()), end_child(3, 2, "1")]).unwrap();
    parent.store.commit(vec![end_child(4, 9, "9"), end_child(4, 2, "1"), end_child(4, 2, "2")]).unwrap();
    assert_eq!(shown(3).status, CallStatus::Cancelled);
    assert!(
        matches!(shown(4).outcome, Some(Outcome::Ok(result)) if result.get() == "1"),
        "the first one counts"
    );
    let groups =
        vec![vec![update_call(1, 2, waiting_for(2))], vec![end_child(2, 9, "9")], vec![end_child(2, 2, "3")]];
    assert!(submit_together(&parent.store, groups).iter().all(Result::is_ok));
    assert!(
        matches!(shown(2).outcome, Some(Outcome::Ok(result)) if result.get() == "3"),
        "its own child ends it"
    );
}

#[test]
fn of_two_nodes_that_write_over_one_version_one_is_told() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node("one"), cluster.node("two"));
    one.store.commit(vec![entry("a", "x", 1)]).unwrap();
    let next = |number| vec![keep_entry("a", "x", number - 1), update_entry("a", "x", number)];
    let fates = std::thread::scope(|scope| {
        let commits = [&one, &two].map(|node| scope.spawn(|| node.store.commit(next(2))));
        commits.map(|commit| commit.join().unwrap())
    });
    assert_eq!(fates.iter().filter(|fate| fate.is_ok()).count(), 1, "{fates:?}");
    assert!(fates.iter().any(|fate| matches!(fate, Err(CommitError::Missing { .. }))), "{fates:?}");
    // What follows in one batch on what was not written is not written, whoever else wrote that version.
    two.store.commit(next(3)).unwrap();
    let late = submit_together(&one.store, vec![next(3), next(4)]);
    assert!(matches!(late[0], Err(CommitError::Missing { .. })), "{late:?}");
    two.store.commit(vec![delete_entry("a", "x", 5), forget_entry("a", "x", 5, u32::MAX)]).unwrap();
    let late = one.store.commit(next(5));
    assert!(matches!(late, Err(CommitError::Missing { .. })), "{late:?}");
    assert_eq!(cluster.cell("select count(*) from keystore_versions"), "0");
}

#[test]
fn a_character_that_postgres_cannot_hold_is_replaced() {
    let cluster = Cluster::new();
    let node = cluster.node("one");
    let mut line = log(1, 1);
    if let Change::Log { line, .. } = &mut line {
        line.message = "a\0b".into();
    }
    node.store.commit(vec![insert_run(run(1)), line]).unwrap();
    assert_eq!(node.store.logs(&workspace(), run_id(1), 0, 10).unwrap()[0].message, "a\u{fffd}b");
    assert!(node.store.keystore_entry(&workspace(), "a\0", "b").unwrap().is_none());
}

#[test]
fn one_group_may_be_very_large() {
    let cluster = Cluster::new();
    let node = cluster.node("one");
    node.store.commit((1..=60_000).map(|seq| log(1, seq)).collect()).unwrap();
    assert_eq!(cluster.cell("select count(*) from task_logs"), "60000");
    // More than a statement may carry at once.
    let big = text(&format!("\"{}\"", "x".repeat(1 << 20)));
    let calls = (1..=150).map(|number| {
        let mut call = call(1, number);
        call.birth.args = big.clone();
        insert_call(call)
    });
    node.store.commit(calls.collect()).unwrap();
    assert_eq!(cluster.cell("select count(*) from stack_runs"), "150");
}

#[test]
fn letters_are_answered_once() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node("one"), cluster.node("two"));
    one.store.commit(vec![insert_run(run(1))]).unwrap();
    let letter = Letter {
        id: [5; 16],
        workspace: workspace(),
        run: run_id(1),
        kind: "cancel".into(),
        name: String::new(),
        payload: "null".into(),
        sent_at: 1,
    };
    two.store.commit(vec![Change::PutLetter(Box::new(letter.clone()))]).unwrap();
    assert_eq!(one.store.run_post(&workspace(), run_id(1)).unwrap().1, [letter]);
    assert_eq!(one.store.runs_with_letters().unwrap(), [(workspace(), run_id(1))]);
    assert!(two.store.runs_with_letters().unwrap().is_empty(), "another node answers it");
    let answer = || Change::AnswerLetter { id: [5; 16], answer: text("true"), answered_at: 2 };
    assert!(matches!(two.store.letter_answer(&[5; 16]).unwrap(), Some(None)));
    one.store.commit(vec![answer()]).unwrap();
    let again = two.store.commit(vec![answer()]);
    assert!(matches!(again, Err(CommitError::Missing { what: "letter" })), "{again:?}");
    assert!(matches!(two.store.letter_answer(&[5; 16]).unwrap(), Some(Some(json)) if json.get() == "true"));
    two.store.commit(vec![Change::DropLetter { id: [5; 16] }]).unwrap();
    assert!(two.store.letter_answer(&[5; 16]).unwrap().is_none());
}
