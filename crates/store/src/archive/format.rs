//! How an archive is laid out:
//!
//! - a line that says what it is and in which format;
//! - the length of the header, and the header as JSON;
//! - records, each a kind, a length and bytes, all of them compressed as one;
//! - a line that says that this is the end, and the hash of everything before it.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::error::ArchiveError;
use super::row::Digest;
use super::tables::Shape;
use crate::cells::Cell;
use crate::objects::ObjectName;

/// The format this program reads and writes.
pub(super) const FORMAT: u32 = 1;
/// What every archive begins with; the format's number and a line end follow.
pub(super) const MAGIC: &str = "fermata archive ";
/// Longest number of a format, with its line end.
pub(super) const FORMAT_BYTES_MAX: usize = 11;
/// What stands before the hash at the end.
pub(super) const END_LINE: &[u8] = b"\nfermata end\n";
/// Bytes of the hash.
pub(super) const HASH_BYTES: usize = 32;
/// Longest header.
pub(super) const HEADER_BYTES_MAX: u64 = 1 << 20;

/// A table begins: its [`Shape`] as JSON.
pub(super) const TABLE: u8 = b'T';
/// A row of it.
pub(super) const ROW: u8 = b'R';
/// It ends: the [`Digest`] of its rows as JSON.
pub(super) const TABLE_END: u8 = b't';
/// An object: the length of its name in two bytes, the name, the bytes.
pub(super) const OBJECT: u8 = b'O';
/// The archive ends: the [`Totals`] as JSON.
pub(super) const END: u8 = b'E';

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The newest migration of the ledger it was made from.
    pub(super) schema: u32,
    /// When it was made, in milliseconds since 1970 in UTC.
    pub(super) made_at: i64,
    /// What the ledger was: `sqlite` or `postgresql`.
    pub(super) source: String,
    /// The version of the program that made it.
    pub(super) program: String,
    /// The tables that follow.
    pub(super) tables: Vec<String>,
}

/// What an archive holds, as its last record says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Totals {
    /// Rows of all tables.
    pub(super) rows: u64,
    /// Objects.
    pub(super) objects: Digest,
}

/// Takes the content of a ledger: tables one after the other, then objects.
pub(super) trait Sink {
    /// The rows of a table follow.
    fn table(&mut self, shape: &Shape) -> Result<(), ArchiveError>;

    /// A row of the table.
    fn row(&mut self, row: &[Cell<'_>]) -> Result<(), ArchiveError>;

    /// The table had these rows.
    fn table_end(&mut self, rows: Digest) -> Result<(), ArchiveError>;

    /// An object that the tables name.
    fn object(&mut self, name: &ObjectName, bytes: bytes::Bytes) -> Result<(), ArchiveError>;
}

/// Takes everything and keeps nothing.
pub(super) struct Nowhere;

impl Sink for Nowhere {
    fn table(&mut self, _: &Shape) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn row(&mut self, _: &[Cell<'_>]) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn table_end(&mut self, _: Digest) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn object(&mut self, _: &ObjectName, _: bytes::Bytes) -> Result<(), ArchiveError> {
        Ok(())
    }
}

/// Passes bytes on and hashes them.
pub(super) struct Hashing<W> {
    pub(super) inner: W,
    pub(super) hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
