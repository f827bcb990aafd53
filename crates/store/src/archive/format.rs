//! How an archive is laid out:
//!
//! - a line that says what it is and in which format;
//! - the length of the header, and the header as JSON;
//! - records, each a kind, a length and bytes, all of them compressed as one;
//! - a line that says that this is the end, and the hash of everything before it.

use std::io::{self, Write};
use std::ops::RangeInclusive;

use fermata_model::WorkspaceId;
use serde::{Deserialize, Serialize};

use super::error::ArchiveError;
use super::row::Digest;
use super::tables::Shape;
use crate::cells::Cell;
use crate::objects::ObjectName;

/// The format this program writes.
pub(super) const FORMAT: u32 = 2;
/// The formats it reads. Before 2 there were no files of workspaces.
pub(super) const FORMATS: RangeInclusive<u32> = 1..=FORMAT;
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
/// The SQLite file of a workspace begins: the workspace's id.
pub(super) const FILE: u8 = b'F';
/// A piece of it, at most [`FILE_PIECE_BYTES`] long.
pub(super) const PIECE: u8 = b'P';
/// It ends: the hash of all its bytes.
pub(super) const FILE_END: u8 = b'f';
/// Bytes of a file that are held at once.
pub(super) const FILE_PIECE_BYTES: usize = 1 << 20;
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
    /// SQLite files of workspaces.
    #[serde(default)]
    pub(super) files: Digest,
}

impl Totals {
    /// Counts a file in.
    pub(super) fn add_file(&mut self, workspace: &WorkspaceId, hash: &blake3::Hash) {
        self.files.add(&[workspace.to_string().as_bytes(), hash.as_bytes()]);
    }

    /// All that is counted one by one.
    pub(super) fn count(&self) -> u64 {
        self.rows + self.objects.count + self.files.count
    }
}

/// Takes the content of a ledger: tables one after the other, then objects, then files.
pub(super) trait Sink {
    /// The rows of a table follow.
    fn table(&mut self, shape: &Shape) -> Result<(), ArchiveError>;

    /// A row of the table.
    fn row(&mut self, row: &[Cell<'_>]) -> Result<(), ArchiveError>;

    /// The table had these rows.
    fn table_end(&mut self, rows: Digest) -> Result<(), ArchiveError>;

    /// An object that the tables name.
    fn object(&mut self, name: &ObjectName, bytes: bytes::Bytes) -> Result<(), ArchiveError>;

    /// The pieces of a workspace's SQLite file follow.
    fn file(&mut self, workspace: &WorkspaceId) -> Result<(), ArchiveError>;

    /// A piece of the file.
    fn piece(&mut self, bytes: &[u8]) -> Result<(), ArchiveError>;

    /// The file had these pieces.
    fn file_end(&mut self, workspace: &WorkspaceId, hash: &blake3::Hash) -> Result<(), ArchiveError>;
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

    fn file(&mut self, _: &WorkspaceId) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn piece(&mut self, _: &[u8]) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn file_end(&mut self, _: &WorkspaceId, _: &blake3::Hash) -> Result<(), ArchiveError> {
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
