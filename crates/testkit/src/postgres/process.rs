//! The processes of one server. They end with the process that started them, however that ends.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use super::account::Account;

/// In a server's folder: what it says.
pub(super) const LOG: &str = "log";
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Ends the watch in peace; without it, the end of standard input means that we were killed.
const STOP: &[u8] = b"stop\n";

/// Starts the server, stops it at once when standard input ends, and ends when the server has; when nobody is
/// left to do it, it removes the folder too. A pipe ends with the last process that can write to it, even a
/// killed one, where a death signal would come with the end of a thread.
const WATCHDOG: &str = r#"
folder=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r order <&3; kill -QUIT "$server"; [ "$order" = stop ] || exit 3; } 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
kill "$watcher" 2>/dev/null
wait "$watcher"
[ $? != 3 ] || rm -rf "$folder"
"#;

/// A server's processes. They are stopped when this is dropped.
pub(super) struct Process {
    watchdog: Child,
}

impl Process {
    /// Starts the server that the words tell of. It lives in the folder, and writes to the log there.
    pub(super) fn start(account: Account, folder: &Path, words: &[OsString]) -> Result<Self> {
        let log = folder.join(LOG);
        let cannot_write = || format!("cannot write {}", log.display());
        let log_file = File::options().append(true).create(true).open(&log).with_context(cannot_write)?;
        let mut shell = account.command(Path::new("/bin/sh"));
        shell.args(["-c", WATCHDOG, "postgres-watchdog"]).arg(folder).args(words).current_dir("/");
        shell.stdin(Stdio::piped());
        shell.stdout(log_file.try_clone().with_context(cannot_write)?).stderr(log_file);
        // A group of its own: what a terminal or a test runner sends to ours is not meant for the server.
        let watchdog = shell.process_group(0).spawn().context("cannot start a shell for the server")?;
        Ok(Self { watchdog })
    }

    /// Whether they have ended by themselves.
    pub(super) fn is_ended(&mut self) -> Result<bool> {
        let status = self.watchdog.try_wait().context("cannot look after the server")?;
        Ok(status.is_some())
    }

    /// Stops the server as a crash would: no checkpoint, no goodbye. Returns when no process is left.
    pub(super) fn stop_immediately(&mut self) -> Result<()> {
        if let Some(mut orders) = self.watchdog.stdin.take() {
            // It fails when the server has ended by itself, and then there is nothing to stop.
            let _ = orders.write_all(STOP);
        }
        let began = Instant::now();
        while !self.is_ended()? {
            if began.elapsed() > STOPPED_WITHIN {
                self.kill()?;
                bail!("the server did not stop within {STOPPED_WITHIN:?} and was killed");
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    fn kill(&mut self) -> Result<()> {
        let group = i32::try_from(self.watchdog.id()).ok().and_then(Pid::from_raw);
        let group = group.context("the server has no process id")?;
        kill_process_group(group, Signal::KILL).context("cannot kill the server")?;
        self.watchdog.wait().context("cannot wait for the server's end")?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.stop_immediately();
    }
}
