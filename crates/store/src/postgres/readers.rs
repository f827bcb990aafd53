//! Connections for reading, kept for the next reader.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::connection::{Connection, Server};
use super::timed_out;
use crate::db_error::{DbError, DbErrorKind};

/// Most connections of a node that read at the same time; more wait for one of them.
const CONNECTIONS_MAX: usize = 16;
/// Longest wait for one of them.
const FREE_WITHIN: Duration = Duration::from_secs(10);

/// The connections.
pub(crate) struct Readers {
    server: Server,
    pool: Mutex<Pool>,
    freed: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    open: usize,
}

impl Readers {
    pub(crate) fn new(server: Server) -> Self {
        Self { server, pool: Mutex::default(), freed: Condvar::new() }
    }

    /// Runs `work` on a connection. A connection that was lost while nobody used it is made anew, and
    /// so is one that is lost in the middle, once: reading twice does no harm.
    pub(crate) fn with<T>(
        &self,
        mut work: impl FnMut(&mut Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let result = self.attempt(&mut work);
        match result {
            Err(error) if error.kind() == DbErrorKind::Unavailable => {
                // Whatever ended this one has ended the others.
                self.close();
                self.attempt(&mut work)
            }
            result => result,
        }
    }

    fn attempt<T>(&self, work: &mut impl FnMut(&mut Connection) -> Result<T, DbError>) -> Result<T, DbError> {
        let mut connection = self.take()?;
        let result = work(&mut connection);
        // After an error it may be in the middle of a transaction.
        self.give_back(Some(connection).filter(|connection| result.is_ok() && !connection.is_closed()));
        result
    }

    fn take(&self) -> Result<Connection, DbError> {
        let mut pool = self.lock();
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Ok(connection);
            }
            if pool.open < CONNECTIONS_MAX {
                break;
            }
            let (woken, waited) =
                self.freed.wait_timeout(pool, FREE_WITHIN).unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() {
                return Err(timed_out("a free connection"));
            }
            pool = woken;
        }
        pool.open += 1;
        drop(pool);
        Connection::open(&self.server).inspect_err(|_| self.give_back(None))
    }

    fn give_back(&self, connection: Option<Connection>) {
        let mut pool = self.lock();
        match connection {
            Some(connection) => pool.idle.push(connection),
            None => pool.open -= 1,
        }
        drop(pool);
        self.freed.notify_one();
    }

    /// Closes the idle connections.
    pub(crate) fn close(&self) {
        let mut pool = self.lock();
        pool.open -= pool.idle.len();
        let idle = std::mem::take(&mut pool.idle);
        drop(pool);
        drop(idle);
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
