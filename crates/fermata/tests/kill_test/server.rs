//! The server as a process that is killed and started again over one folder.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Longest a server may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Where the port is chosen from: below the ports that the system gives to outgoing connections,
/// one of which would otherwise take it while the server is down.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A folder, a port and whatever server runs there.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    pub(crate) address: SocketAddr,
}

/// A running server, by its process. Killed with its value.
pub(crate) struct Server {
    child: Child,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), address: free_address() }
    }

    /// Starts a server without waiting for it.
    pub(crate) fn start(&self, resident_for: Option<&str>) -> Server {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fermata"));
        command.arg("serve").arg("--data").arg(self.path("data")).arg("--token-file").arg(self.path("token"));
        command.arg("--listen").arg(self.address.to_string()).args(["--egress-allow-private", "127.0.0.0/8"]);
        command.args(resident_for.iter().flat_map(|resident_for| ["--resident-for", resident_for]));
        command.current_dir(self.folder.path()).env_clear().env("FERMATA_LOG", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        Server { child: command.spawn().unwrap() }
    }

    /// The token, once a server has been ready.
    pub(crate) fn token(&self) -> String {
        fs::read_to_string(self.path("token")).unwrap().trim().to_owned()
    }

    /// What the servers complained about: panics, errors and faults.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = fs::read_to_string(self.log()).unwrap();
        log.lines()
            .filter(|line| line.contains("ERROR") || line.contains("panicked"))
            .map(str::to_owned)
            .collect()
    }

    fn log(&self) -> PathBuf {
        self.path("server.log")
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}

impl Server {
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
        assert!(is_ready, "the server ended by itself: {:?}", self.child.wait().await);
        // It goes on to write there.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    }

    /// Kills it in the middle of whatever it does.
    pub(crate) async fn kill(mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the server ended by itself: {status}");
        }
        self.child.kill().await.unwrap();
    }
}

fn free_address() -> SocketAddr {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = std::iter::repeat_with(|| rand::random_range(PORTS)).find(is_free).unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}
