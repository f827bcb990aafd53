//! A fresh server's data folder, made once per machine and copied for every server.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use uuid::Uuid;

use super::account::{self, Account};
use super::environment;
use super::installation::Installation;

/// The superuser of every server.
pub(super) const USER: &str = "fermata";
/// In a template and in a server's folder: PostgreSQL's own folder.
pub(super) const DATA: &str = "data";
/// In a template: the superuser's password.
const PASSWORD: &str = "password";

/// A template, and what it was made with.
pub(super) struct Template {
    folder: PathBuf,
    /// Whose programs made it and shall run its copies.
    pub(super) installation: Installation,
    /// Who runs its copies.
    pub(super) account: Account,
    /// The superuser's.
    pub(super) password: String,
}

impl Template {
    /// Finds the template, or makes it. Other processes that want the same wait meanwhile.
    pub(super) fn find_or_make() -> Result<Self> {
        let _lock = lock()?;
        let installation = Installation::find_or_install()?;
        let account = Account::of_servers()?;
        let name = format!("postgres-template-{}-{}", installation.version, account.user);
        let folder = environment::lasting_folder().join(name);
        if !folder.is_dir() {
            make(&folder, &installation, account).context("cannot make a new PostgreSQL data folder")?;
        }
        let password = fs::read_to_string(folder.join(PASSWORD))
            .with_context(|| format!("{} is not whole; remove it", folder.display()))?;
        Ok(Self { folder, installation, account, password })
    }

    /// Puts a copy of the data into a server's folder.
    pub(super) fn copy_to(&self, folder: &Path) -> Result<()> {
        copy(&self.folder.join(DATA), folder)?;
        self.account.own(folder)
    }
}

/// Held while it lives. A file per user, so that nobody needs to write another one's.
fn lock() -> Result<File> {
    let name = format!("postgres-template-{}.lock", rustix::process::geteuid().as_raw());
    let path = environment::lasting_folder().join(name);
    let cannot = || format!("cannot lock {}", path.display());
    let file = File::create(&path).with_context(cannot)?;
    file.lock().with_context(cannot)?;
    Ok(file)
}

/// Makes it elsewhere and moves it into place whole. Elsewhere also because the account that runs PostgreSQL
/// may have no way into our build folder.
fn make(folder: &Path, installation: &Installation, account: Account) -> Result<()> {
    let workshop = tempfile::Builder::new().prefix("fermata-initdb-").tempdir()?;
    let password = Uuid::new_v4().simple().to_string();
    fs::write(workshop.path().join(PASSWORD), &password)?;
    account.own(workshop.path())?;
    init(workshop.path(), installation, account)?;

    let unfinished = unfinished(folder);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    DirBuilder::new().mode(0o700).create(&unfinished)?;
    fs::write(unfinished.join(PASSWORD), &password)?;
    copy(&workshop.path().join(DATA), &unfinished)?;
    fs::rename(&unfinished, folder)?;
    Ok(())
}

fn unfinished(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

fn init(workshop: &Path, installation: &Installation, account: Account) -> Result<()> {
    let mut initdb = account.command(&installation.program("initdb"));
    initdb.current_dir(workshop).arg("--pgdata").arg(workshop.join(DATA));
    initdb.arg("--pwfile").arg(workshop.join(PASSWORD));
    initdb.args(["--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"]);
    // Nothing in it is worth anything before it is moved into place.
    initdb.args(["--no-sync", "--no-instructions"]);
    account::run(&mut initdb)
}

/// Copies a folder into another one; where the file system can, it costs no room.
fn copy(from: &Path, into: &Path) -> Result<()> {
    account::run(Command::new("cp").args(["-a", "--reflink=auto"]).arg(from).arg(into))
}
