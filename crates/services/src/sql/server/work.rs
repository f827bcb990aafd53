//! A call on a connection: one transaction.

use std::pin::pin;
use std::sync::atomic::Ordering;

use fermata_model::Json;
use futures::TryStreamExt;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::super::answer::Answer;
use super::super::call::{Call, Statement};
use super::Stage;
use super::cell::{self, Cell};
use super::fault::Broken;
use super::param::Param;

/// Executes a call.
pub(super) async fn perform(client: Client, call: &Call, stage: &Stage) -> Result<Json, Broken> {
    if call.looks_like_a_read() {
        match transact(&client, call, "read only", stage).await {
            Err(broken) if broken.is(&SqlState::READ_ONLY_SQL_TRANSACTION) => {
                client.batch_execute("rollback").await.map_err(|error| Broken::Postgres(0, error))?;
            }
            ended => return ended,
        }
    }
    stage.is_writing.store(true, Ordering::Relaxed);
    transact(&client, call, "read write", stage).await
}

async fn transact(client: &Client, call: &Call, access: &str, stage: &Stage) -> Result<Json, Broken> {
    let last = call.statements.len() - 1;
    let ms = call.time.as_millis();
    let begin = format!(
        "begin {access};
         set local statement_timeout = {ms};
         set local idle_in_transaction_session_timeout = {ms}"
    );
    client.batch_execute(&begin).await.map_err(|error| Broken::Postgres(0, error))?;
    let mut answer = Answer::new(call.is_list);
    for (index, statement) in call.statements.iter().enumerate() {
        execute(client, index, statement, &mut answer).await?;
    }
    // Before the commit: what cannot be answered is not done.
    let answer = answer.finish()?;
    stage.is_committing.store(true, Ordering::Relaxed);
    client.batch_execute("commit").await.map_err(|error| Broken::Commit(last, error, stage.is_unclear()))?;
    Ok(answer)
}

async fn execute(
    client: &Client,
    index: usize,
    statement: &Statement,
    answer: &mut Answer,
) -> Result<(), Broken> {
    let of_postgres = |error| Broken::Postgres(index, error);
    let prepared = client.prepare(&statement.text).await.map_err(of_postgres)?;
    let (wanted, given) = (prepared.params().len(), statement.params.len());
    if wanted != given {
        let message = format!("the statement has places for {wanted} params, and there are {given}");
        return Err(answer.refused("bad_params", message).into());
    }
    if let Some(column) = prepared.columns().iter().find(|column| !cell::is_known(column.type_())) {
        let (name, of) = (column.name(), column.type_().name());
        let message = format!("the column {name} is of type {of}, which is not read; write {name}::text");
        return Err(answer.refused("unknown_type", message).into());
    }
    let names = prepared.columns().iter().map(|column| column.name().to_owned()).collect();
    let mut columns = answer.begin(names)?;
    let params: Vec<Param<'_>> = statement.params.iter().map(Param).collect();
    let mut rows = pin!(client.query_raw(&prepared, params).await.map_err(of_postgres)?);
    while let Some(row) = rows.try_next().await.map_err(of_postgres)? {
        let unread = |error: tokio_postgres::Error| answer_fault(index, &error);
        let cells = (0..row.len()).map(|at| row.try_get(at).map(|Cell(text)| text).map_err(unread));
        answer.row(&mut columns, cells)?;
    }
    Ok(answer.end(&columns, rows.rows_affected().unwrap_or(0))?)
}

fn answer_fault(index: usize, error: &tokio_postgres::Error) -> fermata_model::CallError {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    super::super::error::refused(index, "unknown_type", format!("{error}{cause}; cast it to text"))
}
