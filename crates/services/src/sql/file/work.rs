//! A call on a file: one transaction.

use fermata_model::{CallError, Json, json};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection};

use super::super::answer::Answer;
use super::super::call::{Call, Statement};
use super::session::Session;
use super::{fault, params, record};

/// Largest answer of a call that writes, which is recorded as one value.
const WRITTEN_BYTES_MAX: usize = 512 << 10;

/// Why a transaction was given up.
enum GivenUp {
    /// A statement writes, and this was to be a read.
    Writes,
    Failed(CallError),
}

impl From<CallError> for GivenUp {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}

/// Executes a call. One that writes and was done before answers what it did then.
pub(super) fn perform(session: &Session, key: &str, call: &Call) -> Result<Json, CallError> {
    if call.looks_like_a_read() {
        match read(session, call) {
            Err(GivenUp::Writes) => {}
            Err(GivenUp::Failed(error)) => return Err(error),
            Ok(answer) => return Ok(answer),
        }
    }
    match write(session, key, call) {
        Ok(answer) => Ok(answer),
        Err(GivenUp::Failed(error)) => Err(error),
        Err(GivenUp::Writes) => Err(CallError::fatal("bad_answer", "tools.sql: the statement cannot write")),
    }
}

fn read(session: &Session, call: &Call) -> Result<Json, GivenUp> {
    own(session, call, "begin")?;
    let answer = execute_all(session, call, Answer::new(call.is_list), false);
    end(session);
    answer
}

fn write(session: &Session, key: &str, call: &Call) -> Result<Json, GivenUp> {
    own(session, call, "begin immediate")?;
    let written = write_within(session, key, call);
    end(session);
    written
}

fn write_within(session: &Session, key: &str, call: &Call) -> Result<Json, GivenUp> {
    let of_call = |error| fault::of_statement(&error, 0, call.time);
    if let Some(result) = session.ours(|connection| record::find(connection, key)).map_err(of_call)? {
        let broken = |error| CallError::fatal("bad_answer", format!("tools.sql: {error}"));
        return Ok(json::parse(result).map_err(broken)?);
    }
    let answer = Answer::new(call.is_list).of_at_most(WRITTEN_BYTES_MAX);
    let answer = execute_all(session, call, answer, true)?;
    session.ours(|connection| record::keep(connection, key, answer.get())).map_err(of_call)?;
    own(session, call, "commit")?;
    Ok(answer)
}

fn own(session: &Session, call: &Call, sql: &str) -> Result<(), CallError> {
    let last = call.statements.len() - 1;
    let done = session.ours(|connection| connection.execute_batch(sql));
    done.map_err(|error| fault::of_statement(&error, if sql == "commit" { last } else { 0 }, call.time))
}

/// Ends what is not committed. SQLite may have done so by itself.
fn end(session: &Session) {
    if !session.is_clean() {
        // A connection that cannot even do this is not used again.
        let _ = session.ours(|connection| connection.execute_batch("rollback"));
    }
}

fn execute_all(session: &Session, call: &Call, mut answer: Answer, may_write: bool) -> Result<Json, GivenUp> {
    for statement in &call.statements {
        if record::is_named_in(&statement.text) {
            let message = format!("{} is not for statements of tasks", record::TABLE);
            return Err(answer.refused("SQLITE_AUTH", message).into());
        }
        let index = answer.statement();
        execute(session.connection(), statement, &mut answer, may_write).map_err(|stop| match stop {
            Stop::Writes => GivenUp::Writes,
            Stop::Refused(error) => error.into(),
            Stop::Sqlite(error) => fault::of_statement(&error, index, call.time).into(),
        })?;
    }
    Ok(answer.finish()?)
}

/// Why a statement was not executed to its end.
enum Stop {
    Writes,
    Refused(CallError),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        Self::Refused(error)
    }
}

fn execute(
    connection: &Connection,
    statement: &Statement,
    answer: &mut Answer,
    may_write: bool,
) -> Result<(), Stop> {
    // Walks the text step by step, where `prepare` would call itself for each further statement.
    let mut texts = Batch::new(connection, &statement.text);
    let Some(mut prepared) = texts.next()? else {
        return Err(answer.refused("SQLITE_ERROR", "the text holds no statement").into());
    };
    if !matches!(texts.next(), Ok(None)) {
        let message = "the text holds more than one statement; use tools.sql.transaction";
        return Err(answer.refused("SQLITE_ERROR", message).into());
    }
    if !may_write && !prepared.readonly() {
        return Err(Stop::Writes);
    }
    params::bind(&mut prepared, &statement.params).map_err(|why| answer.refused("bad_params", why))?;
    let names = prepared.column_names().into_iter().map(str::to_owned).collect();
    let mut columns = answer.begin(names)?;
    let changes = connection.total_changes();
    let width = prepared.column_count();
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next()? {
        let cells = (0..width).map(|at| {
            let value = row.get_ref(at).map_err(|error| CallError::fatal("bad_answer", error.to_string()));
            value.map(params::cell)
        });
        answer.row(&mut columns, cells)?;
    }
    // What changes the schema leaves the count of the statement before.
    let changed = if connection.total_changes() == changes { 0 } else { connection.changes() };
    Ok(answer.end(&columns, changed)?)
}
