//! Every read, against rows that it must and must not find.

use fermata_model::record::{CallState, Delivered, Outcome, ParentCall, Run, RunState};
use fermata_model::{CallError, CallStatus, RunStatus, VersionId};
use fermata_store::{CallKey, Change, DueRun, ReadError, RunFilter, StreamEntry};

use crate::place::{Ledger, on_both};
use crate::records::{
    call, checkpoint, delete_entry, drop_checkpoint, entry, event, idempotency, insert_call, insert_run, log,
    run, run_id, take_event, task, text, update_call, update_entry, workspace,
};

fn in_state(n: u8, status: RunStatus) -> Change {
    let mut run = run(n);
    run.state.status = status;
    insert_run(run)
}

fn ended(status: CallStatus, end_seq: u32, delivery: Option<u32>) -> CallState {
    CallState {
        status,
        outcome: Some(Outcome::Ok(text("true"))),
        delivered: delivery.map(|number| Delivered { number, clock: 77 }),
        ended_at: Some(1),
        end_seq: Some(end_seq),
        ..CallState::pending()
    }
}

/// A run whose row was written after so many deliveries.
fn begun(mut run: Run, deliveries: u32) -> Run {
    run.state.started_at = Some(1);
    run.state.deliveries = deliveries;
    run
}

/// Ended, but not yet a part of the run's event stream.
fn undelivered(status: CallStatus) -> CallState {
    CallState { end_seq: None, ..ended(status, 0, None) }
}

#[test]
fn tasks_and_their_versions() {
    on_both(|place| {
        let versions = [task("a", 1), task("a", 2), task("b", 1), task("a", 3)];
        let Ledger { store, .. } =
            &Ledger::with(place, versions.map(|task| Change::PutTask(Box::new(task))).into());
        let ws = &workspace();
        assert_eq!(store.task(ws, "a", None).unwrap().unwrap().source, "source 3");
        assert_eq!(store.task(ws, "a", Some(2)).unwrap().unwrap().source, "source 2");
        assert!(store.task(ws, "a", Some(4)).unwrap().is_none());
        let read = store.task_by_id(ws, task("a", 2).id).unwrap().unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", task("a", 2)));
        assert!(store.task_by_id(ws, VersionId::from_bytes([1; 16])).unwrap().is_none());
        let named = |after, limit| -> Vec<(String, u32)> {
            let found = store.tasks(ws, after, limit).unwrap();
            found.into_iter().map(|task| (task.name, task.version)).collect()
        };
        assert_eq!(named(None, 10), [("a".into(), 3), ("b".into(), 1)]);
        assert_eq!(named(None, 1), [("a".into(), 3)]);
        assert_eq!(named(Some("a"), 10), [("b".into(), 1)]);
        let numbers = |before| -> Vec<u32> {
            let found = store.task_versions(ws, "a", before, 10).unwrap();
            found.into_iter().map(|task| task.version).collect()
        };
        assert_eq!(numbers(None), [3, 2, 1]);
        assert_eq!(numbers(Some(3)), [2, 1]);
        let latest = store.latest_source(ws, "a").unwrap().unwrap();
        assert_eq!((latest.version, latest.source.as_str(), latest.source_hash), (3, "source 3", [3; 32]));
        assert!(store.latest_source(ws, "c").unwrap().is_none());
        let other = &"other".parse().unwrap();
        assert!(store.task(other, "a", None).unwrap().is_none(), "not of this workspace");
    });
}

