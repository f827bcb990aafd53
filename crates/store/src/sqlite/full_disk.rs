//! What the committer does when the disk gives out, which needs its connection.

use std::sync::atomic::Ordering;
use std::sync::mpsc;

use fermata_model::WorkspaceId;
use fermata_model::grants::Grants;
use fermata_model::record::{KeystoreEntry, KeystoreKind};

use super::*;
use crate::change::Change;
use crate::committer::Committer;
use crate::open::Options;
use crate::sqlite::open;

fn big_entry(name: &str) -> Change {
    let entry = KeystoreEntry {
        namespace: "global".into(),
        name: name.into(),
        since: 1,
        kind: KeystoreKind::Value,
        version: 1,
        sealed: vec![0; 100_000],
        updated_at: 1,
        grants: Grants::default(),
        written_by: None,
        used_at: None,
    };
    Change::InsertKeystore { workspace: WorkspaceId::default_workspace(), entry: Box::new(entry) }
}

/// Writes one batch of groups and gives their fates.
fn write(committer: &mut Committer<SqliteWriter>, groups: Vec<Vec<Change>>) -> Vec<Result<(), CommitError>> {
    let (tell, told) = mpsc::channel();
    let group = |changes| {
        let tell = tell.clone();
        Group::with(changes, move |fate| tell.send(fate).unwrap())
    };
    let batch = groups.into_iter().map(group).collect();
    committer.write(batch);
    drop(tell);
    told.iter().collect()
}

#[test]
fn a_full_disk_fails_the_batch_and_not_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Arc::new(Folder::lock(folder.path()).unwrap());
    let opened = open::open(&folder, &Options::default()).unwrap();
    let writer = SqliteWriter { connection: opened.connection, epoch: opened.epoch, _folder: folder };
    let mut committer = Committer { writer, queue: Arc::default(), counters: Arc::default() };
    let set_room = |committer: &Committer<SqliteWriter>, pages: u32| {
        let sql = format!("pragma max_page_count = {pages}");
        committer.writer.connection.query_row(&sql, [], |_| Ok(())).unwrap();
    };
    set_room(&committer, 1);
    let groups = || vec![vec![big_entry("a")], vec![big_entry("b")]];
    let fates = write(&mut committer, groups());
    assert!(
        matches!(fates.as_slice(), [Err(CommitError::Io { .. }), Err(CommitError::Io { .. })]),
        "{fates:?}"
    );
    set_room(&committer, 100_000);
    let fates = write(&mut committer, groups());
    assert!(matches!(fates.as_slice(), [Ok(()), Ok(())]), "{fates:?}");
    assert_eq!(committer.counters.groups.load(Ordering::Relaxed), 2, "only what was written counts");
}
