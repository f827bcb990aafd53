//! Task files on disk: which they are, and what they are published as.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::client::Publish;
use crate::exit::Failure;

/// What task files end in.
const EXTENSIONS: [&str; 5] = ["js", "mjs", "cjs", "ts", "mts"];
/// Folders that never hold the user's own tasks.
const FOLDERS_LEFT_OUT: [&str; 1] = ["node_modules"];
/// How deep folders are followed.
const DEPTH_MAX: u32 = 16;

/// A task file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The task's name, when its folder is part of it.
    name: Option<String>,
}

impl SourceFile {
    /// The file at `path`, named after itself.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), name: None }
    }

    /// The request that publishes it.
    ///
    /// # Errors
    /// When the file cannot be read or is not text.
    pub(crate) fn read(&self) -> Result<Publish, Failure> {
        let source = fs::read_to_string(&self.path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::usage(format!("there is no file {:?}", self.path)),
            _ => Failure::io(format!("cannot read {:?}: {error}", self.path)),
        })?;
        Ok(Publish { file_name: self.file_name(), source, name: self.name.clone() })
    }

    /// Its name without folders.
    pub(crate) fn file_name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// Whether a name is that of a task file. Declarations (`.d.ts`) hold no code.
pub(crate) fn is_source(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let is_declaration = [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| name.ends_with(ending));
    let extension = path.extension().map(|extension| extension.to_string_lossy()).unwrap_or_default();
    EXTENSIONS.contains(&&*extension) && !is_declaration && !name.starts_with('.')
}

/// The task files that `paths` name: files as they are, folders with what lies in them.
///
/// # Errors
/// When a path does not exist or cannot be read, or a folder holds no task file.
pub(crate) fn collect(paths: &[PathBuf]) -> Result<Vec<SourceFile>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            collect_folder(path, "", 0, &mut found)?;
            if found.len() == before {
                let message = format!("the folder {path:?} holds no task file ({})", EXTENSIONS.join(", "));
                return Err(Failure::usage(message));
            }
        } else if path.exists() {
            found.push(SourceFile::at(path));
        } else {
            return Err(Failure::usage(format!("there is no file or folder {path:?}")));
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|file| seen.insert(file.path.clone()));
    Ok(found)
}

/// The other task files in the folder of `path`. What cannot be read is left out.
pub(crate) fn siblings(path: &Path) -> Vec<SourceFile> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let entries = entries_of(folder).unwrap_or_default();
    let is_other =
        |other: &PathBuf| other.is_file() && is_source(other) && other.file_name() != path.file_name();
    entries.into_iter().filter(is_other).map(|path| SourceFile::at(&path)).collect()
}

fn collect_folder(
    folder: &Path,
    prefix: &str,
    depth: u32,
    found: &mut Vec<SourceFile>,
) -> Result<(), Failure> {
    let unreadable = |error| Failure::io(format!("cannot read the folder {folder:?}: {error}"));
    for path in entries_of(folder).map_err(unreadable)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            // A link to a folder may lead back up.
            let is_left_out =
                name.starts_with('.') || FOLDERS_LEFT_OUT.contains(&name.as_str()) || path.is_symlink();
            if !is_left_out && depth < DEPTH_MAX {
                collect_folder(&path, &format!("{prefix}{name}/"), depth + 1, found)?;
            }
        } else if is_source(&path) {
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let name = (!prefix.is_empty()).then(|| format!("{prefix}{stem}"));
            found.push(SourceFile { path, name });
        }
    }
    Ok(())
}

/// What lies in a folder, by name.
fn entries_of(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries: Result<Vec<_>, _> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries = entries?;
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn folders_become_part_of_the_name() {
        let files =
            ["b.js", "a.ts", "types.d.ts", "notes.md", "team/mail.mjs", "node_modules/x/i.js", ".git/y.js"];
        let folder = folder_with(&files);
        let found = collect(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> = found.iter().map(|file| (file.file_name(), file.name.as_deref())).collect();
        let expected = [("a.ts", None), ("b.js", None), ("mail.mjs", Some("team/mail"))];
        assert_eq!(names, expected.map(|(file, name)| (file.to_owned(), name)));
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let folder = folder_with(&["notes.md"]);
        assert!(collect(&[folder.path().join("gone.js")]).unwrap_err().message.contains("gone.js"));
        assert!(collect(&[folder.path().to_owned()]).unwrap_err().message.contains("no task file"));
    }

    #[test]
    fn siblings_are_the_others() {
        let folder = folder_with(&["a.js", "b.ts", "b.d.ts", "sub/c.js"]);
        let names: Vec<_> = siblings(&folder.path().join("a.js")).iter().map(SourceFile::file_name).collect();
        assert_eq!(names, ["b.ts"]);
    }
}
