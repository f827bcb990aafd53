//! Signs of life: this node gives them, and takes the runs of nodes that give none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::connection::{Connection, Server};
use super::writer::NodeKey;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::tables::runs::own;
use crate::value::values;

/// Signs of life in the time of a lease.
const BEATS_PER_LEASE: u32 = 6;
/// Runs that change their owner in one transaction.
const RELEASED_AT_ONCE: u32 = 2_000;
/// Shortest time that the server is given to accept a connection or to answer, however short the lease.
const ANSWER_WITHIN_MIN: Duration = Duration::from_secs(1);

/// What a node learns about itself and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseNews {
    /// Runs of another node, which is gone, can be claimed.
    RunsReleased,
    /// Somebody wants this node to hand its runs over and end.
    Drain,
    /// Another node has taken this one's runs: nothing can be written any more.
    Deposed,
}

/// Told of news, on the thread that gives the signs of life.
pub(crate) type Told = Box<dyn Fn(LeaseNews) + Send>;

/// News on their way to whoever wants them, kept until somebody does.
#[derive(Default)]
pub(crate) struct News(Mutex<(Option<Told>, Vec<LeaseNews>)>);

impl News {
    /// From here on `told` is told, of what was kept as well.
    pub(crate) fn told_by(&self, told: Told) {
        let mut news = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        news.1.drain(..).for_each(&told);
        news.0 = Some(told);
    }

    fn tell(&self, news: LeaseNews) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &kept.0 {
            Some(told) => told(news),
            None => kept.1.push(news),
        }
    }
}

/// The thread that gives the signs of life.
pub(crate) struct Lease {
    pub(crate) server: Server,
    pub(crate) node: NodeKey,
    pub(crate) lease: Duration,
    pub(crate) deposed: Arc<AtomicBool>,
    pub(crate) closing: Arc<AtomicBool>,
    pub(crate) news: Arc<News>,
}

/// How often the numbers of old commits are cleared.
const FORGET_EVERY: Duration = Duration::from_secs(20);
/// Numbers of commits that are kept: only the newest one can still be asked for.
const COMMITS_KEPT: i64 = 100;

impl Lease {
    /// Starts the thread. It ends when the store closes or the node is deposed.
    pub(crate) fn start(self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("fermata-lease".into()).spawn(move || self.run())
    }

    fn run(self) {
        let mut connection: Option<Connection> = None;
        let mut watch = Watch::default();
        let mut was_draining = false;
        let mut forget_at = Instant::now();
        while !self.closing.load(Ordering::SeqCst) {
            if let Err(error) = self.reach(&mut connection).and_then(|connection| {
                self.beat(connection, &mut was_draining)?;
                if Instant::now() >= forget_at {
                    forget_at = Instant::now() + FORGET_EVERY;
                    self.forget_commits(connection)?;
                }
                let watched = watch.go_on(self.lease / 2);
                if self.deposed.load(Ordering::SeqCst) { Ok(()) } else { self.take_over(connection, watched) }
            }) {
                tracing::warn!(error = &error as &dyn std::error::Error, "No sign of life given");
                connection = None;
            }
            if self.deposed.load(Ordering::SeqCst) {
                self.news.tell(LeaseNews::Deposed);
                return;
            }
            std::thread::park_timeout(self.lease / BEATS_PER_LEASE);
        }
    }

