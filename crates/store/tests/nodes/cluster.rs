//! Stores with folders of their own on one database.

use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use fermata_model::seal::Key;
use fermata_store::{DatabaseUrl, LeaseNews, Options, Store};
use fermata_testkit::postgres::Database;
use fermata_testkit::proxy::Proxy;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// The lease of nodes whose end is waited for.
pub(crate) const LEASE: Duration = Duration::from_millis(500);

/// A database for nodes.
pub(crate) struct Cluster {
    pub(crate) database: Database,
}

/// A node, whose folder goes away with it.
pub(crate) struct Node {
    pub(crate) store: Store,
    _folder: tempfile::TempDir,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        Self { database: Database::create().unwrap() }
    }

    /// A node that reaches the database itself.
    pub(crate) fn node(&self, name: &str) -> Node {
        self.node_at(self.database.url(), name)
    }

    /// A node that reaches the database by another URL.
    pub(crate) fn node_at(&self, url: &str, name: &str) -> Node {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), options(url, name)).unwrap();
        Node { store, _folder: folder }
    }

    /// A line to the database that can be cut, and the URL through it.
    pub(crate) fn line(&self) -> (Proxy, String) {
        let url = self.database.url();
        let (before, rest) = url.split_once('@').unwrap();
        let (address, after) = rest.split_once('/').unwrap();
        let target: SocketAddr = address.parse().unwrap();
        let proxy = Proxy::start(target);
        let through = format!("{before}@{}/{after}", proxy.address());
        (proxy, through)
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.database.execute(&format!("set search_path = fermata; {sql}")).unwrap();
    }

    /// The first cell of the first row.
    pub(crate) fn cell(&self, sql: &str) -> String {
        let rows = self.database.query_text(&format!("set search_path = fermata; {sql}")).unwrap();
        rows[0][0].clone().unwrap_or_default()
    }
}

pub(crate) fn options(url: &str, name: &str) -> Options {
    Options {
        master_key: Some(Key::new([1; 32])),
        database: Some(DatabaseUrl::parse(url).unwrap()),
        node: Some(name.into()),
        lease: LEASE,
        ..Options::default()
    }
}

impl Node {
    /// Begins to give signs of life; gives what the node learns.
    pub(crate) fn join(&self) -> Receiver<LeaseNews> {
        let (tell, told) = mpsc::channel();
        let news = move |news| {
            let _ = tell.send(news);
        };
        self.store.join(news, |_| {}).unwrap();
        told
    }

    pub(crate) fn id(&self) -> i64 {
        self.store.node_id().unwrap()
    }
}

/// Waits for something that comes by itself.
pub(crate) fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_there() {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits for news.
pub(crate) fn wait_for_news(told: &Receiver<LeaseNews>, wanted: LeaseNews) {
    loop {
        if told.recv_timeout(PATIENCE).unwrap() == wanted {
            return;
        }
    }
}
