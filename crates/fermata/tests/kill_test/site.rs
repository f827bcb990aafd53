//! A folder over which one server after the other lives.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fermata_testkit::postgres::{self, Database};

use crate::client::Access;
use crate::server::{self, Server, free_address};

/// Longest wait of a client for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A folder, a port and whatever server runs there.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    /// Where the ledger is, when it is not in the folder.
    database: Option<Database>,
    address: SocketAddr,
}

impl Site {
    pub(crate) fn new() -> Self {
        let database = postgres::is_wanted().then(|| Database::create().unwrap());
        Self { folder: tempfile::tempdir().unwrap(), database, address: free_address() }
    }

    /// Starts a server without waiting for it.
    pub(crate) fn start(&self, resident_for: Option<&str>) -> Server {
        let mut command = server::command(self.folder.path());
        command.arg("--data").arg(self.path("data")).arg("--token-file").arg(self.path("token"));
        command.arg("--listen").arg(self.address.to_string());
        command.args(resident_for.iter().flat_map(|resident_for| ["--resident-for", resident_for]));
        if let Some(database) = &self.database {
            command.env("FERMATA_DATABASE_URL", database.url());
        }
        Server::start(command, &self.log())
    }

    /// The way to it, once a server has been ready.
    pub(crate) fn access(&self) -> Access {
        Access {
            addresses: vec![self.address],
            token: fs::read_to_string(self.path("token")).unwrap().trim().to_owned(),
            answer_within: ANSWER_WITHIN,
            wait: "5s",
            faults: Arc::default(),
        }
    }

    /// What the servers complained about: panics, errors and faults.
    pub(crate) fn complaints(&self) -> Vec<String> {
        server::complaints(&self.log())
    }

    fn log(&self) -> PathBuf {
        self.path("server.log")
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}
