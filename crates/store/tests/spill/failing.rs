//! An object store that is down, or that has lost something.

use std::time::Duration;

use fermata_store::{CommitError, ReadError};

use crate::ledger::{Ledger, Place, Rows};
use crate::records::{LARGE, checkpoint, complete, insert, run, run_id, text, workspace};

#[test]
fn server_while_the_object_store_is_down_only_large_values_wait_for_it() {
    let mut ledger = Ledger::new(Rows::Sqlite, Place::S3);
    let large = |n| vec![insert(run(n, text("large", LARGE)))];
    ledger.store().commit(large(1)).unwrap();
    ledger.s3.as_ref().unwrap().stop().unwrap();
    let refused = ledger.store().commit(large(2)).unwrap_err();
    assert!(matches!(refused, CommitError::Objects { .. }), "{refused:?}");
    ledger.store().commit(vec![insert(run(3, text("small", 100)))]).unwrap();
    assert!(ledger.store().run(&workspace(), run_id(2)).unwrap().is_none(), "nothing of it was written");
    // What was written last is still in memory.
    ledger.store().run(&workspace(), run_id(1)).unwrap().unwrap();
    // The store opens without it.
    ledger.reopen();
    let unread = ledger.store().run(&workspace(), run_id(1)).unwrap_err();
    assert!(matches!(unread, ReadError::Objects { .. }), "{unread:?}");
    let reason = std::error::Error::source(&unread).unwrap().to_string();
    assert!(reason.contains(ledger.s3.as_ref().unwrap().bucket()), "{reason}");
    assert!(ledger.store().run(&workspace(), run_id(3)).unwrap().is_some());
    assert!(ledger.store().collect_objects(Duration::ZERO, 10).is_err());
    ledger.s3.as_ref().unwrap().start_again().unwrap();
    ledger.store().commit(large(2)).unwrap();
    for n in [1, 2] {
        let run = ledger.store().run(&workspace(), run_id(n)).unwrap().unwrap();
        assert_eq!(run.birth.input.get(), text("large", LARGE).get());
    }
}

#[test]
fn a_lost_payload_is_named_and_a_lost_checkpoint_does_not_open() {
    let mut ledger = Ledger::plain();
    let changes = vec![insert(run(1, text("large", LARGE))), checkpoint(1, vec![7; LARGE])];
    ledger.store().commit(changes).unwrap();
    ledger.reopen();
    let names: Vec<_> = ledger.objects().into_iter().map(|object| object.name).collect();
    ledger.store().objects().unwrap().delete(names).unwrap();
    let lost = ledger.store().run(&workspace(), run_id(1)).unwrap_err();
    assert!(matches!(lost, ReadError::Damaged { .. }), "{lost:?}");
    assert!(causes(&lost).contains("is missing from the object store"), "{}", causes(&lost));
    let checkpoint = ledger.store().checkpoint(&workspace(), run_id(1)).unwrap().unwrap();
    assert!(checkpoint.sealed.is_empty(), "the run is made anew from the ledger");
}

#[test]
fn a_changed_payload_does_not_open() {
    let mut ledger = Ledger::plain();
    ledger.store().commit(vec![insert(run(1, text("large", LARGE)))]).unwrap();
    let name = ledger.objects()[0].name.clone();
    let objects = ledger.store().objects().unwrap().clone();
    let mut bytes = objects.get(&name).unwrap().to_vec();
    bytes[1_000] ^= 1;
    objects.put(&name, bytes.into()).unwrap();
    ledger.reopen();
    let bent = ledger.store().run(&workspace(), run_id(1)).unwrap_err();
    assert!(matches!(bent, ReadError::Damaged { .. }), "{bent:?}");
    assert!(causes(&bent).contains(&name.to_string()), "{}", causes(&bent));
}

#[test]
fn a_group_that_fails_for_another_reason_can_be_submitted_again() {
    let ledger = Ledger::plain();
    ledger.store().commit(vec![insert(run(1, text("small", 100)))]).unwrap();
    let faulty = vec![insert(run(1, text("large", LARGE)))];
    let refused = ledger.store().commit(faulty.clone()).unwrap_err();
    assert!(matches!(refused, CommitError::Conflict { .. }), "{refused:?}");
    ledger.store().commit(faulty).unwrap_err();
    assert_eq!(ledger.objects().len(), 1, "the second attempt wrote the same object");
    assert_eq!(ledger.number("select count(*) from objects"), 0);
    ledger.store().commit(vec![complete(1, text("large", LARGE), 2)]).unwrap();
    assert_eq!(ledger.objects().len(), 1);
    assert_eq!(ledger.number("select count(*) from objects"), 1);
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
