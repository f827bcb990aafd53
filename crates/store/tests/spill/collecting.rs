//! Objects that nothing refers to go, and no others.

use std::time::Duration;

use bytes::Bytes;
use fermata_store::{Collected, ObjectName};

use crate::ledger::{Ledger, Place, Rows};
use crate::records::{
    LARGE, checkpoint, complete, drop_checkpoint, event, insert, insert_call, run, run_id, text, workspace,
};

#[test]
fn only_what_nothing_refers_to_is_collected() {
    check_collecting(&Ledger::plain());
}

#[test]
fn server_only_what_nothing_refers_to_is_collected_with_postgres_and_s3() {
    check_collecting(&Ledger::new(Rows::Postgres, Place::S3));
}

fn check_collecting(ledger: &Ledger) {
    let store = ledger.store();
    let needed = vec![
        insert(run(1, text("input", LARGE))),
        insert_call(1, 1, text("args", LARGE)),
        event(1, text("payload", LARGE)),
        complete(1, text("end", LARGE), 9),
        insert(run(2, text("input", LARGE))),
    ];
    store.commit(needed).unwrap();
    store.commit(vec![checkpoint(1, vec![1; LARGE])]).unwrap();
    store.commit(vec![checkpoint(2, vec![2; LARGE])]).unwrap();
    assert_eq!(ledger.objects().len(), 7);
    // Superseded, superseded in the same transaction, dropped, replaced by a small one.
    store.commit(vec![checkpoint(1, vec![3; LARGE])]).unwrap();
    store.commit(vec![checkpoint(1, vec![4; LARGE]), checkpoint(1, vec![5; LARGE])]).unwrap();
    store.commit(vec![drop_checkpoint(2)]).unwrap();
    store.commit(vec![checkpoint(2, vec![6; LARGE])]).unwrap();
    store.commit(vec![checkpoint(2, vec![7; 100])]).unwrap();
    // Uploaded for a group that was refused.
    store.commit(vec![insert(run(1, text("other", LARGE)))]).unwrap_err();
    // Of somebody else.
    let objects = store.objects().unwrap();
    let foreign = ObjectName::new(workspace());
    objects.put(&foreign, Bytes::from_static(b"foreign")).unwrap();
    assert_eq!(ledger.objects().len(), 13);

    let kept = walk(ledger, Duration::from_secs(3600));
    assert_eq!((kept.deleted, ledger.objects().len()), (0, 13), "nothing is old");
    let collected = walk(ledger, Duration::ZERO);
    assert_eq!((collected.deleted, ledger.objects().len()), (6, 7));
    assert!(collected.bytes >= 6 * LARGE as u64);
    assert_eq!(ledger.number("select count(*) from objects"), 6);
    assert!(objects.get(&foreign).is_ok());
    assert_eq!(walk(ledger, Duration::ZERO).deleted, 0);
    assert!(store.run(&workspace(), run_id(1)).unwrap().is_some());
    assert_eq!(store.run_parts(&run(1, text("x", 20)), 0).unwrap().sent_events.len(), 1);
    let newest = store.checkpoint(&workspace(), run_id(1)).unwrap().unwrap();
    assert_eq!(newest.sealed, vec![5; LARGE]);
}

/// Walks through everything in small steps, until the walk has come to its end.
fn walk(ledger: &Ledger, older_than: Duration) -> Collected {
    let mut sum = Collected::default();
    loop {
        let Collected { looked_at, deleted, bytes } = ledger.store().collect_objects(older_than, 3).unwrap();
        if looked_at == 0 {
            return sum;
        }
        sum.deleted += deleted;
        sum.bytes += bytes;
    }
}
