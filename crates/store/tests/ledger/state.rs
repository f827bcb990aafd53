//! What tasks keep between their runs, and calls that end with what they did.

use fermata_model::CallStatus;
use fermata_model::record::{CallState, Outcome};
use fermata_store::{Change, CommitError, Store};

use crate::place::{Ledger, on_both};
use crate::records::{call, insert_call, insert_run, new_state, run, run_id, text, workspace};

fn next(key: &str, value: &str, version: i64) -> Change {
    match new_state(key, value, version) {
        Change::InsertState { workspace, task, entry } => Change::UpdateState { workspace, task, entry },
        other => other,
    }
}

fn delete(key: &str, version: i64) -> Change {
    Change::DeleteState { workspace: workspace(), task: "hello".into(), key: key.into(), version }
}

fn end_call(state: CallState) -> Change {
    Change::EndCall { workspace: workspace(), run: run_id(1), number: 1, state: Box::new(state) }
}

fn ended() -> CallState {
    let outcome = Some(Outcome::Ok(text("1")));
    CallState {
        status: CallStatus::Completed,
        attempts: 1,
        outcome,
        ended_at: Some(9),
        ..CallState::pending()
    }
}

fn value(store: &Store, key: &str) -> Option<(String, i64)> {
    let entry = store.state_entry(&workspace(), "hello", key).unwrap()?;
    Some((entry.value.get().to_owned(), entry.version))
}

#[test]
fn a_version_is_followed_by_the_next_one_only() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![new_state("a", "1", 5)]);
        let again = store.commit(vec![new_state("a", "2", 6)]);
        assert!(matches!(again, Err(CommitError::Conflict { .. })), "{again:?}");
        store.commit(vec![next("a", "2", 6)]).unwrap();
        for wrong in [next("a", "3", 6), next("a", "3", 8), next("b", "3", 7), delete("a", 5), delete("b", 1)]
        {
            let fate = store.commit(vec![wrong.clone()]);
            assert!(matches!(fate, Err(CommitError::Missing { .. })), "{wrong:?} gave {fate:?}");
        }
        assert_eq!(value(store, "a"), Some(("2".into(), 6)));
        store.commit(vec![delete("a", 6)]).unwrap();
        assert_eq!(value(store, "a"), None);
    });
}

#[test]
fn of_many_who_follow_one_version_one_is_written() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![new_state("a", "0", 1)]);
        let fates: Vec<bool> = std::thread::scope(|scope| {
            let write = |n: u32| move || store.commit(vec![next("a", &n.to_string(), 2)]).is_ok();
            let writers: Vec<_> = (0..8).map(|n| scope.spawn(write(n))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        assert_eq!(fates.iter().filter(|written| **written).count(), 1);
        assert_eq!(value(store, "a").unwrap().1, 2);
    });
}

#[test]
fn a_call_ends_once_and_what_it_did_is_written_with_it_or_not_at_all() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![insert_run(run(1)), insert_call(call(1, 1))]);
        store.commit(vec![new_state("a", "1", 1), end_call(ended())]).unwrap();
        let repeated = store.commit(vec![next("a", "2", 2), end_call(ended())]);
        assert!(matches!(repeated, Err(CommitError::Missing { what: "call" })), "{repeated:?}");
        assert_eq!(value(store, "a"), Some(("1".into(), 1)));
        let call = store.call(&workspace(), run_id(1), 1).unwrap().unwrap();
        assert_eq!((call.state.status, call.state.ended_at), (CallStatus::Completed, Some(9)));
    });
}

#[test]
fn keys_are_listed_in_order_and_counted() {
    on_both(|place| {
        let made = ["b", "a/2", "a/1", "ä"].map(|key| new_state(key, "{}", 1)).to_vec();
        let Ledger { store, .. } = &Ledger::with(place, made);
        let keys = |from: &str, limit| store.state_keys(&workspace(), "hello", from, limit).unwrap();
        assert_eq!(keys("", 10), ["a/1", "a/2", "b", "ä"]);
        assert_eq!(keys("a/2", 2), ["a/2", "b"]);
        assert_eq!(store.state_keys(&workspace(), "other", "", 10).unwrap().len(), 0);
        let count = |most| store.state_count(&workspace(), "hello", most).unwrap();
        assert_eq!((count(10), count(3)), (4, 3));
    });
}
