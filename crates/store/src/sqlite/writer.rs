//! Committing batches to the file.

use std::sync::Arc;

use rusqlite::Connection;

use super::{Reading, named};
use crate::change::Group;
use crate::coalesce::{self, Step};
use crate::committer::{Writer, rows};
use crate::error::CommitError;
use crate::folder::Folder;
use crate::spill::Carrying;
use crate::tables::nodes;
use crate::value::Value;
use crate::write::Write;

/// The one connection that writes.
pub(crate) struct SqliteWriter {
    pub(crate) connection: Connection,
    pub(crate) epoch: i64,
    /// Held so that the folder stays locked until the connection is closed, which is dropped first.
    pub(crate) _folder: Arc<Folder>,
}

impl Writer for SqliteWriter {
    fn write_together(&mut self, batch: &[Group]) -> Result<u64, CommitError> {
        let steps = coalesce::merged(batch);
        let carrying = Carrying::of(batch);
        self.in_transaction(|| {
            steps.iter().try_for_each(|step| self.apply(step, &carrying))?;
            Ok(steps.len() as u64)
        })
    }

    fn write_apart(&mut self, batch: &[Group]) -> Result<(u64, Vec<Result<(), CommitError>>), CommitError> {
        self.in_transaction(|| {
            let (mut rows, mut fates) = (0, Vec::new());
            for group in batch {
                let fate = self.write_behind_savepoint(group);
                match &fate {
                    Ok(()) => rows += group.changes.len() as u64,
                    Err(error) if error.is_of_the_changes() => {}
                    Err(error) => return Err(error.clone()),
                }
                fates.push(fate);
            }
            Ok((rows, fates))
        })
    }
}

impl SqliteWriter {
    fn apply<'a>(&self, step: &Step<'a>, carrying: &Carrying<'a>) -> Result<(), CommitError> {
        rows::each(step, None, carrying, |write, row| self.put(write, &row))
    }

    fn put(&self, write: &Write, row: &[Value<'_>]) -> Result<(), CommitError> {
        let written = self
            .connection
            .prepare_cached(&write.sqlite)
            .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(row)));
        match written {
            Ok(0) if write.must_hit => Err(CommitError::Missing { what: write.what }),
            Ok(_) => Ok(()),
            Err(error) => Err(CommitError::naming(write.what, named(error))),
        }
    }

    fn write_behind_savepoint(&self, group: &Group) -> Result<(), CommitError> {
        if group.is_cut_off() {
            return Err(CommitError::CutOff);
        }
        self.execute("savepoint alone")?;
        let carrying = Carrying::of(std::slice::from_ref(group));
        let written = group.changes.iter().try_for_each(|change| self.apply(&Step::of(change), &carrying));
        match &written {
            Ok(()) => self.execute("release alone")?,
            Err(error) if error.is_of_the_changes() => {
                group.end_chain();
                self.execute("rollback to alone")?;
                self.execute("release alone")?;
            }
            // The disk failed: the whole transaction is given up, and its savepoints with it.
            Err(_) => {}
        }
        written
    }

    /// Runs `work` between `begin` and `commit`, if the store is still ours.
    fn in_transaction<T>(&self, work: impl FnOnce() -> Result<T, CommitError>) -> Result<T, CommitError> {
        self.execute("begin immediate")?;
        let result = self.check_epoch().and_then(|()| work()).and_then(|value| {
            self.execute("commit")?;
            Ok(value)
        });
        // After some failures the database has rolled back by itself.
        if result.is_err() && !self.connection.is_autocommit() {
            self.execute("rollback")?;
        }
        result
    }

    fn check_epoch(&self) -> Result<(), CommitError> {
        let found = nodes::epoch(&mut Reading(&self.connection), nodes::EMBEDDED);
        match found.map_err(CommitError::transaction)? {
            Some(epoch) if epoch == self.epoch => Ok(()),
            _ => Err(CommitError::Deposed),
        }
    }

    fn execute(&self, sql: &str) -> Result<(), CommitError> {
        let done = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        done.map(drop).map_err(|error| CommitError::transaction(named(error)))
    }
}

#[cfg(test)]
#[path = "full_disk.rs"]
mod full_disk;
