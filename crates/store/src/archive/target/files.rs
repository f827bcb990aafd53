//! The SQLite files of workspaces, made in a folder that gets its name when all of them are there.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use fermata_model::WorkspaceId;

use super::{ArchiveError, Digest, Folder, Totals, io, not_empty};
use crate::archive::files::{each_piece, path_of};
use crate::folder;

/// Files that are being written.
pub(super) struct Files {
    place: PathBuf,
    draft: PathBuf,
    /// They are there already, because the source has the same folder.
    are_there: bool,
    open: Option<(File, PathBuf)>,
    written: Vec<WorkspaceId>,
    is_kept: bool,
}

impl Files {
    /// None yet.
    pub(super) fn begin(folder: &Folder, are_there: bool) -> Self {
        let (place, draft) = (folder.sql(), folder.sql_draft());
        Self { place, draft, are_there, open: None, written: Vec::new(), is_kept: false }
    }

    /// Refuses a folder that has such files.
    pub(super) fn refuse_others(&self, folder: &Folder) -> Result<(), ArchiveError> {
        let has_some = match fs::read_dir(&self.place) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(io("read the folder", &self.place, error)),
        };
        if has_some && !self.are_there {
            return Err(not_empty(folder, "SQLite files of workspaces, in sql"));
        }
        Ok(())
    }

    /// The pieces of a workspace's file follow.
    pub(super) fn file(&mut self, folder: &Folder, workspace: &WorkspaceId) -> Result<(), ArchiveError> {
        if self.are_there {
            return Ok(());
        }
        if self.written.is_empty() {
            self.refuse_others(folder)?;
            // A restore that was stopped has left it.
            self.abandon();
            folder::make_private(&self.draft).map_err(|error| io("create the folder", &self.draft, error))?;
        }
        let path = path_of(&self.draft, workspace);
        let file = folder::open_private(&path).map_err(|error| io("open", &path, error))?;
        self.open = Some((file, path));
        self.written.push(workspace.clone());
        Ok(())
    }

    /// A piece of it.
    pub(super) fn piece(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        let Some((file, path)) = &mut self.open else { return Ok(()) };
        file.write_all(bytes).map_err(|error| io("write", path, error))
    }

    /// It is complete.
    pub(super) fn file_end(&mut self) -> Result<(), ArchiveError> {
        let Some((file, path)) = self.open.take() else { return Ok(()) };
        file.sync_all().map_err(|error| io("write", &path, error))
    }

    /// Reads the files back. Gives nothing where they are those of the source.
    pub(super) fn read_back(&self, counted: &mut dyn FnMut()) -> Result<Option<Digest>, ArchiveError> {
        if self.are_there {
            return Ok(None);
        }
        let mut found = Totals::default();
        for workspace in &self.written {
            let path = path_of(&self.draft, workspace);
            let file = File::open(&path).map_err(|error| io("read", &path, error))?;
            found.add_file(workspace, &each_piece(&file, &path, &mut |_| Ok(()))?);
            counted();
        }
        Ok(Some(found.files))
    }

    /// Gives the folder its name.
    pub(super) fn keep(&mut self) -> Result<(), ArchiveError> {
        if self.written.is_empty() {
            return Ok(());
        }
        let above = self.place.parent().unwrap_or(Path::new("."));
        let failed = |error| io("write", &self.place, error);
        let draft = File::open(&self.draft).and_then(|folder| folder.sync_all());
        draft.and_then(|()| fs::rename(&self.draft, &self.place)).map_err(failed)?;
        self.is_kept = true;
        File::open(above).and_then(|above| above.sync_all()).map_err(failed)
    }

    /// Removes what was written, as far as that can be done.
    pub(super) fn abandon(&self) {
        // It may not be there; what cannot be removed is told when it is to be made anew.
        let _ = fs::remove_dir_all(if self.is_kept { &self.place } else { &self.draft });
    }
}
