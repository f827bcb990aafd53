//! Remembers what something was made from: a hash of the inputs, kept beside the output, so that it goes when
//! the output goes and a build folder shared by two checkouts cannot confuse them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The record of one thing that is made.
pub(crate) struct Stamp {
    file: PathBuf,
    hash: String,
}

impl Stamp {
    /// The stamp of the folder `output`, made from `inputs`: files, or folders with all that is in them.
    pub(crate) fn new(output: &Path, inputs: &[PathBuf]) -> Result<Self> {
        let mut hasher = Sha256::new();
        for input in inputs {
            hash_into(&mut hasher, input)?;
        }
        Ok(Self { file: output.join(".stamp"), hash: format!("{:x}", hasher.finalize()) })
    }

    /// Whether the output was made from these very inputs.
    pub(crate) fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|recorded| recorded == self.hash)
    }

    /// Records that the output was made.
    pub(crate) fn record(&self) -> Result<()> {
        fs::write(&self.file, &self.hash).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn hash_into(hasher: &mut Sha256, path: &Path) -> Result<()> {
    if path.is_dir() {
        for entry in sorted_entries(path)? {
            hash_into(hasher, &entry)?;
        }
        return Ok(());
    }
    let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    for part in [name, &content] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Ok(())
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
