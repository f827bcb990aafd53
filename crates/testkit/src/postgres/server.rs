//! A private server: a folder, a port, and processes that can be stopped as by a crash and started again.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::process::{LOG, Process};
use super::template::{DATA, Template, USER};
use super::{Port, client};

/// Long enough for a recovery on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
const LOG_CHARACTERS_SHOWN: usize = 4_000;

/// Small, and as careful as in earnest: tests are about crashes.
const SETTINGS: [&str; 9] = [
    "listen_addresses=127.0.0.1",
    "fsync=on",
    "shared_buffers=64MB",
    "max_connections=200",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=on",
    "log_min_messages=warning",
    "logging_collector=off",
];

/// The device that takes nothing (full(4)).
const FULL: &str = "/dev/full";

fn aside(file: &Path) -> PathBuf {
    file.with_extension("aside")
}

/// A running or stopped server of its own. Dropping it stops it at once and removes its folder; it also ends
/// when the process of the test ends, however that comes about.
pub struct Server {
    // Dropped in this order: the processes, then what they use.
    process: Mutex<Option<Process>>,
    template: Template,
    folder: TempDir,
    port: Port,
}

impl Server {
    /// Starts one on an empty folder, and waits until it answers. The first on a machine takes some seconds
    /// longer, and installs PostgreSQL where it is missing and that is possible.
    pub fn start() -> Result<Self> {
        let template = Template::find_or_make()?;
        let folder = tempfile::Builder::new().prefix("fermata-postgres-").tempdir();
        let folder = folder.context("cannot make a folder for PostgreSQL")?;
        template.copy_to(folder.path())?;
        let server = Self { process: Mutex::new(None), template, folder, port: Port::reserve()? };
        server.start_again()?;
        Ok(server)
    }

    /// The superuser's URL for the database `postgres`.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The superuser's URL for a database, which need not exist.
    pub fn url_of(&self, database: &str) -> String {
        let (password, address) = (&self.template.password, self.port.address());
        format!("postgres://{USER}:{password}@{address}/{database}")
    }

    /// Its port on 127.0.0.1, the same for life.
    pub fn port(&self) -> u16 {
        self.port.address().port()
    }

    /// The folder of PostgreSQL's programs, such as `psql` and `pg_dump`.
    pub fn binaries(&self) -> &Path {
        &self.template.installation.binaries
    }

    /// Stops it as a crash would and starts it again; returns when it answers.
    pub fn restart_immediately(&self) -> Result<()> {
        self.stop_immediately()?;
        self.start_again()
    }

    /// Stops it as a crash would. Connections break off, further ones are refused. It may be stopped already.
    pub fn stop_immediately(&self) -> Result<()> {
        let stopped = self.process().take();
        stopped.map_or(Ok(()), |mut process| process.stop_immediately())
    }

    /// Starts it after a stop, on the same port and folder; returns when it answers.
    pub fn start_again(&self) -> Result<()> {
        let mut process = self.process();
        ensure!(process.is_none(), "the server is running already");
        let mut started = Process::start(self.template.account, self.folder.path(), &self.command())?;
        self.wait_until_ready(&mut started).with_context(|| self.end_of_log())?;
        *process = Some(started);
        Ok(())
    }

    /// Restarts it with the disk full under one of its files, as `pg_relation_filepath` names it: writing to
    /// `/dev/full` fails as writing to a full disk does. The file must be empty, and nothing newer than the
    /// last checkpoint may be in the log for it.
    pub fn restart_with_full_disk(&self, file: &str) -> Result<()> {
        self.stop_immediately()?;
        let file = self.folder.path().join(DATA).join(file);
        fs::rename(&file, aside(&file)).context("cannot put a file of PostgreSQL aside")?;
        symlink(FULL, &file).context("cannot fill the disk")?;
        self.start_again()
    }

    /// Restarts it with room again under the file.
    pub fn restart_with_room(&self, file: &str) -> Result<()> {
        self.stop_immediately()?;
        let file = self.folder.path().join(DATA).join(file);
        fs::rename(aside(&file), &file).context("cannot put a file of PostgreSQL back")?;
        self.start_again()
    }

    /// From here on it takes only connections that are encrypted with this certificate and key, in PEM.
    pub fn require_tls(&self, certificate: &Path, key: &Path) -> Result<()> {
        let data = self.folder.path().join(DATA);
        for (from, name) in [(certificate, "server.crt"), (key, "server.key")] {
            let to = data.join(name);
            fs::copy(from, &to).context("cannot give PostgreSQL its certificate")?;
            fs::set_permissions(&to, Permissions::from_mode(0o600)).context("cannot guard the key")?;
            self.template.account.own(&to)?;
        }
        let rules = "hostssl all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), rules).context("cannot write PostgreSQL's rules")?;
        client::query_text(&self.url(), "alter system set ssl = on")?;
        client::query_text(&self.url(), "select pg_reload_conf()").map(drop)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn command(&self) -> Vec<OsString> {
        let folder = self.folder.path();
        let mut words: Vec<OsString> = vec![self.template.installation.program("postgres").into()];
        words.extend(["-D".into(), folder.join(DATA).into(), "-p".into(), self.port().to_string().into()]);
        words.extend(["-k".into(), folder.into()]);
        words.extend(SETTINGS.iter().flat_map(|setting| ["-c".into(), OsString::from(setting)]));
        words
    }

    fn wait_until_ready(&self, process: &mut Process) -> Result<()> {
        let began = Instant::now();
        while let Err(reason) = client::query_text(&self.url(), "select 1") {
            if process.is_ended()? {
                bail!("PostgreSQL ended before it was ready");
            }
            if began.elapsed() > READY_WITHIN {
                return Err(reason.context(format!("PostgreSQL is not ready within {READY_WITHIN:?}")));
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// For an error.
    fn end_of_log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join(LOG)).unwrap_or_default();
        let from = log.char_indices().rev().nth(LOG_CHARACTERS_SHOWN).map_or(0, |(at, _)| at);
        format!("PostgreSQL's log ends with:\n{}", &log[from..])
    }
}
