//! The folder that types are written into, and the settings by which editors find them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::exit::Failure;

/// Where the types lie in the author's folder. It begins with a dot, so that nothing of it is published.
const TYPES: &str = ".fermata/types";
/// Files in which settings are looked for.
const SETTINGS: [&str; 2] = ["tsconfig.json", "jsconfig.json"];
/// What has to be in them.
pub(super) const LINES: &str = r#"  "compilerOptions": {
    "paths": { "fermata-sdk": ["./.fermata/types/index.d.ts"], "fermata-sdk/*": ["./.fermata/types/*"] }
  },
  "include": [".fermata/types", "**/*"]"#;
/// Settings for a folder that has none.
const TSCONFIG: &str = r#"{
  "compilerOptions": {
    "target": "es2023",
    "lib": ["es2023"],
    "module": "esnext",
    "moduleResolution": "bundler",
    "types": [],
    "strict": true,
    "allowJs": true,
    "noEmit": true,
    "paths": { "fermata-sdk": ["./.fermata/types/index.d.ts"], "fermata-sdk/*": ["./.fermata/types/*"] }
  },
  "include": [".fermata/types", "**/*"]
}
"#;

/// A folder with tasks.
pub(super) struct Project<'a> {
    folder: &'a Path,
    types: PathBuf,
}

impl<'a> Project<'a> {
    /// The folder.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn at(folder: &'a Path) -> Result<Self, Failure> {
        if !folder.is_dir() {
            return Err(Failure::usage(format!("there is no folder {folder:?}")));
        }
        Ok(Self { folder, types: folder.join(TYPES) })
    }

    /// Where the types lie.
    pub(super) fn types(&self) -> &Path {
        &self.types
    }

    /// Writes a file of types; an editor that looks meanwhile sees the earlier one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write_whole(&self.types.join(name), text)
    }

    /// Writes `tsconfig.json` when there are no settings yet; tells whether there were none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn configure(&self) -> Result<bool, Failure> {
        let path = self.folder.join(self.settings());
        if path.exists() {
            return Ok(false);
        }
        write_whole(&path, TSCONFIG).map(|()| true)
    }

    /// Whether the settings speak of the types.
    pub(super) fn is_configured(&self) -> bool {
        fs::read_to_string(self.folder.join(self.settings())).is_ok_and(|text| text.contains(TYPES))
    }

    /// The name of the file with the settings.
    pub(super) fn settings(&self) -> &'static str {
        SETTINGS.into_iter().find(|name| self.folder.join(name).exists()).unwrap_or(SETTINGS[0])
    }
}

fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        fs::create_dir_all(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(drop).map_err(|error| Failure::io(format!("cannot write {}: {error}", path.display())))
}
