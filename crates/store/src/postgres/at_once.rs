//! Statements that are sent together: what they ask is collected first, and their answers are read after the last has
//! come. The server is waited for once.

use std::vec::IntoIter;

use futures::future::join_all;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::connection::Connection;
use crate::cells::{Cells, RowRef};
use crate::db_error::DbError;
use crate::sql::{Dialect, Read};
use crate::value::Value;

/// All statements see one state of the database.
const BEGIN: &str = "begin isolation level repeatable read read only";

/// A statement, with values of its own.
struct Asked {
    sql: String,
    values: Vec<Value<'static>>,
}

/// Takes statements down, and answers each with no row.
#[derive(Default)]
struct Asking(Vec<Asked>);

/// Answers the statements that were asked, in the same order.
struct Answering(IntoIter<(Asked, Vec<Row>)>);

impl Connection {
    /// Runs `work` twice: to see what it asks, and with the answers.
    pub(super) fn ask_at_once(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let mut asking = Asking::default();
        work(&mut asking)?;
        let answers = self.answers(&asking.0)?;
        work(&mut Answering(asking.0.into_iter().zip(answers).collect::<Vec<_>>().into_iter()))
    }

    fn answers(&mut self, asked: &[Asked]) -> Result<Vec<Vec<Row>>, DbError> {
        let mut prepared = Vec::with_capacity(asked.len());
        for Asked { sql, values } in asked {
            let values: Vec<&(dyn ToSql + Sync)> =
                values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            prepared.push((self.prepared(sql)?, values));
        }
        self.traffic.sent(asked.len() as u64 + 2);
        self.wait("several queries", self.answer_within, |client| async move {
            // Each is sent when it is polled first, so they go in this order.
            let queries = prepared.iter().map(|(statement, values)| client.query(statement, values));
            let (began, found, ended) = futures::join!(
                client.batch_execute(BEGIN),
                join_all(queries),
                client.batch_execute("commit")
            );
            began
                .and_then(|()| found.into_iter().collect::<Result<_, Error>>())
                .and_then(|found| ended.map(|()| found))
        })
    }
}

impl Read for Asking {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        _row: &mut dyn FnMut(&mut Cells<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let values = values.iter().cloned().map(Value::into_owned).collect();
        self.0.push(Asked { sql: sql.to_owned(), values });
        Ok(())
    }

    fn at_once(&mut self, work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>) -> Result<(), DbError> {
        work(self)
    }

    fn begin_snapshot(&mut self) -> Result<(), DbError> {
        Ok(())
    }

    fn end_snapshot(&mut self) -> Result<(), DbError> {
        Ok(())
    }
}

impl Read for Answering {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn each(
        &mut self,
        sql: &str,
        _values: &[Value<'_>],
        row: &mut dyn FnMut(&mut Cells<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let (asked, rows) = self.0.next().expect("work asks the same each time");
        assert_eq!(asked.sql, sql, "what is asked at once does not depend on the answers");
        rows.iter().try_for_each(|found| row(&mut Cells::new(RowRef::Postgres(found))))
    }

    fn at_once(&mut self, work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>) -> Result<(), DbError> {
        work(self)
    }

    fn begin_snapshot(&mut self) -> Result<(), DbError> {
        Ok(())
    }

    fn end_snapshot(&mut self) -> Result<(), DbError> {
        Ok(())
    }
}
