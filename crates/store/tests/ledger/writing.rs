//! Groups: together or not at all, each with its own fate, in order.

use std::sync::mpsc;

use fermata_model::record::RunState;
use fermata_model::usage::Used;
use fermata_model::{RunError, RunStatus};
use fermata_store::{Change, CommitError, Group};

use crate::place::{Ledger, on_both};
use crate::records::{
    call, checkpoint, entry, event, idempotency, insert_call, insert_run, log, run, run_id, submit_together,
    take_event, task, update_call, update_run, workspace,
};

#[test]
fn a_faulty_group_fails_alone() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![idempotency("k", 1)]);
        let fates = submit_together(
            store,
            vec![
                vec![insert_run(run(1))],
                vec![insert_run(run(2)), idempotency("k", 2)],
                vec![update_run(1, RunState { deliveries: 5, ..RunState::queued() })],
                vec![update_run(2, RunState::queued())],
                vec![insert_run(run(3))],
            ],
        );
        assert!(matches!(
            fates.as_slice(),
            [
                Ok(()),
                Err(CommitError::Conflict { what: "idempotency key", .. }),
                Ok(()),
                Err(CommitError::Missing { what: "run" }),
                Ok(()),
            ]
        ));
        assert_eq!(store.run(&workspace(), run_id(1)).unwrap().unwrap().state.deliveries, 5);
        assert!(store.run(&workspace(), run_id(2)).unwrap().is_none(), "nothing of its group is left");
        assert!(store.run(&workspace(), run_id(3)).unwrap().is_some());
        assert_eq!(store.idempotent_run(&workspace(), "k").unwrap(), Some(([5; 32], run_id(1))));
    });
}

#[test]
fn groups_that_wait_together_are_one_commit_and_one_write_per_row() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::new(place);
        let before = store.stats();
        let state = |deliveries| RunState { deliveries, ..RunState::queued() };
        let fates = submit_together(
            store,
            vec![vec![insert_run(run(1))], vec![update_run(1, state(1))], vec![update_run(1, state(2))]],
        );
        assert!(fates.iter().all(Result::is_ok));
        let after = store.stats();
        assert_eq!(after.rows_written - before.rows_written, 1);
        assert_eq!(after.changes - before.changes, 3);
        assert!(after.size_bytes > 0);
        assert_eq!(store.run(&workspace(), run_id(1)).unwrap().unwrap().state.deliveries, 2);
    });
}

#[test]
fn what_exists_is_not_made_again() {
    on_both(|place| {
        let made = || {
            vec![
                insert_run(run(1)),
                insert_call(call(1, 1)),
                log(1, 2),
                event(1, 1),
                idempotency("k", 1),
                Change::PutTask(Box::new(task("hello", 1))),
            ]
        };
        let Ledger { store, .. } = &Ledger::with(place, made());
        for change in made() {
            let fate = store.commit(vec![change.clone()]);
            assert!(matches!(fate, Err(CommitError::Conflict { .. })), "{change:?} gave {fate:?}");
            let fate = store.commit(vec![change.clone(), change.clone()]);
            assert!(matches!(fate, Err(CommitError::Conflict { .. })), "{change:?} gave {fate:?}");
        }
    });
}

#[test]
fn what_does_not_exist_is_not_changed() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::new(place);
        for change in
            [update_run(1, RunState::queued()), update_call(1, 1, call(1, 1).state), take_event(1, 1)]
        {
            assert!(matches!(store.commit(vec![change]), Err(CommitError::Missing { .. })));
        }
        store.commit(vec![event(1, 1), take_event(1, 1)]).unwrap();
        let again = store.commit(vec![take_event(1, 1)]);
        assert!(matches!(again, Err(CommitError::Missing { what: "event" })), "an event is taken once");
    });
}

#[test]
fn what_the_schema_forbids_is_refused() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::new(place);
        let fate = store.commit(vec![entry("", "name", 1)]);
        assert!(matches!(fate, Err(CommitError::Refused { what: "keystore entry", .. })), "{fate:?}");
        store.commit(vec![entry("global", "name", 1), checkpoint(1, 1)]).unwrap();
    });
}

#[test]
fn the_whole_state_of_a_run_is_written() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![insert_run(run(1))]);
        let state = RunState {
            status: RunStatus::Failed,
            deliveries: 1,
            seq: 2,
            cpu_us: u64::from(u32::MAX) + 1,
            used: Used { calls: 6, bytes: u64::from(u32::MAX) + 2, tokens: 7, cost_micros: 8 },
            started_at: Some(3),
            ended_at: Some(4),
            cancelled_at: Some(5),
            result: None,
            error: Some(RunError::system("limit", "too long")),
        };
        store.commit(vec![update_run(1, state.clone())]).unwrap();
        let read = store.run(&workspace(), run_id(1)).unwrap().unwrap();
        assert_eq!(format!("{:?}", read.state), format!("{state:?}"));
        assert_eq!(format!("{:?}", read.birth), format!("{:?}", run(1).birth));
    });
}

#[test]
fn a_panic_in_a_waiting_caller_does_not_stop_the_committer() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::new(place);
        store.submit(Group::with(Vec::new(), |_| panic!("on purpose")));
        store.commit(vec![insert_run(run(1))]).unwrap();
    });
}

#[test]
fn the_last_handle_may_be_dropped_by_the_committer() {
    on_both(|place| {
        let Ledger { store, folder, database } = Ledger::new(place);
        let (tell, told) = mpsc::channel();
        let last = store.clone();
        let (held, hold) = mpsc::channel::<()>();
        store.submit(Group::with(vec![insert_run(run(1))], move |fate| {
            let _ = hold.recv();
            drop(last);
            tell.send(fate).unwrap();
        }));
        drop(store);
        drop(held);
        told.recv().unwrap().unwrap();
        drop((folder, database));
    });
}

#[test]
fn a_commit_can_be_awaited() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::new(place);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let commit = |changes| runtime.block_on(store.commit_async(changes));
        commit(vec![insert_run(run(1))]).unwrap();
        let again = commit(vec![insert_run(run(1))]);
        assert!(matches!(again, Err(CommitError::Conflict { what: "run", .. })));
    });
}

#[test]
fn many_writers_get_what_they_were_promised() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::new(place);
        std::thread::scope(|scope| {
            for n in 1..=8 {
                scope.spawn(move || {
                    store.commit(vec![insert_run(run(n))]).unwrap();
                    for number in 1..=50 {
                        store.commit(vec![insert_call(call(n, number))]).unwrap();
                        assert!(store.call(&workspace(), run_id(n), number).unwrap().is_some());
                    }
                });
            }
        });
        let stats = store.stats();
        assert_eq!(stats.groups, 8 * 51);
    });
}