#[test]
fn lists_of_runs_are_filtered_newest_first() {
    on_both(|place| {
        let mut child = run(4);
        child.birth.parent = Some(ParentCall { run: run_id(1), number: 2 });
        child.birth.root = run_id(1);
        child.birth.task_name = "child".into();
        let Ledger { store, .. } = &Ledger::with(
            place,
            vec![
                in_state(1, RunStatus::Suspended),
                in_state(2, RunStatus::Completed),
                in_state(3, RunStatus::Queued),
                insert_run(child),
                in_state(5, RunStatus::Completed),
            ],
        );
        let check = |filter: RunFilter, before: Option<u8>, limit, expected: &[u8]| {
            let found = store.runs(&workspace(), &filter, before.map(run_id), limit).unwrap();
            let ids: Vec<_> = found.iter().map(|run| run.id).collect();
            let expected: Vec<_> = expected.iter().copied().map(run_id).collect();
            assert_eq!(ids, expected, "{filter:?}");
        };
        let all = RunFilter::default;
        let status = |status: &[RunStatus]| RunFilter { status: status.to_vec(), ..all() };
        check(all(), None, 10, &[5, 4, 3, 2, 1]);
        check(all(), Some(4), 2, &[3, 2]);
        check(status(&[RunStatus::Completed]), None, 10, &[5, 2]);
        check(status(&[RunStatus::Queued, RunStatus::Completed]), None, 3, &[5, 4, 3]);
        check(status(&[RunStatus::Queued, RunStatus::Completed]), Some(3), 3, &[2]);
        check(RunFilter { task: Some("child".into()), ..all() }, None, 10, &[4]);
        check(
            RunFilter { task: Some("hello".into()), ..status(&[RunStatus::Queued, RunStatus::Suspended]) },
            None,
            10,
            &[3, 1],
        );
        check(RunFilter { parent: Some(run_id(1)), ..all() }, None, 10, &[4]);
        check(RunFilter { root: Some(run_id(1)), ..all() }, None, 10, &[4]);
        check(
            RunFilter { created_after: Some(1_003), created_before: Some(1_005), ..all() },
            None,
            10,
            &[4, 3],
        );
        let found =
            store.runs(&workspace(), &RunFilter { parent: Some(run_id(1)), ..all() }, None, 1).unwrap();
        assert_eq!(found[0].parent, Some(ParentCall { run: run_id(1), number: 2 }));
        assert_eq!(store.count_runs(&workspace(), RunStatus::Completed, 10).unwrap(), 2);
        assert_eq!(store.count_runs(&workspace(), RunStatus::Completed, 1).unwrap(), 1);
        assert!(store.run(&workspace(), run_id(9)).unwrap().is_none());
    });
}

#[test]
fn calls_by_number_delivery_and_state() {
    on_both(|place| {
        let failed = CallState {
            outcome: Some(Outcome::Err(CallError::passing("timeout", "slow"))),
            ..undelivered(CallStatus::Failed)
        };
        let Ledger { store, .. } = &Ledger::with(
            place,
            vec![
                insert_run(run(1)),
                insert_call(call(1, 1)),
                insert_call(call(1, 2)),
                insert_call(call(1, 3)),
                insert_call(call(1, 4)),
                insert_call(call(2, 1)),
            ],
        );
        let changes = vec![
            update_call(1, 1, ended(CallStatus::Completed, 8, Some(2))),
            update_call(1, 2, ended(CallStatus::Completed, 7, Some(1))),
            update_call(1, 3, failed),
        ];
        store.commit(changes).unwrap();
        let ws = &workspace();
        let numbers = |calls: Vec<fermata_model::record::Call>| -> Vec<u32> {
            calls.into_iter().map(|call| call.number).collect()
        };
        assert_eq!(numbers(store.calls(ws, run_id(1), 0, 10).unwrap()), [1, 2, 3, 4]);
        assert_eq!(numbers(store.calls(ws, run_id(1), 2, 1).unwrap()), [3]);
        assert_eq!(numbers(store.deliveries(ws, run_id(1), 0, 10).unwrap()), [2, 1]);
        assert_eq!(numbers(store.deliveries(ws, run_id(1), 1, 10).unwrap()), [1]);
        let parts = store.run_parts(&begun(run(1), 1), 10).unwrap().begun.unwrap();
        assert_eq!(numbers(parts.open_calls), [4]);
        assert_eq!(numbers(parts.undelivered), [3]);
        assert_eq!(numbers(parts.deliveries), [1]);
        assert_eq!(numbers(store.run_post(ws, run_id(1)).unwrap().0), [3]);
        let read = store.call(ws, run_id(1), 3).unwrap().unwrap();
        assert!(
            matches!(&read.state.outcome, Some(Outcome::Err(error)) if error.code == "timeout" && error.retryable)
        );
        let read = store.call(ws, run_id(1), 1).unwrap().unwrap();
        assert_eq!(read.state.delivered, Some(Delivered { number: 2, clock: 77 }));
        assert_eq!(format!("{:?}", read.birth), format!("{:?}", call(1, 1).birth));
        assert!(store.call(ws, run_id(1), 5).unwrap().is_none());
    });
}

