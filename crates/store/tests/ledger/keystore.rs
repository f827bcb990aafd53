//! Keystore entries, and the versions they had before.

use fermata_model::limits::KEYSTORE_VERSIONS_MAX;
use fermata_store::{Change, CommitError, Store};

use crate::place::{Ledger, on_both, rows};
use crate::records::{
    delete_entry, entry, forget_entry, keep_entry, submit_together, update_entry, version, workspace,
};

/// The next version of `name` in `a`, over the one before it.
fn next(name: &str, number: u32) -> Vec<Change> {
    vec![keep_entry("a", name, number - 1), update_entry("a", name, number)]
}

fn versions(store: &Store, name: &str) -> Vec<u32> {
    let found = store.keystore_versions(&workspace(), "a", name).unwrap();
    found.into_iter().map(|entry| entry.version).collect()
}

#[test]
fn an_entry_is_written_over_the_version_it_was_made_from() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![entry("a", "x", 1)]);
        let again = store.commit(vec![entry("a", "x", 1)]);
        assert!(matches!(again, Err(CommitError::Conflict { .. })), "{again:?}");
        let other =
            Change::UpdateKeystore { workspace: workspace(), entry: version("a", "x", 6, 2), over: 1 };
        for wrong in [update_entry("a", "x", 1), update_entry("a", "x", 3), update_entry("a", "y", 2), other]
        {
            // What was to be kept is not, either.
            let fate = store.commit(vec![keep_entry("a", "x", 9), wrong.clone()]);
            assert!(
                matches!(fate, Err(CommitError::Missing { what: "keystore entry" })),
                "{wrong:?}: {fate:?}"
            );
        }
        store.commit(next("x", 2)).unwrap();
        let late = store.commit(next("x", 2));
        assert!(matches!(late, Err(CommitError::Missing { .. })), "{late:?}");
        assert_eq!(versions(store, "x"), [2, 1]);
    });
}

#[test]
fn an_update_leaves_when_an_entry_was_used_as_it_is() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![entry("a", "x", 1)]);
        let used =
            Change::UseKeystore { workspace: workspace(), namespace: "a".into(), name: "x".into(), at: 70 };
        store.commit(vec![used]).unwrap();
        store.commit(next("x", 2)).unwrap();
        let found = store.keystore_entry(&workspace(), "a", "x").unwrap().unwrap();
        assert_eq!((found.version, found.used_at, found.since), (2, Some(70), 5));
        assert_eq!(found.written_by.as_deref(), Some("hello"));
    });
}

#[test]
fn as_many_versions_as_may_be_kept_are_read() {
    on_both(|place| {
        let Ledger { store, .. } = &Ledger::with(place, vec![entry("a", "x", 1)]);
        let last = KEYSTORE_VERSIONS_MAX + 5;
        (2..=last).for_each(|number| store.commit(next("x", number)).unwrap());
        let newest: Vec<u32> = (6..=last).rev().collect();
        assert_eq!(versions(store, "x"), newest);
        store.commit(vec![forget_entry("a", "x", 5, last - 3)]).unwrap();
        assert_eq!(versions(store, "x"), [last, last - 1, last - 2]);
        // Of another entry of that name, or of another name, nothing is.
        store.commit(vec![forget_entry("a", "x", 6, last), forget_entry("a", "y", 5, last)]).unwrap();
        assert_eq!(versions(store, "x").len(), 3);
        assert!(versions(store, "y").is_empty());
        let shown = store.keystore_versions(&workspace(), "a", "x").unwrap();
        let mut kept = *version("a", "x", 5, last - 1);
        kept.used_at = None;
        assert_eq!(format!("{:?}", shown[1]), format!("{kept:?}"));
    });
}

/// Writes, purges and deletions of one name, as they may meet in a batch.
fn lives() -> Vec<Vec<Change>> {
    let insert =
        |since| Change::InsertKeystore { workspace: workspace(), entry: version("a", "x", since, 1) };
    let next = |since, number: u32| {
        let (before, after) = (version("a", "x", since, number - 1), version("a", "x", since, number));
        vec![
            Change::KeepKeystore { workspace: workspace(), entry: before },
            Change::UpdateKeystore { workspace: workspace(), entry: after, over: number - 1 },
        ]
    };
    let delete = |since| vec![delete_entry("a", "x", since), forget_entry("a", "x", since, u32::MAX)];
    vec![
        vec![insert(7)],
        next(7, 2),
        next(7, 3),
        delete(7),
        vec![insert(8)],
        next(8, 2),
        vec![forget_entry("a", "x", 8, 1)],
        next(8, 3),
        next(8, 4),
        delete(8),
        delete(8),
        vec![insert(9)],
        next(9, 2),
    ]
}

#[test]
fn the_lives_of_a_name_come_to_the_same_together_and_apart() {
    on_both(|place| {
        let contents = |ledger: &Ledger| {
            let of = |sql| rows(ledger.folder.path(), ledger.database.as_deref(), sql);
            let entries = of("select since, version from keystore");
            (entries, of("select since, version from keystore_versions order by since, version"))
        };
        let (apart, together) = (Ledger::new(place), Ledger::new(place));
        let lives = lives();
        for (from, to) in (0..lives.len()).flat_map(|from| (from..=lives.len()).map(move |to| (from, to))) {
            for ledger in [&apart, &together] {
                ledger.execute("delete from keystore; delete from keystore_versions");
                lives[..from].iter().for_each(|group| ledger.store.commit(group.clone()).unwrap());
            }
            let groups = &lives[from..to];
            groups.iter().for_each(|group| apart.store.commit(group.clone()).unwrap());
            let fates = submit_together(&together.store, groups.to_vec());
            assert!(fates.iter().all(Result::is_ok), "{from}..{to}: {fates:?}");
            assert_eq!(contents(&together), contents(&apart), "{from}..{to}");
        }
    });
}
