//! Statements that are sent together: what they ask is collected first, and their answers are read after the last has
//! come. The server is waited for once.

use std::vec::IntoIter;

use futures::future::join_all;
use tokio_postgres::{Error, Row};

use super::connection::{Connection, parameters};
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

/// One of the two times that the work is run.
enum Pass {
    /// Takes statements down, and answers each with no row.
    Asking(Vec<Asked>),
    /// Answers them, in the same order.
    Answering(IntoIter<(Asked, Vec<Row>)>),
}

impl Connection {
    /// Runs `work` twice: to see what it asks, and with the answers.
    pub(super) fn ask_at_once(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let mut pass = Pass::Asking(Vec::new());
        work(&mut pass)?;
        let Pass::Asking(asked) = pass else { return Ok(()) };
        let answers = self.answers(&asked)?;
        let answered: Vec<_> = asked.into_iter().zip(answers).collect();
        work(&mut Pass::Answering(answered.into_iter()))
    }

    fn answers(&mut self, asked: &[Asked]) -> Result<Vec<Vec<Row>>, DbError> {
        let mut prepared = Vec::with_capacity(asked.len());
        for Asked { sql, values } in asked {
            prepared.push((self.prepared(sql)?, parameters(values)));
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

impl Read for Pass {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&mut Cells<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        match self {
            Self::Asking(asked) => {
                let values = values.iter().cloned().map(Value::into_owned).collect();
                asked.push(Asked { sql: sql.to_owned(), values });
                Ok(())
            }
            Self::Answering(answers) => {
                let (asked, rows) = answers.next().expect("work asks the same each time");
                assert_eq!(asked.sql, sql, "what is asked at once does not depend on the answers");
                rows.iter().try_for_each(|found| row(&mut Cells::new(RowRef::Postgres(found))))
            }
        }
    }

    fn at_once(&mut self, work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>) -> Result<(), DbError> {
        work(self)
    }

    /// All of it is one snapshot.
    fn begin_snapshot(&mut self) -> Result<(), DbError> {
        Ok(())
    }

    fn end_snapshot(&mut self) -> Result<(), DbError> {
        Ok(())
    }
}
