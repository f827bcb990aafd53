//! A database and the places around it where nodes live.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fermata_testkit::postgres::{self, Database};
use fermata_testkit::proxy::Proxy;

use crate::client::Access;
use crate::node::Node;
use crate::server::{self, Server, free_address};

/// How many nodes share the database.
pub(crate) const NODES: usize = 3;
/// How long a node may be silent.
const LEASE: &str = "1s";
/// The key of all nodes.
const MASTER_KEY: &str = "8f1d6c0b5a4e39278f1d6c0b5a4e39278f1d6c0b5a4e39278f1d6c0b5a4e3927";
/// Longest wait of a client for one answer, before it asks another node.
const ANSWER_WITHIN: Duration = Duration::from_millis(1_500);
/// What nodes may complain of: that others have taken over, and that the database is away.
const COMPLAINTS: [&str; 3] = [
    "Others have taken this node's runs",
    "another process has taken over the store",
    "the database cannot be reached",
];
/// Runs that have not ended, what has come for them, what they last asked for, and the nodes.
const OPEN: [&str; 5] = [
    "select 'run', encode(r.id, 'hex'), r.task_name, r.status, n.name, n.state, r.deliveries, r.cancelled_at
    from fermata.task_runs as r left join fermata.nodes as n on n.id = r.owner_node
    where r.status not in ('completed', 'failed', 'cancelled')
    order by r.id limit 20",
    "select 'letter', encode(l.run_id, 'hex'), l.*
    from fermata.letters as l join fermata.task_runs as r on r.id = l.run_id
    where r.status not in ('completed', 'failed', 'cancelled') and l.answered_at is null
    limit 20",
    "select 'event', encode(e.run_id, 'hex'), e.number, e.name, e.taken_by
    from fermata.sent_events as e join fermata.task_runs as r on r.id = e.run_id
    where r.status not in ('completed', 'failed', 'cancelled')
    order by 2, 3 limit 60",
    "select 'call', encode(s.run_id, 'hex'), s.*
    from fermata.stack_runs as s join fermata.task_runs as r on r.id = s.run_id
    where r.status not in ('completed', 'failed', 'cancelled') and s.end_seq is null
    limit 20",
    "select 'node', id, name, epoch, state, seen_at from fermata.nodes order by id",
];

/// What the nodes share, and what each has for itself.
pub(crate) struct Site {
    // Dropped in this order.
    pub(crate) lines: Vec<Proxy>,
    database: Database,
    pub(crate) database_server: postgres::Server,
    addresses: Vec<SocketAddr>,
    folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn new() -> Arc<Self> {
        let database_server = postgres::Server::start().unwrap();
        let database = Database::create_on(&database_server.url()).unwrap();
        let target = SocketAddr::from(([127, 0, 0, 1], database_server.port()));
        let lines = (0..NODES).map(|_| Proxy::start(target)).collect();
        let addresses = (0..NODES).map(|_| free_address()).collect();
        let folder = tempfile::tempdir().unwrap();
        Arc::new(Self { lines, database, database_server, addresses, folder })
    }

    /// Starts all nodes. The first makes the token, which the others are given.
    pub(crate) async fn start_all(self: &Arc<Self>) -> Vec<Node> {
        let mut nodes = Vec::new();
        for number in 0..NODES {
            if number > 0 {
                fs::copy(self.path(0, "token"), self.path(number, "token")).unwrap();
            }
            nodes.push(Node::start(self.clone(), number).await);
        }
        nodes
    }

    /// Starts a node's process, and does not wait for it.
    pub(crate) fn start(&self, node: usize, resident_for: Option<&str>) -> Server {
        let mut command = server::command(self.folder.path());
        command.arg("--data").arg(self.path(node, "data")).arg("--token-file").arg(self.path(node, "token"));
        command.arg("--listen").arg(self.addresses[node].to_string());
        command.args(["--node", &name(node), "--lease", LEASE]);
        command.args(resident_for.iter().flat_map(|resident_for| ["--resident-for", resident_for]));
        command.env("FERMATA_DATABASE_URL", self.url_through(&self.lines[node]));
        command.env("FERMATA_MASTER_KEY", MASTER_KEY);
        Server::start(command, &self.log(node))
    }

    fn url_through(&self, line: &Proxy) -> String {
        let port = self.database_server.port().to_string();
        self.database.url().replacen(&format!(":{port}/"), &format!(":{}/", line.address().port()), 1)
    }

    /// How clients reach all nodes.
    pub(crate) fn access(&self) -> Access {
        Access {
            addresses: self.addresses.clone(),
            token: fs::read_to_string(self.path(0, "token")).unwrap().trim().to_owned(),
            answer_within: ANSWER_WITHIN,
            wait: "500ms",
            faults: Arc::default(),
        }
    }

    /// How clients reach one node.
    pub(crate) fn access_to(&self, node: usize) -> Access {
        Access { addresses: vec![self.addresses[node]], ..self.access() }
    }

    /// What the database answers, by rows; empty cells are empty texts.
    pub(crate) fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = tokio::task::block_in_place(|| self.database.query_text(sql)).unwrap();
        let texts = |row: Vec<Option<String>>| row.into_iter().map(Option::unwrap_or_default).collect();
        rows.into_iter().map(texts).collect()
    }

    /// What the database answers, in one cell.
    pub(crate) fn ask_one(&self, sql: &str) -> String {
        self.ask(sql).into_iter().flatten().next().unwrap_or_default()
    }

    /// The runs that have not ended with what they wait for, and the nodes, for an error.
    pub(crate) fn open_runs(&self) -> Vec<String> {
        OPEN.iter().flat_map(|sql| self.ask(sql)).map(|row| row.join(" | ")).collect()
    }

    /// What nodes have complained of that comes with nothing that was done to them.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let logs = (0..NODES).flat_map(|node| server::complaints(&self.log(node)));
        let is_expected = |line: &String| {
            !line.contains("panicked") && COMPLAINTS.iter().any(|complaint| line.contains(complaint))
        };
        logs.filter(|line| !is_expected(line)).collect()
    }

    /// How long a node's log is.
    pub(crate) fn log_bytes(&self, node: usize) -> usize {
        fs::metadata(self.log(node)).map_or(0, |log| usize::try_from(log.len()).unwrap())
    }

    /// Lines of a node's log after its first `from` bytes that say one of these.
    pub(crate) fn lines_after(&self, node: usize, from: usize, words: &[&str]) -> usize {
        let log = fs::read(self.log(node)).unwrap();
        let text = String::from_utf8_lossy(&log[from..]);
        text.lines().filter(|line| words.iter().any(|word| line.contains(word))).count()
    }

    /// Puts the logs where they outlive the test, for whoever looks for what was wrong.
    pub(crate) fn keep_logs(&self) -> Vec<PathBuf> {
        let keep = |node| {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cluster-{}.log", name(node)));
            fs::copy(self.log(node), &kept).unwrap();
            kept
        };
        (0..NODES).map(keep).collect()
    }

    fn log(&self, node: usize) -> PathBuf {
        self.path(node, "log")
    }

    fn path(&self, node: usize, what: &str) -> PathBuf {
        self.folder.path().join(format!("{}.{what}", name(node)))
    }
}

/// What a node calls itself.
pub(crate) fn name(node: usize) -> String {
    format!("node-{node}")
}
