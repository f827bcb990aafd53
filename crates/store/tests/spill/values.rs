//! What is written is read, whatever its size and wherever it lies.

use std::fs;
use std::path::Path;
use std::sync::mpsc;

use fermata_model::json;
use fermata_model::record::Outcome;
use fermata_store::{BegunParts, Change, Group, INLINE_BYTES_MAX, Options, Store, StreamEntry};

use crate::ledger::{Ledger, Place, Rows};
use crate::records::{
    LARGE, checkpoint, complete, end_call, event, insert, insert_call, run, run_id, text, workspace,
};

const SIZES: [usize; 5] = [20, INLINE_BYTES_MAX - 1, INLINE_BYTES_MAX, LARGE, 3 << 20];
/// Values of a run that can be large.
const VALUES: usize = 6;

#[test]
fn values_of_all_sizes_come_back_from_a_folder() {
    values_of_all_sizes_come_back(Ledger::new(Rows::Sqlite, Place::Folder));
}

#[test]
fn server_values_of_all_sizes_come_back_from_s3() {
    values_of_all_sizes_come_back(Ledger::new(Rows::Sqlite, Place::S3));
}

#[test]
fn server_values_of_all_sizes_come_back_with_postgres_and_a_folder() {
    values_of_all_sizes_come_back(Ledger::new(Rows::Postgres, Place::Folder));
}

#[test]
fn server_values_of_all_sizes_come_back_with_postgres_and_s3() {
    values_of_all_sizes_come_back(Ledger::new(Rows::Postgres, Place::S3));
}

fn values_of_all_sizes_come_back(mut ledger: Ledger) {
    for (n, bytes) in (1..).zip(SIZES) {
        // In one group and so in one row each, and then in groups of their own.
        ledger.store().commit(vec![insert(run(n, text("input", bytes)))]).unwrap();
        for change in all_values(n, bytes) {
            ledger.store().commit(vec![change]).unwrap();
        }
        let again = n + 100;
        let mut changes = vec![insert(run(again, text("input", bytes)))];
        changes.extend(all_values(again, bytes));
        ledger.store().commit(changes).unwrap();
    }
    let check = |ledger: &Ledger| {
        for (n, bytes) in (1..).zip(SIZES) {
            assert_reads(ledger.store(), n, bytes);
            assert_reads(ledger.store(), n + 100, bytes);
        }
    };
    check(&ledger);
    ledger.reopen();
    check(&ledger);
    let large = SIZES.iter().filter(|bytes| **bytes > INLINE_BYTES_MAX).count();
    assert_eq!(ledger.objects().len(), 2 * VALUES * large);
    assert_eq!(ledger.number("select count(*) from objects") as usize, 2 * VALUES * large);
    let longest = "select max(length(input)) from task_runs";
    assert_eq!(ledger.number(longest) as usize, INLINE_BYTES_MAX);
    assert_eq!(ledger.number("select max(length(sealed)) from checkpoints") as usize, INLINE_BYTES_MAX);
    assert_eq!(ledger.number("select max(length(args)) from stack_runs") as usize, INLINE_BYTES_MAX);
}

fn sealed(n: u8, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8 ^ n).collect()
}

fn all_values(n: u8, bytes: usize) -> Vec<Change> {
    vec![
        insert_call(n, 1, text("args", bytes)),
        end_call(n, 1, text("result", bytes)),
        event(n, text("payload", bytes)),
        checkpoint(n, sealed(n, bytes)),
        complete(n, text("end", bytes), 9_000),
    ]
}

