//! Backups of a ledger that is being written.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;

use fermata_store::{Store, archive};

use crate::filled::{nobody, place_of};
use crate::place::{Ledger, Place, on_both, rows};
use crate::records::{call, event, insert_call, insert_run, log, run};

/// Groups that are acknowledged between two backups.
const GROUPS_BETWEEN: u8 = 15;
/// Backups in one test.
const BACKUPS: u8 = 4;

#[test]
fn what_was_acknowledged_is_in_it_and_no_group_is_half_in_it() {
    on_both(back_up_while_writing);
}

fn back_up_while_writing(place: &Place) {
    let ledger = Ledger::new(place);
    let acknowledged = AtomicU8::new(0);
    let is_over = AtomicBool::new(false);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| write(&ledger.store, &acknowledged, &is_over, tell));
        for _ in 0..BACKUPS {
            // The writer may end early, at its last number.
            for _ in 0..GROUPS_BETWEEN {
                let _ = told.recv();
            }
            let before = acknowledged.load(Ordering::SeqCst);
            check_backup(&ledger, before);
        }
        is_over.store(true, Ordering::SeqCst);
    });
}

/// Writes groups of a run, two calls, a log line and an event.
fn write(store: &Store, acknowledged: &AtomicU8, is_over: &AtomicBool, tell: mpsc::Sender<()>) {
    for n in 1..u8::MAX {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        let group = vec![
            insert_run(run(n)),
            insert_call(call(n, 1)),
            insert_call(call(n, 2)),
            log(n, 1),
            event(n, 1),
        ];
        store.commit(group).unwrap();
        acknowledged.store(n, Ordering::SeqCst);
        tell.send(()).unwrap();
    }
}

fn check_backup(ledger: &Ledger, acknowledged: u8) {
    let above = tempfile::tempdir().unwrap();
    let (file, folder) = (above.path().join("archive"), above.path().join("data"));
    let place = place_of(ledger.folder.path(), ledger.database.as_deref());
    archive::backup(&place, &file, false, &mut nobody).unwrap();
    archive::restore(&file, &place_of(&folder, None), &mut nobody).unwrap();
    let count = |sql: &str| rows(&folder, None, sql)[0][0].clone().unwrap().parse::<u32>().unwrap();
    let runs = count("select count(*) from task_runs");
    assert!(runs >= u32::from(acknowledged), "{runs} of {acknowledged} runs");
    assert_eq!(count("select count(*) from stack_runs"), 2 * runs);
    for table in ["task_logs", "sent_events"] {
        assert_eq!(count(&format!("select count(*) from {table}")), runs, "{table}");
    }
    let orphans = "select count(*) from stack_runs where run_id not in (select id from task_runs)";
    assert_eq!(count(orphans), 0);
}