    fn reach<'a>(&self, connection: &'a mut Option<Connection>) -> Result<&'a mut Connection, DbError> {
        if connection.as_ref().is_none_or(Connection::is_closed) {
            // A line that went dead must be given up while another one can still save the lease.
            let within = (self.lease / 2).max(ANSWER_WITHIN_MIN);
            let opened = Connection::open_within(&self.server, within, within)?;
            let bound = self.lease.as_millis().max(1);
            opened.batch(&format!("set statement_timeout = {bound}; set lock_timeout = '1s'"))?;
            *connection = Some(opened);
        }
        Ok(connection.as_mut().expect("it was just put there"))
    }

    /// Clears the numbers of old commits, each of which was recognised or never will be.
    fn forget_commits(&self, connection: &mut Connection) -> Result<(), DbError> {
        let sql = "
            delete from node_commits
            where node_id = ?1 and (
              epoch < ?2
              or epoch = ?2 and number < (
                select max(newest.number)
                from node_commits as newest
                where newest.node_id = ?1 and newest.epoch = ?2
              ) - ?3
            )";
        connection.execute(sql, values![self.node.id, self.node.epoch, COMMITS_KEPT]).map(drop)
    }

    fn beat(&self, connection: &mut Connection, was_draining: &mut bool) -> Result<(), DbError> {
        let sql = "
            update nodes
            set seen_at = (extract(epoch from clock_timestamp()) * 1000)::bigint
            where id = ?1 and epoch = ?2 and state <> 'down'
            returning state";
        let db: &mut dyn Read = connection;
        let state = db.row(sql, values![self.node.id, self.node.epoch], |cells| cells.take::<String>())?;
        match state.as_deref() {
            None => self.deposed.store(true, Ordering::SeqCst),
            Some("draining") if !std::mem::replace(was_draining, true) => self.news.tell(LeaseNews::Drain),
            Some(_) => {}
        }
        Ok(())
    }

    /// Deposes the nodes whose lease is over, and gives their runs to whoever takes them. While the
    /// server was away nobody could give a sign of life, so a node counts as silent only when this one
    /// has `watched` for as long as that node's lease.
    fn take_over(&self, connection: &mut Connection, watched: Duration) -> Result<(), DbError> {
        // Locked as for a change of the key: a commit of theirs that is under way holds this up, and
        // one that begins later finds another epoch.
        let sql = "
            with silent as materialized (
              select id
              from nodes
              where state <> 'down' and id <> ?1 and lease_ms <= ?2
                and seen_at + lease_ms < (extract(epoch from clock_timestamp()) * 1000)::bigint
              order by id
              for update skip locked
            )
            update nodes as t
            set state = 'down', epoch = t.epoch + 1
            from silent
            where t.id = silent.id
            returning t.id, t.name";
        let watched_ms = i64::try_from(watched.as_millis()).unwrap_or(i64::MAX);
        let values = values![self.node.id, watched_ms];
        let db: &mut dyn Read = connection;
        let silent = db.rows(sql, values, |cells| Ok((cells.take()?, cells.take()?)))?;
        for (id, name) in silent {
            let (id, name): (i64, String) = (id, name);
            tracing::warn!(node = name, "Node is silent; its runs are taken over");
            self.release(connection, id)?;
        }
        self.release_of_the_down(connection)
    }

    /// Goes on where another node began to take over and went down itself.
    fn release_of_the_down(&self, connection: &mut Connection) -> Result<(), DbError> {
        let sql = "
            select n.id
            from nodes as n
            where n.state = 'down' and exists (select 1 from task_runs as r where r.owner_node = n.id)
            order by n.id";
        let db: &mut dyn Read = connection;
        for id in db.rows(sql, values![], |cells| cells.take())? {
            self.release(connection, id)?;
        }
        Ok(())
    }

    fn release(&self, connection: &mut Connection, node: i64) -> Result<(), DbError> {
        let mut released = 0;
        loop {
            let some = own::release_some(connection, node, RELEASED_AT_ONCE)?;
            released += some;
            if some < RELEASED_AT_ONCE as usize {
                break;
            }
        }
        if released > 0 {
            tracing::info!(runs = released, "Runs of a node that is gone can be claimed");
            connection.batch("select pg_notify('fermata', 'work')")?;
            self.news.tell(LeaseNews::RunsReleased);
        }
        Ok(())
    }
}

/// For how long the signs of life of others could be seen without a gap.
#[derive(Default)]
struct Watch {
    since: Option<Instant>,
    last: Option<Instant>,
}

impl Watch {
    /// They can be seen at this moment. Says for how long; after a gap longer than `gap_max` it begins anew.
    fn go_on(&mut self, gap_max: Duration) -> Duration {
        let now = Instant::now();
        if self.last.is_none_or(|last| now - last > gap_max) {
            self.since = None;
        }
        self.last = Some(now);
        now - *self.since.get_or_insert(now)
    }
}
