//! One node, and what can be done to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::{Client, Question};
use crate::server::Server;
use crate::site::{Site, name};

/// Longest a node may take until it serves again after whatever was done to it.
const BACK_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A node whose process lives, or is about to be started again.
pub(crate) struct Node {
    /// Killed with its value, also while it sleeps.
    process: Option<Server>,
    number: usize,
    site: Arc<Site>,
}

impl Node {
    /// Starts one and waits until it is ready.
    pub(crate) async fn start(site: Arc<Site>, number: usize) -> Self {
        let mut node = Self { process: None, number, site };
        node.start_again(None).await;
        node
    }

    /// Starts its process and waits until it is ready.
    pub(crate) async fn start_again(&mut self, resident_for: Option<&str>) {
        let mut process = self.site.start(self.number, resident_for);
        process.ready().await;
        self.process = Some(process);
    }

    /// Ends its process in the middle of whatever it does.
    pub(crate) async fn die(&mut self) {
        self.process.take().unwrap().kill().await;
    }

    /// The same, for good.
    pub(crate) async fn kill(mut self) {
        self.die().await;
    }

    /// Its process executes nothing from here on.
    pub(crate) fn fall_asleep(&self) {
        self.signal(Signal::STOP);
    }

    /// It executes again, and knows nothing of the time between.
    pub(crate) fn wake_up(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().unwrap().child.id().unwrap();
        kill_process(Pid::from_raw(process.cast_signed()).unwrap(), signal).unwrap();
    }

    /// Nothing that it and the database say to each other arrives, and neither is told.
    pub(crate) fn cut_off(&self) {
        self.site.lines[self.number].cut();
    }

    /// What was held back arrives.
    pub(crate) fn reconnect(&self) {
        self.site.lines[self.number].heal();
    }

    /// What was held back is lost, and so are the connections.
    pub(crate) fn reconnect_anew(&self) {
        self.site.lines[self.number].drop_all();
        self.reconnect();
    }

    /// How long it takes until it owns no runs any more, at most `bound`. Nothing when it owned none.
    pub(crate) async fn relieved(&self, bound: Duration) -> Option<Duration> {
        let sql = format!(
            "select count(*) from fermata.task_runs as r join fermata.nodes as n on n.id = r.owner_node
            where n.name = '{}'",
            name(self.number)
        );
        let began = Instant::now();
        if self.site.ask_one(&sql) == "0" {
            return None;
        }
        while began.elapsed() < bound && self.site.ask_one(&sql) != "0" {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Some(began.elapsed())
    }

    /// Waits until it serves and may write; says how long that took.
    pub(crate) async fn back(&self) -> Duration {
        let began = Instant::now();
        let sql = format!("select state from fermata.nodes where name = '{}'", name(self.number));
        let mut client = Client::new(&self.site.access_to(self.number));
        loop {
            let health = client.ask_once(&Question::get("/v1/health")).await;
            if matches!(health, Some((200, _))) && self.site.ask_one(&sql) == "up" {
                return began.elapsed();
            }
            let (name, rows) = (name(self.number), self.site.open_runs());
            assert!(began.elapsed() < BACK_WITHIN, "{name} does not come back: {health:?} {rows:#?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// How long its log is.
    pub(crate) fn log_bytes(&self) -> usize {
        self.site.log_bytes(self.number)
    }

    /// How many commits it told of since, in its log, that were refused because others had taken over.
    pub(crate) fn refused_since(&self, log_bytes: usize) -> usize {
        self.site.lines_after(self.number, log_bytes, &["another process has taken over the store"])
    }
}
