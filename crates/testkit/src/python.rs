//! Python with the official client of Google's APIs, to compare our requests with, and to have the discovery documents
//! that it ships.
//!
//! The packages are installed at first use, at pinned versions, into a folder below the build folder. Everything here
//! waits.

mod interpreter;
mod packages;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use anyhow::{Context, Result, bail};

use interpreter::Interpreter;

/// Versions of the client and of all it needs, each of which has no compiled parts or can do without them.
const GOOGLE_CLIENT: &str = include_str!("python/google-client.txt");
/// In the folder of packages: the discovery documents, each called `API.VERSION.json`, and the directory, `index.json`.
const DOCUMENTS: &str = "googleapiclient/discovery_cache/documents";

/// The folder of the discovery documents that Google's client ships, for which the client is installed.
///
/// # Errors
/// As [`Python::with_google_client`].
pub fn google_documents() -> Result<PathBuf> {
    Ok(google_client()?.join(DOCUMENTS))
}

fn google_client() -> Result<PathBuf> {
    packages::find_or_install("google-client", GOOGLE_CLIENT)
}

/// An interpreter and a folder of packages.
pub struct Python {
    interpreter: Interpreter,
    packages: PathBuf,
}

impl Python {
    /// Finds or installs Python 3.9 or later with the client. Other processes that want the same wait meanwhile.
    ///
    /// # Errors
    /// When there is no such Python and none can be installed, or the packages cannot be had.
    pub fn with_google_client() -> Result<Self> {
        let interpreter = Interpreter::find_or_install()?;
        Ok(Self { interpreter, packages: google_client()? })
    }

    /// Runs a script: `input` goes in, and what it prints comes back.
    ///
    /// # Errors
    /// When it fails; with what it complained of.
    pub fn run(&self, script: &Path, input: &str) -> Result<String> {
        let mut command = self.interpreter.command();
        command.env("PYTHONPATH", &self.packages).args(["-s", "-B"]).arg(script);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start Python")?;
        let mut stdin = child.stdin.take().context("Python takes no input")?;
        let input = input.to_owned();
        // A script that prints before it has read everything shall not be waited for in a circle. One that does not
        // read to the end says why itself.
        let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().context("cannot wait for Python")?;
        let _ = writer.join();
        if !output.status.success() {
            bail!("{} failed:\n{}", script.display(), String::from_utf8_lossy(&output.stderr));
        }
        String::from_utf8(output.stdout).context("the script printed something that is not UTF-8")
    }
}
