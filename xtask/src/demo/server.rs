//! The server that the demonstration starts, and ends: this one and no other.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::options::Options;
use super::probe;
use crate::interrupt::Interrupt;
use crate::repository;

const READY_WITHIN: Duration = Duration::from_secs(60);
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A running server.
pub(super) struct Server {
    child: Child,
    listen: String,
    token_file: PathBuf,
    log_file: PathBuf,
}

impl Server {
    /// Starts it, its output in a file.
    pub(super) fn start(program: &Path, options: &Options) -> Result<Self> {
        let log_file = repository::scratch_folder()?.join("demo-server.log");
        let log = File::create(&log_file).with_context(|| format!("cannot write {}", log_file.display()))?;
        let token_file = options.data.join("token");
        let child = Command::new(program)
            .args(["serve", "--listen", &options.listen])
            .arg("--data")
            .arg(&options.data)
            .arg("--token-file")
            .arg(&token_file)
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log)
            // In a process group of its own: Ctrl-C reaches us, and we tell it once.
            .process_group(0)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        Ok(Self { child, listen: options.listen.clone(), token_file, log_file })
    }

    /// Where clients reach it.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// The file that its token is in.
    pub(super) fn token_file(&self) -> &Path {
        &self.token_file
    }

    /// The file that its output goes to.
    pub(super) fn log_file(&self) -> &Path {
        &self.log_file
    }

    /// Returns when it answers; fails when it ends, when it takes too long, or when we are told to stop.
    pub(super) fn wait_until_ready(&mut self, interrupt: &Interrupt) -> Result<()> {
        let began = Instant::now();
        while !probe::is_ready(&self.listen) {
            if let Some(status) = self.ended()? {
                bail!("the server ended at once ({status}):\n{}", self.last_words());
            }
            if interrupt.came() {
                bail!("stopped");
            }
            if began.elapsed() > READY_WITHIN {
                bail!("the server is not ready after {} s:\n{}", READY_WITHIN.as_secs(), self.last_words());
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Returns when we are told to stop; fails when the server ends before that.
    pub(super) fn wait_for(&mut self, interrupt: &Interrupt) -> Result<()> {
        while !interrupt.came() {
            if let Some(status) = self.ended()? {
                bail!("the server ended ({status}):\n{}", self.last_words());
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Asks it to end and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        let status = self.end()?;
        if status.success() {
            return Ok(());
        }
        bail!("the server did not end cleanly ({status}):\n{}", self.last_words())
    }

    fn end(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        terminate(self.child.id())?;
        let asked = Instant::now();
        while asked.elapsed() < STOPPED_WITHIN {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            sleep(LOOK_EVERY);
        }
        self.child.kill().context("the server cannot be killed")?;
        self.child.wait().context("the server cannot be waited for")
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("the server cannot be watched")
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log_file).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("error: {error:#}");
        }
    }
}

/// Sends SIGTERM. The shell has it built in; std has not.
fn terminate(process: u32) -> Result<()> {
    crate::process::run(Command::new("sh").args(["-c", "kill -s TERM \"$0\"", &process.to_string()]))
}
