//! Signs of life: this node gives them, and takes the runs of nodes that give none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
/// Commits whose number is kept: the newest one may have to be recognised.
const COMMITS_KEPT: i64 = 1_000;
/// How often old commits are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(5);

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

/// The thread that gives the signs of life.
pub(crate) struct Lease {
    pub(crate) server: Server,
    pub(crate) node: NodeKey,
    pub(crate) lease: Duration,
    pub(crate) deposed: Arc<AtomicBool>,
    pub(crate) closing: Arc<AtomicBool>,
    pub(crate) told: Told,
}

impl Lease {
    /// Starts the thread. It ends when the store closes or the node is deposed.
    pub(crate) fn start(self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("fermata-lease".into()).spawn(move || self.run())
    }

    fn run(self) {
        let mut connection: Option<Connection> = None;
        let mut forget_at = Instant::now() + FORGET_EVERY;
        let mut was_draining = false;
        while !self.closing.load(Ordering::SeqCst) {
            if let Err(error) = self.reach(&mut connection).and_then(|connection| {
                if Instant::now() >= forget_at {
                    forget_at = Instant::now() + FORGET_EVERY;
                    self.forget_commits(connection)?;
                }
                self.beat(connection, &mut was_draining)?;
                self.take_over(connection)
            }) {
                tracing::warn!(error = &error as &dyn std::error::Error, "No sign of life given");
                connection = None;
            }
            if self.deposed.load(Ordering::SeqCst) {
                (self.told)(LeaseNews::Deposed);
                return;
            }
            std::thread::park_timeout(self.lease / BEATS_PER_LEASE);
        }
    }

    fn reach<'a>(&self, connection: &'a mut Option<Connection>) -> Result<&'a mut Connection, DbError> {
        if connection.as_ref().is_none_or(Connection::is_closed) {
            let opened = Connection::open(&self.server)?;
            let bound = self.lease.as_millis().max(1);
            opened.batch(&format!("set statement_timeout = {bound}; set lock_timeout = '1s'"))?;
            *connection = Some(opened);
        }
        Ok(connection.as_mut().expect("it was just put there"))
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
            Some("draining") if !std::mem::replace(was_draining, true) => (self.told)(LeaseNews::Drain),
            Some(_) => {}
        }
        Ok(())
    }

    /// Deposes the nodes whose lease is over, and gives their runs to whoever takes them.
    fn take_over(&self, connection: &mut Connection) -> Result<(), DbError> {
        // Locked as for a change of the key: a commit of theirs that is under way holds this up, and
        // one that begins later finds another epoch.
        let sql = "
            update nodes as t
            set state = 'down', epoch = t.epoch + 1
            from (
              select id
              from nodes
              where state <> 'down' and id <> ?1
                and seen_at + lease_ms < (extract(epoch from clock_timestamp()) * 1000)::bigint
              order by id
              for update skip locked
            ) as silent
            where t.id = silent.id
            returning t.id, t.name";
        let db: &mut dyn Read = connection;
        let silent = db.rows(sql, values![self.node.id], |cells| Ok((cells.take()?, cells.take()?)))?;
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
            (self.told)(LeaseNews::RunsReleased);
        }
        Ok(())
    }

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
}
