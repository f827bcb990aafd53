//! Reading a row's cells in the order of the statement's columns, as the model's types.

use std::error::Error;
use std::str::FromStr;

use fermata_model::{Json, RunId, VersionId, WorkspaceId, json};

use crate::db_error::DbError;
use crate::spill::sought::{Content, MissingObject, ObjectKind, Resolved, Sought};
use crate::spill::{BLOB_PREFIX, JSON_PREFIX, Reference};

/// A row of either database.
#[derive(Clone, Copy)]
pub(crate) enum RowRef<'row> {
    Sqlite(&'row rusqlite::Row<'row>),
    Postgres(&'row tokio_postgres::Row),
}

/// What is in a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'row> {
    Null,
    Int(i64),
    Text(&'row str),
    Blob(&'row [u8]),
}

impl<'row> RowRef<'row> {
    /// The cell of column `at`.
    pub(crate) fn cell(self, at: usize) -> Result<Cell<'row>, DbError> {
        match self {
            Self::Sqlite(row) => crate::sqlite::cell(row, at),
            Self::Postgres(row) => crate::postgres::cell(row, at),
        }
    }
}

/// A type that a cell can be read as.
pub(crate) trait FromCell: Sized {
    /// What the cell holds, unless it holds something else.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

impl FromCell for i64 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Int(number) => Some(number),
            _ => None,
        }
    }
}

macro_rules! number_from_cell {
    ($($number:ty),*) => {
        $(impl FromCell for $number {
            fn from_cell(cell: Cell<'_>) -> Option<Self> {
                i64::from_cell(cell)?.try_into().ok()
            }
        })*
    };
}
number_from_cell!(u32, i16, u64, i32);

impl FromCell for bool {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        Some(i64::from_cell(cell)? != 0)
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Blob(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

impl<const N: usize> FromCell for [u8; N] {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Blob(bytes) => bytes.try_into().ok(),
            _ => None,
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

/// A row that is read from left to right.
pub(crate) struct Cells<'row> {
    row: RowRef<'row>,
    next: usize,
    /// Where references are resolved, in a read that can meet some.
    sought: Option<&'row Sought>,
}

impl<'row> Cells<'row> {
    pub(crate) fn new(row: RowRef<'row>) -> Self {
        Self { row, next: 0, sought: None }
    }

    /// The same row from its beginning, with what its references refer to.
    pub(crate) fn resolving(&self, sought: &'row Sought) -> Self {
        Self { row: self.row, next: 0, sought: Some(sought) }
    }

    fn next(&mut self) -> Result<Cell<'row>, DbError> {
        self.next += 1;
        self.row.cell(self.next - 1)
    }

    /// The next cell.
    pub(crate) fn take<T: FromCell>(&mut self) -> Result<T, DbError> {
        let cell = self.next()?;
        T::from_cell(cell).ok_or_else(|| self.damaged(Unfit))
    }

    pub(crate) fn run_id(&mut self) -> Result<RunId, DbError> {
        self.take().map(RunId::from_bytes)
    }

    pub(crate) fn run_id_if_any(&mut self) -> Result<Option<RunId>, DbError> {
        Ok(self.take::<Option<[u8; 16]>>()?.map(RunId::from_bytes))
    }

    pub(crate) fn version_id(&mut self) -> Result<VersionId, DbError> {
        self.take().map(VersionId::from_bytes)
    }

    pub(crate) fn workspace(&mut self) -> Result<WorkspaceId, DbError> {
        self.word()
    }

    /// A text that names a value, such as a status.
    pub(crate) fn word<T: FromStr<Err: Error + Send + Sync + 'static>>(&mut self) -> Result<T, DbError> {
        match self.next()? {
            Cell::Text(text) => text.parse().map_err(|error: T::Err| self.damaged(error)),
            _ => Err(self.damaged(Unfit)),
        }
    }

    pub(crate) fn json(&mut self) -> Result<Json, DbError> {
        self.json_if_any()?.ok_or_else(|| self.damaged(Unfit))
    }

    pub(crate) fn json_if_any(&mut self) -> Result<Option<Json>, DbError> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Text(text) if text.starts_with(JSON_PREFIX) => self.json_of_object(text).map(Some),
            Cell::Text(text) => json::parse(text.to_owned()).map(Some).map_err(|error| self.damaged(error)),
            _ => Err(self.damaged(Unfit)),
        }
    }

    fn json_of_object(&self, text: &str) -> Result<Json, DbError> {
        let reference = Reference::from_json(text).ok_or_else(|| self.damaged(Unfit))?;
        let name = reference.name.clone();
        match self.resolve(reference, ObjectKind::Payload)? {
            Resolved::Found(Content::Json(json)) => Ok(json),
            // Nobody sees it: the read is done again.
            Resolved::Noted => Ok(json::null()),
            Resolved::Missing => Err(self.damaged(MissingObject { name })),
            Resolved::Found(Content::Bytes(_)) => Err(self.damaged(Unfit)),
        }
    }

    /// The bytes of a checkpoint. If its object is missing there are none: it will not open, and the run
    /// is made anew from the ledger, as with any other checkpoint that does not.
    pub(crate) fn checkpoint_bytes(&mut self) -> Result<Vec<u8>, DbError> {
        let bytes = match self.next()? {
            Cell::Blob(bytes) if bytes.starts_with(BLOB_PREFIX) => bytes,
            Cell::Blob(bytes) => return Ok(bytes.to_vec()),
            _ => return Err(self.damaged(Unfit)),
        };
        let reference = Reference::from_blob(bytes).ok_or_else(|| self.damaged(Unfit))?;
        let name = reference.name.clone();
        match self.resolve(reference, ObjectKind::Checkpoint)? {
            Resolved::Found(Content::Bytes(bytes)) => Ok(bytes.to_vec()),
            Resolved::Noted => Ok(Vec::new()),
            Resolved::Missing => {
                tracing::warn!(object = %name, "A checkpoint is missing from the object store");
                Ok(Vec::new())
            }
            Resolved::Found(Content::Json(_)) => Err(self.damaged(Unfit)),
        }
    }

    fn resolve(&self, reference: Reference, kind: ObjectKind) -> Result<Resolved, DbError> {
        let sought = self.sought.ok_or_else(|| self.damaged(Unfit))?;
        Ok(sought.resolve(reference, kind))
    }

    /// A value kept as JSON.
    pub(crate) fn parsed_if_any<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, DbError> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Text(text) => serde_json::from_str(text).map(Some).map_err(|error| self.damaged(error)),
            _ => Err(self.damaged(Unfit)),
        }
    }

    /// The error for the cell read last, which holds what its type cannot be.
    pub(crate) fn damaged(&self, error: impl Error + Send + Sync + 'static) -> DbError {
        DbError::damaged(self.next.saturating_sub(1), error)
    }
}

/// A cell is not of the type that its column has.
#[derive(Debug, thiserror::Error)]
#[error("it holds a value of another type or out of range")]
pub(crate) struct Unfit;
