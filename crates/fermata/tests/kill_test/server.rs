//! A server as a process that is killed and started again, on the same port.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Lines of the log that are shown of a server that ended by itself.
const LINES_SHOWN: usize = 20;
/// Longest a server may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Where the port is chosen from: below the ports that the system gives to outgoing connections,
/// one of which would otherwise take it while the server is down.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A running server, by its process. Killed with its value.
pub(crate) struct Server {
    pub(crate) child: Child,
    log: PathBuf,
}

/// The program with its subcommand, in an environment of its own.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fermata"));
    command.arg("serve").current_dir(folder).env_clear().env("FERMATA_LOG", "warn");
    command.args(["--egress-allow-private", "127.0.0.0/8"]);
    command
}

/// What servers complained about in their log: panics, errors and faults.
pub(crate) fn complaints(log: &Path) -> Vec<String> {
    let log = fs::read_to_string(log).unwrap();
    log.lines()
        .filter(|line| line.contains("ERROR") || line.contains("panicked"))
        .map(str::to_owned)
        .collect()
}

impl Server {
    /// Starts one without waiting for it. What it says is added to the log.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let path = log.to_owned();
        let log = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        Self { child: command.spawn().unwrap(), log: path }
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&mut self) {
        let mut lines = BufReader::new(self.child.stdout.take().unwrap()).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.starts_with("Fermata is ready on ") {
                    return true;
                }
            }
            false
        };
        let is_ready = tokio::time::timeout(READY_WITHIN, ready).await.expect("the server is ready in time");
        assert!(is_ready, "the server ended by itself: {:?}\n{}", self.child.wait().await, self.last_words());
        // It goes on to write there.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    }

    /// The end of its log.
    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
    }

    /// Kills it in the middle of whatever it does.
    pub(crate) async fn kill(mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the server ended by itself: {status}");
        }
        self.child.kill().await.unwrap();
    }
}

/// A port that no other server has, and that none is given by chance while its server is down.
pub(crate) fn free_address() -> SocketAddr {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = std::iter::repeat_with(|| rand::random_range(PORTS)).find(is_free).unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}
