//! The repository's text files, read once. What is built, installed or only on this machine is left out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::mask;
use crate::repository;

const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", "data", ".git"];

/// All text files.
pub(super) struct Sources(Vec<Source>);

/// One text file.
pub(super) struct Source {
    /// From the repository's root.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
    /// The same with comments and literals blanked, for Rust files.
    pub(super) code: String,
}

impl Sources {
    /// Reads them.
    pub(super) fn read() -> Result<Self> {
        let root = repository::root();
        let mut files = Vec::new();
        walk(root, &mut files)?;
        let sources = files.iter().filter_map(|file| Source::read(root, file));
        let mut sources: Vec<Source> = sources.collect();
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self(sources))
    }

    /// Every file.
    pub(super) fn all(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = &Source> {
        self.all().filter(|source| source.path.ends_with(".rs"))
    }

    /// One file, which must exist.
    pub(super) fn get(&self, path: &str) -> Result<&Source> {
        self.all().find(|source| source.path == path).with_context(|| format!("{path} is missing"))
    }
}

impl Source {
    /// Nothing when the file is not text.
    fn read(root: &Path, file: &Path) -> Option<Self> {
        let text = fs::read_to_string(file).ok()?;
        let path = file.strip_prefix(root).ok()?.to_str()?.to_owned();
        let code = if path.ends_with(".rs") { mask::blank(&text) } else { String::new() };
        Some(Self { path, text, code })
    }

    /// Whether it is part of a crate's product, and not of its tests.
    pub(super) fn is_product(&self) -> bool {
        let in_src = self.path.split('/').any(|part| part == "src");
        in_src && !self.path.ends_with("/tests.rs") && !self.path.contains("/tests/")
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if !NOT_OURS.iter().any(|skipped| name == *skipped) {
                walk(&entry.path(), files)?;
            }
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
