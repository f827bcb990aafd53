//! What the tables need of a database to be read, whichever it is.
//!
//! Statements are written once, in the subset that both databases share, with places `?1`, `?2` …;
//! the few that differ say why, beginning with "Differs because", and ask for the [`Dialect`].

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::value::Value;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A connection that can read.
pub(crate) trait Read {
    /// Which database it is.
    fn dialect(&self) -> Dialect;

    /// Calls `row` with each row of the answer, in order.
    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&mut Cells<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError>;

    /// Runs `work`, whose statements see one state of the database and do not depend on each other's answers. Where an
    /// answer takes a way there and back, it is taken once for all of them; `work` then runs twice, the first time
    /// without any rows.
    fn at_once(&mut self, work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>) -> Result<(), DbError>;

    /// From here on all statements see the same state of the database, until [`Read::end_snapshot`].
    fn begin_snapshot(&mut self) -> Result<(), DbError>;

    /// Ends the snapshot.
    fn end_snapshot(&mut self) -> Result<(), DbError>;
}

impl dyn Read + '_ {
    /// All rows of the answer.
    pub(crate) fn rows<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&mut Cells<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut found = Vec::new();
        self.each(sql, values, &mut |cells| {
            found.push(read(cells)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The first row of the answer.
    pub(crate) fn row<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&mut Cells<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        Ok(self.rows(sql, values, read)?.into_iter().next())
    }

    /// What `work` reads at once: see [`Read::at_once`].
    pub(crate) fn gather<T>(
        &mut self,
        mut work: impl FnMut(&mut dyn Read) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let mut gathered = None;
        self.at_once(&mut |db| {
            gathered = Some(work(db)?);
            Ok(())
        })?;
        Ok(gathered.expect("work was run"))
    }

    /// Runs `work` on one state of the database.
    pub(crate) fn in_snapshot<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.begin_snapshot()?;
        let result = work(self);
        let ended = self.end_snapshot();
        let value = result?;
        ended.map(|()| value)
    }
}