#[test]
fn the_event_stream_is_one_order() {
    on_both(|place| {
        // 1 the run, then: call 1 begins 2, line 3, call 2 begins 4, call 2 ends 5, line 6, call 1 ends 7.
        let mut second = call(1, 2);
        second.birth.seq = 4;
        second.state = ended(CallStatus::Completed, 5, None);
        let mut first = call(1, 1);
        first.state = ended(CallStatus::Completed, 7, None);
        let Ledger { store, .. } =
            &Ledger::with(place, vec![insert_call(first), log(1, 3), insert_call(second), log(1, 6)]);
        let all = store.stream(&workspace(), run_id(1), 0, 100).unwrap();
        let shown: Vec<_> = all
            .iter()
            .map(|entry| match entry {
                StreamEntry::CallBegan(call) => ("began", call.number, entry.seq()),
                StreamEntry::CallEnded(call) => ("ended", call.number, entry.seq()),
                StreamEntry::Log(_) => ("line", 0, entry.seq()),
            })
            .collect();
        let expected = [
            ("began", 1, 2),
            ("line", 0, 3),
            ("began", 2, 4),
            ("ended", 2, 5),
            ("line", 0, 6),
            ("ended", 1, 7),
        ];
        assert_eq!(shown, expected);
        for after in 0..9 {
            for limit in 1..7_u32 {
                let page = store.stream(&workspace(), run_id(1), after, limit).unwrap();
                let seqs: Vec<u32> = page.iter().map(StreamEntry::seq).collect();
                let wanted = all.iter().map(StreamEntry::seq).filter(|seq| *seq > after);
                assert_eq!(seqs, wanted.take(limit as usize).collect::<Vec<_>>(), "after {after}");
            }
        }
        assert_eq!(store.logs(&workspace(), run_id(1), 3, 10).unwrap()[0].seq, 6);
    });
}

#[test]
fn checkpoints_events_and_keys() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(
            place,
            vec![
                checkpoint(1, 1),
                checkpoint(1, 2),
                checkpoint(2, 1),
                drop_checkpoint(2),
                event(1, 1),
                event(1, 2),
                take_event(1, 1),
                entry("a", "x", 1),
                update_entry("a", "x", 2),
                entry("a", "y", 1),
                entry("b", "z", 1),
                idempotency("k", 1),
            ],
        );
        let ws = &workspace();
        assert_eq!(store.checkpoint(ws, run_id(1)).unwrap().unwrap().delivery, 2);
        assert!(store.checkpoint(ws, run_id(2)).unwrap().is_none());
        store.commit(vec![checkpoint(1, 3)]).unwrap();
        store.commit(vec![drop_checkpoint(1), drop_checkpoint(1)]).unwrap();
        assert!(store.checkpoint(ws, run_id(1)).unwrap().is_none());
        let parts = store.run_parts(&run(1), 10).unwrap();
        assert_eq!(parts.sent_events.iter().map(|event| event.number).collect::<Vec<_>>(), [2]);
        assert_eq!(parts.last_sent_event, 2);
        assert!(parts.begun.is_none(), "its row says that it has not begun");
        assert_eq!(store.run_parts(&run(7), 10).unwrap().last_sent_event, 0);
        assert_eq!(store.keystore_entry(ws, "a", "x").unwrap().unwrap().version, 2);
        let names = |after: Option<&str>| -> Vec<String> {
            let page = store.keystore_names(ws, "a", after, 10).unwrap();
            page.into_iter().map(|entry| entry.name).collect()
        };
        assert_eq!((names(None), names(Some("x"))), (vec!["x".into(), "y".into()], vec!["y".to_owned()]));
        assert_eq!(store.keystore_namespaces(ws, None, 10).unwrap(), ["a", "b"]);
        assert_eq!(store.keystore_namespaces(ws, Some("a"), 10).unwrap(), ["b"]);
        let delete = delete_entry("a", "x", 5);
        store.commit(vec![delete.clone(), delete]).unwrap();
        assert!(store.keystore_entry(ws, "a", "x").unwrap().is_none());
        assert_eq!(store.idempotent_run(ws, "k").unwrap(), Some(([5; 32], run_id(1))));
        assert!(store.idempotent_run(ws, "other").unwrap().is_none());
        let other = "other".parse().unwrap();
        assert!(matches!(store.workspace_key(&other), Err(ReadError::NoWorkspace(_))));
    });
}