fn assert_reads(store: &Store, n: u8, bytes: usize) {
    let mut run = store.run(&workspace(), run_id(n)).unwrap().unwrap();
    assert_eq!(run.birth.input.get(), text("input", bytes).get());
    assert_eq!(run.state.result.as_ref().unwrap().get(), text("end", bytes).get());
    run.state.started_at = Some(1);
    let parts = store.run_parts(&run, 0).unwrap();
    let BegunParts { undelivered, checkpoint, .. } = parts.begun.unwrap();
    for call in undelivered.into_iter().chain(store.call(&workspace(), run_id(n), 1).unwrap()) {
        assert_eq!(call.birth.args.get(), text("args", bytes).get());
        let Some(Outcome::Ok(result)) = call.state.outcome else { panic!("it has a result") };
        assert_eq!(result.get(), text("result", bytes).get());
    }
    let stream = store.stream(&workspace(), run_id(n), 0, 10).unwrap();
    let [StreamEntry::CallBegan(call)] = stream.as_slice() else { panic!("{stream:?}") };
    assert_eq!(call.birth.args.get(), text("args", bytes).get());
    assert_eq!(parts.sent_events[0].payload.get(), text("payload", bytes).get());
    assert_eq!(checkpoint.unwrap().sealed, sealed(n, bytes));
}

#[test]
fn what_only_looks_like_a_reference_is_none() {
    let mut ledger = Ledger::plain();
    let forged = format!("\"@{}:5:default\"", "0".repeat(32));
    let small = json::parse(forged.clone()).unwrap();
    let large = text(&forged[1..forged.len() - 1], LARGE);
    let bytes = [b"@fermata-object:".as_slice(), forged.trim_matches('"').as_bytes()].concat();
    let mut changes = vec![insert(run(1, small.clone())), complete(1, large.clone(), 2)];
    changes.push(checkpoint(1, bytes.clone()));
    ledger.store().commit(changes).unwrap();
    ledger.reopen();
    let run = ledger.store().run(&workspace(), run_id(1)).unwrap().unwrap();
    assert_eq!(run.birth.input.get(), small.get());
    assert_eq!(run.state.result.unwrap().get(), large.get());
    assert_eq!(ledger.store().checkpoint(&workspace(), run_id(1)).unwrap().unwrap().sealed, bytes);
}

#[test]
fn objects_do_not_tell_what_is_in_them() {
    let ledger = Ledger::plain();
    ledger.store().commit(vec![insert(run(1, text("a very secret sentence", LARGE)))]).unwrap();
    let files = files(&ledger.objects_folder());
    assert_eq!(files.len(), 1);
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for bytes in files {
        assert!(bytes.len() > LARGE);
        assert!(!holds(&bytes, b"secret") && !holds(&bytes, b"xxxxxxxx"));
    }
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![fs::read(path).unwrap()] })
        .collect()
}

#[test]
fn without_a_place_large_values_lie_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Options::default()).unwrap();
    store.commit(vec![insert(run(1, text("small", 100)))]).unwrap();
    assert!(!folder.path().join("objects").exists(), "it is made when it is needed");
    store.commit(vec![insert(run(2, text("large", LARGE)))]).unwrap();
    assert_eq!(files(&folder.path().join("objects")).len(), 1);
    let run = store.run(&workspace(), run_id(2)).unwrap().unwrap();
    assert_eq!(run.birth.input.get(), text("large", LARGE).get());
}

#[test]
fn what_the_committers_thread_submits_stays_in_its_row() {
    let mut ledger = Ledger::plain();
    let (tell, told) = mpsc::channel();
    let store = ledger.store().clone();
    ledger.store().submit(Group::with(Vec::new(), move |_| {
        let changes = vec![insert(run(1, text("large", LARGE)))];
        store.submit(Group::with(changes, move |fate| tell.send(fate).unwrap()));
    }));
    told.recv().unwrap().unwrap();
    assert_eq!(ledger.objects(), []);
    ledger.reopen();
    let run = ledger.store().run(&workspace(), run_id(1)).unwrap().unwrap();
    assert_eq!(run.birth.input.get(), text("large", LARGE).get());
}

#[test]
fn large_values_may_be_awaited_in_a_runtime_of_either_kind() {
    let ledger = Ledger::plain();
    let commit = |n| ledger.store().commit_async(vec![insert(run(n, text("large", LARGE)))]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime.block_on(commit(1)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(commit(2)).unwrap();
    assert_eq!(ledger.objects().len(), 2);
}
