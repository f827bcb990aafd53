//! `fermata publish --watch`: publishes again what changes on disk.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::Publisher;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::sources::{self, SourceFile};

/// How long files must be quiet before they are read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(150);

/// Publishes `files`, then what changes below `paths`, until Ctrl-C.
pub(super) async fn run(
    publisher: &Publisher<'_>,
    paths: &[PathBuf],
    files: Vec<SourceFile>,
) -> Result<Exit, Failure> {
    let (tell, mut told) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let is_read = event.as_ref().is_ok_and(|event| event.kind.is_access());
        if !is_read {
            // Full means that a look at the files is due anyway.
            let _ = tell.try_send(());
        }
    })
    .map_err(not_watched)?;
    for path in paths {
        let (watched, mode) = what_to_watch(path);
        watcher.watch(watched, mode).map_err(not_watched)?;
    }
    let mut interrupts = Interrupts::listen();
    let mut known = Known::default();
    known.publish_changed(publisher, &files).await?;
    publisher.console.tell("watching for changes; Ctrl-C ends it");
    loop {
        tokio::select! {
            _ = told.recv() => {}
            () = interrupts.next() => return Ok(Exit::Ok),
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, told.recv()).await {}
        // A folder that is empty for a moment is no reason to end.
        let files = sources::collect(paths).unwrap_or_default();
        known.publish_changed(publisher, &files).await?;
    }
}

/// Editors replace files, and a watch of the old file would see nothing more: the folder is watched.
fn what_to_watch(path: &Path) -> (&Path, RecursiveMode) {
    if path.is_dir() {
        return (path, RecursiveMode::Recursive);
    }
    match path.parent() {
        Some(folder) if folder != Path::new("") => (folder, RecursiveMode::NonRecursive),
        _ => (Path::new("."), RecursiveMode::NonRecursive),
    }
}

fn not_watched(error: notify::Error) -> Failure {
    Failure::io(format!("cannot watch for changes: {error}"))
}

/// The texts that were sent to the server.
#[derive(Default)]
struct Known(HashMap<PathBuf, Vec<u8>>);

impl Known {
    /// Publishes the files whose text is another than when they were last sent.
    async fn publish_changed(
        &mut self,
        publisher: &Publisher<'_>,
        files: &[SourceFile],
    ) -> Result<(), Failure> {
        for file in files {
            let Ok(text) = fs::read(&file.path) else { continue };
            if self.0.get(&file.path) == Some(&text) {
                continue;
            }
            // A mistake was told; the file is looked at again when it changes.
            let _ = publisher.publish(file).await?;
            self.0.insert(file.path.clone(), text);
        }
        Ok(())
    }
}