#[test]
fn tokens_open_their_workspace() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::new(place);
        assert!(!store.has_tokens().unwrap());
        let put = |workspace, name: &str| Change::PutToken {
            hash: [1; 32],
            workspace,
            name: name.into(),
            created_at: 1,
        };
        store.commit(vec![put(workspace(), "laptop")]).unwrap();
        store.commit(vec![put(workspace(), "desk")]).unwrap();
        assert!(store.has_tokens().unwrap());
        assert_eq!(store.token_workspace(&[1; 32]).unwrap(), Some(workspace()));
        assert_eq!(store.token_workspace(&[2; 32]).unwrap(), None);
        assert!(store.commit(vec![put("other".parse().unwrap(), "thief")]).is_err(), "a token never moves");
    });
}

#[test]
fn what_a_node_has_to_do() {
    on_both(|place| {
        let waiting = |n, number, state: CallState| {
            let mut call = call(n, number);
            call.state = state;
            insert_call(call)
        };
        let due = |due_at| CallState { due_at: Some(due_at), ..CallState::pending() };
        let mut later = run(2);
        later.birth.start_at = Some(500);
        later.birth.deadline_at = Some(900);
        let mut over = run(6);
        over.birth.deadline_at = Some(1);
        over.state = RunState { status: RunStatus::Completed, ..RunState::queued() };
        let Ledger { store, .. } = &Ledger::with(
            place,
            vec![
                in_state(1, RunStatus::Processing),
                insert_run(later),
                in_state(3, RunStatus::Suspended),
                in_state(4, RunStatus::Suspended),
                in_state(5, RunStatus::Paused),
                insert_run(over),
                waiting(3, 1, undelivered(CallStatus::Completed)),
                waiting(3, 2, undelivered(CallStatus::Failed)),
                waiting(4, 1, due(300)),
                waiting(4, 2, due(100)),
                waiting(4, 3, CallState::pending()),
                waiting(4, 4, CallState { awaits: Some("paid".into()), ..CallState::pending() }),
                waiting(4, 5, CallState { status: CallStatus::Processing, ..CallState::pending() }),
                waiting(4, 6, ended(CallStatus::Completed, 3, Some(1))),
                waiting(5, 1, undelivered(CallStatus::Completed)),
            ],
        );
        // Where there are several nodes, all that this one owns is listed.
        let unfinished = |after| -> Vec<_> {
            let found = store.unfinished_runs(after, 10).unwrap().into_iter();
            found.filter(|run| matches!(run.status, RunStatus::Queued | RunStatus::Processing)).collect()
        };
        let found = unfinished(None);
        assert_eq!(found.iter().map(|run| run.id).collect::<Vec<_>>(), [run_id(1), run_id(2)]);
        assert_eq!(found[1].start_at, Some(500));
        assert_eq!(unfinished(Some(run_id(1))), found[1..]);
        assert_eq!(store.count_unfinished(10).unwrap(), 2);
        assert_eq!(store.runs_to_wake(None, 10).unwrap(), [(workspace(), run_id(3))]);
        assert_eq!(store.runs_to_wake(Some(run_id(3)), 10).unwrap(), []);
        let key = |number| CallKey { workspace: workspace(), run: run_id(4), number };
        assert_eq!(store.service_calls_to_redo(None, 10).unwrap(), [key(3), key(5)]);
        assert_eq!(store.service_calls_to_redo(Some(&key(3)), 10).unwrap(), [key(5)]);
        assert_eq!(store.due_calls(300, 10).unwrap(), [(100, key(2)), (300, key(1))]);
        assert_eq!(store.due_calls(299, 10).unwrap(), [(100, key(2))]);
        assert_eq!(store.next_due(100).unwrap(), Some(300));
        assert_eq!(store.next_due(300).unwrap(), None);
        let at = |at| DueRun { at, workspace: workspace(), id: run_id(2) };
        assert_eq!(store.due_starts(500, 10).unwrap(), [at(500)]);
        assert_eq!(store.due_starts(499, 10).unwrap(), []);
        assert_eq!(store.next_start(0).unwrap(), Some(500));
        assert_eq!(store.deadlines(900, 10).unwrap(), [at(900)]);
        assert_eq!(store.next_deadline(0).unwrap(), Some(900));
        assert_eq!(store.next_deadline(900).unwrap(), None);
    });
}
