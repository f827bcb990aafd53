//! A ledger with rows in every table, and what can be seen of it afterwards.

use std::path::Path;

use bytes::Bytes;
use fermata_model::record::{CallState, RunState};
use fermata_model::{RunStatus, json};
use fermata_store::archive::{Progress, Summary};
use fermata_store::{Change, Letter, ObjectName, Objects, ObjectsPlace, Options, Store, archive};
use fermata_testkit::postgres::Database;

use crate::place::{Ledger, Place, options, rows};
use crate::records::{
    call, checkpoint, entry, event, idempotency, insert_call, insert_run, keep_entry, log, new_state, run,
    run_id, take_event, task, text, update_call, update_run, workspace,
};

/// Every table whose rows are copied, and the columns that are not.
const TABLES: [&str; 14] = [
    "workspaces",
    "tokens",
    "task_functions",
    "task_runs",
    "stack_runs",
    "task_logs",
    "checkpoints",
    "sent_events",
    "task_state",
    "keystore",
    "keystore_versions",
    "idempotency_keys",
    "letters",
    "objects",
];

/// Objects of the filled ledger: inputs of runs, and a checkpoint.
pub(crate) const OBJECTS: u8 = 40;

/// A ledger with rows in every table, and large values that lie in its folder, whichever database it has.
pub(crate) fn filled(place: &Place) -> Ledger {
    let (folder, database) = (tempfile::tempdir().unwrap(), place.database());
    let objects = Some(ObjectsPlace::Folder(folder.path().join("objects")));
    let store = Store::open(folder.path(), Options { objects, ..options(database.as_deref()) }).unwrap();
    fill(&store);
    let mut large = checkpoint(5, 1);
    if let Change::PutCheckpoint { checkpoint, .. } = &mut large {
        checkpoint.sealed = vec![7; 300_000];
    }
    let mut changes = vec![large];
    for n in 1..OBJECTS {
        let mut run = run(200 + n);
        run.birth.input = text(&format!("\"{}\"", "x".repeat(70_000 + usize::from(n))));
        changes.push(insert_run(run));
    }
    store.commit(changes).unwrap();
    Ledger { store, folder, database }
}

fn fill(store: &Store) {
    let mut odd = run(2);
    odd.birth.task_name = "Grüße 𝄐 ' \" \\ \n".into();
    odd.birth.input = json::parse(r#"{"text": "\u0000 and 𝄐", "null": null}"#.into()).unwrap();
    odd.birth.start_at = Some(i64::MAX);
    odd.birth.priority = i16::MIN;
    let mut changes = vec![insert_run(run(1)), insert_run(odd)];
    changes.extend((3..=200).map(|n| insert_run(run(n))));
    changes.extend([call(1, 1), call(1, 2), call(2, 1)].map(insert_call));
    changes.extend([task("hello", 1), task("hello", 2)].map(|task| Change::PutTask(Box::new(task))));
    changes.extend((1..=2_500).map(|seq| log(1, seq)));
    changes.extend([checkpoint(1, 3), checkpoint(2, 1), event(1, 1), event(1, 2), take_event(1, 2)]);
    changes.extend([
        new_state("cursor", "{}", 5),
        entry("global", "a", 1),
        entry("global", "b", 7),
        keep_entry("global", "b", 5),
        keep_entry("global", "b", 6),
        idempotency("key", 1),
    ]);
    changes.extend((1..=2).map(|n| {
        let (kind, name, payload) = ("event".into(), "paid".into(), "{}".into());
        let (workspace, run) = (workspace(), run_id(1));
        Change::PutLetter(Box::new(Letter { id: [n; 16], workspace, run, kind, name, payload, sent_at: 10 }))
    }));
    changes.push(Change::PutToken {
        hash: [9; 32],
        workspace: workspace(),
        name: "laptop".into(),
        created_at: 12,
    });
    store.commit(changes).unwrap();
    let ended = RunState {
        status: RunStatus::Completed,
        result: Some(json::parse("[1, 2.50]".into()).unwrap()),
        ended_at: Some(99),
        ..RunState::queued()
    };
    let answered =
        Change::AnswerLetter { id: [2; 16], answer: json::parse("true".into()).unwrap(), answered_at: 13 };
    let child = CallState { child: Some(run_id(2)), ..CallState::pending() };
    store.commit(vec![update_run(3, ended), update_call(2, 1, child), answered]).unwrap();
}

/// All that is copied of a ledger, as text.
pub(crate) fn dump(
    folder: &Path,
    database: Option<&Database>,
) -> Vec<(&'static str, Vec<Vec<Option<String>>>)> {
    let dump_table = |table| {
        let only = if table == "letters" { "where answered_at is null" } else { "" };
        let mut found = rows(folder, database, &format!("select * from {table} {only} order by 1, 2, 3"));
        if table == "task_runs" {
            // The owner, behind which what runs have used was put later.
            found.iter_mut().for_each(|row| drop(row.remove(row.len() - 5)));
        }
        (table, found)
    };
    TABLES.map(dump_table).to_vec()
}

/// The objects of a folder, in order.
pub(crate) fn objects_of(folder: &Path) -> Vec<(ObjectName, Bytes)> {
    let objects = Objects::open(&ObjectsPlace::Folder(folder.join("objects"))).unwrap();
    let names: Vec<_> = objects.list(None, 1_000).unwrap().into_iter().map(|info| info.name).collect();
    let bytes = objects.get_many(&names).unwrap();
    names.into_iter().zip(bytes).collect()
}

/// A place of the archive's functions.
pub(crate) fn place_of(folder: &Path, database: Option<&Database>) -> archive::Place {
    archive::Place { folder: folder.to_owned(), options: options(database) }
}

/// Backs a ledger up.
pub(crate) fn back_up(ledger: &Ledger, file: &Path) -> Summary {
    let place = place_of(ledger.folder.path(), ledger.database.as_deref());
    archive::backup(&place, file, false, &mut nobody).unwrap()
}

/// Listens to no progress.
pub(crate) fn nobody(_: Progress) {}
