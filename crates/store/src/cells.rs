//! Reading a row's cells in the order of the statement's columns, as the model's types.

use std::error::Error;
use std::str::FromStr;

use fermata_model::{Json, RunId, VersionId, WorkspaceId, json};
use rusqlite::Row;
use rusqlite::types::{FromSql, Type};

/// A row that is read from left to right.
pub(crate) struct Cells<'row> {
    row: &'row Row<'row>,
    next: usize,
}

impl<'row> Cells<'row> {
    pub(crate) fn new(row: &'row Row<'row>) -> Self {
        Self { row, next: 0 }
    }

    /// The next cell.
    pub(crate) fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    pub(crate) fn run_id(&mut self) -> rusqlite::Result<RunId> {
        self.take().map(RunId::from_bytes)
    }

    pub(crate) fn run_id_if_any(&mut self) -> rusqlite::Result<Option<RunId>> {
        Ok(self.take::<Option<[u8; 16]>>()?.map(RunId::from_bytes))
    }

    pub(crate) fn version_id(&mut self) -> rusqlite::Result<VersionId> {
        self.take().map(VersionId::from_bytes)
    }

    pub(crate) fn workspace(&mut self) -> rusqlite::Result<WorkspaceId> {
        self.word()
    }

    /// A text that names a value, such as a status.
    pub(crate) fn word<T: FromStr<Err: Error + Send + Sync + 'static>>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        let text = self.row.get_ref(column)?.as_str()?;
        text.parse().map_err(|error: T::Err| damaged(column, error))
    }

    pub(crate) fn json(&mut self) -> rusqlite::Result<Json> {
        let column = self.next;
        json::parse(self.take()?).map_err(|error| damaged(column, error))
    }

    pub(crate) fn json_if_any(&mut self) -> rusqlite::Result<Option<Json>> {
        let column = self.next;
        let text: Option<String> = self.take()?;
        text.map(json::parse).transpose().map_err(|error| damaged(column, error))
    }

    /// A value kept as JSON.
    pub(crate) fn parsed_if_any<T: serde::de::DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        let column = self.next;
        self.next += 1;
        let Some(text) = self.row.get_ref(column)?.as_str_or_null()? else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|error| damaged(column, error))
    }
}

/// The error for a cell that holds what its type cannot be.
pub(crate) fn damaged(column: usize, error: impl Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
