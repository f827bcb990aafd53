//! The store: whole, or at work.

use std::path::Path;

use fermata_model::{Millis, WorkspaceId};
use fermata_store::{OpenError, Options, RunFilter, Store};

use super::Finding;
use crate::exit::{Failure, with_causes};
use crate::{node, settings};

const ABOUT: &str = "store";

/// Checks the store, and gives the moment its newest run was accepted.
pub(super) async fn check(data: &Path) -> (Finding, Option<Millis>) {
    if !data.join("fermata.db").exists() {
        return (Finding::good(ABOUT, "is made at the first start"), None);
    }
    let master_key = match settings::master_key() {
        Ok(key) => key,
        Err(failure) => return (Finding::failed(ABOUT, failure), None),
    };
    let folder = data.to_owned();
    let store = match node::blocking(move || {
        Store::open(&folder, Options { master_key, ..Options::default() })
    })
    .await
    {
        Ok(Ok(store)) => store,
        // A server at work on it has opened it, so it is not broken.
        Ok(Err(OpenError::InUse { pid, .. })) => {
            let holder = pid.map_or("another process".to_owned(), |pid| format!("process {pid}"));
            let finding = Finding::good(
                ABOUT,
                format!("{holder} works on it; when it is stopped, every page can be checked"),
            );
            return (finding, None);
        }
        Ok(Err(error)) => return (Finding::failed(ABOUT, node::explain(&error)), None),
        Err(failure) => return (Finding::failed(ABOUT, failure), None),
    };
    let checked = node::blocking(move || (check_pages(&store), newest_run(&store))).await;
    match checked {
        Ok((finding, newest)) => (finding, newest),
        Err(failure) => (Finding::failed(ABOUT, failure), None),
    }
}

fn check_pages(store: &Store) -> Finding {
    let size = store.stats().size_bytes;
    match store.check() {
        Ok(faults) if faults.is_empty() => {
            Finding::good(ABOUT, format!("every page is whole ({} KiB)", size >> 10))
        }
        Ok(faults) => {
            let mut finding = Finding::failed(ABOUT, Failure::io("the database is damaged"));
            finding.notes.extend(faults.into_iter().take(5));
            finding.notes.push(
                "restore it from a backup, or save what can be read: sqlite3 fermata.db .recover".to_owned(),
            );
            finding
        }
        Err(error) => Finding::failed(ABOUT, Failure::io(with_causes(&error))),
    }
}

fn newest_run(store: &Store) -> Option<Millis> {
    let runs = store.runs(&WorkspaceId::default_workspace(), &RunFilter::default(), None, 1);
    runs.ok()?.first().map(|run| run.created_at)
}
