//! Writing an archive.

use std::io::{self, Write};
use std::path::PathBuf;

use bytes::Bytes;
use fermata_model::WorkspaceId;
use serde::Serialize;

use super::error::ArchiveError;
use super::format::{
    END, END_LINE, FILE, FILE_END, FORMAT, Hashing, Header, MAGIC, OBJECT, PIECE, ROW, Sink, TABLE,
    TABLE_END, Totals,
};
use super::row::{self, Digest};
use super::tables::Shape;
use crate::cells::Cell;
use crate::objects::ObjectName;

/// How hard it is compressed. Much of a ledger is sealed, and does not become smaller anyhow.
const LEVEL: i32 = 3;

/// An archive that is being written.
pub(super) struct Writer<W: Write> {
    out: zstd::Encoder<'static, Hashing<W>>,
    /// Names the archive in errors.
    path: PathBuf,
    totals: Totals,
    scratch: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub(super) fn begin(out: W, path: PathBuf, header: &Header) -> Result<Self, ArchiveError> {
        let begun = Self::begin_in(Hashing { inner: out, hasher: blake3::Hasher::new() }, header);
        let out = begun.map_err(|error| ArchiveError::file("write", &path, error))?;
        Ok(Self { out, path, totals: Totals::default(), scratch: Vec::new() })
    }

    fn begin_in(mut out: Hashing<W>, header: &Header) -> io::Result<zstd::Encoder<'static, Hashing<W>>> {
        let header = serde_json::to_vec(header)?;
        writeln!(out, "{MAGIC}{FORMAT}")?;
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        zstd::Encoder::new(out, LEVEL)
    }

    /// Ends the archive and gives what it was written to.
    pub(super) fn finish(mut self) -> Result<W, ArchiveError> {
        let totals = self.totals;
        self.json(END, &totals)?;
        let path = self.path;
        Self::finish_in(self.out).map_err(|error| ArchiveError::file("write", &path, error))
    }

    fn finish_in(out: zstd::Encoder<'static, Hashing<W>>) -> io::Result<W> {
        let mut out = out.finish()?;
        out.write_all(END_LINE)?;
        let Hashing { mut inner, hasher } = out;
        inner.write_all(hasher.finalize().as_bytes())?;
        inner.flush()?;
        Ok(inner)
    }

    fn json(&mut self, kind: u8, value: &impl Serialize) -> Result<(), ArchiveError> {
        let bytes = serde_json::to_vec(value).map_err(|error| self.failed(error.into()))?;
        self.record(kind, &[&bytes])
    }

    fn record(&mut self, kind: u8, parts: &[&[u8]]) -> Result<(), ArchiveError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let out = &mut self.out;
        let written = out
            .write_all(&[kind])
            .and_then(|()| out.write_all(&(length as u64).to_le_bytes()))
            .and_then(|()| parts.iter().try_for_each(|part| out.write_all(part)));
        written.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> ArchiveError {
        ArchiveError::file("write", &self.path, error)
    }
}

impl<W: Write> Sink for Writer<W> {
    fn table(&mut self, shape: &Shape) -> Result<(), ArchiveError> {
        self.json(TABLE, shape)
    }

    fn row(&mut self, row: &[Cell<'_>]) -> Result<(), ArchiveError> {
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        row::encode(row, &mut bytes);
        self.record(ROW, &[&bytes])?;
        self.scratch = bytes;
        Ok(())
    }

    fn table_end(&mut self, rows: Digest) -> Result<(), ArchiveError> {
        self.totals.rows += rows.count;
        self.json(TABLE_END, &rows)
    }

    fn object(&mut self, name: &ObjectName, bytes: Bytes) -> Result<(), ArchiveError> {
        let name = name.to_string();
        self.totals.objects.add(&[name.as_bytes(), &bytes]);
        let length = u16::try_from(name.len()).expect("a workspace's id has 64 characters at most");
        self.record(OBJECT, &[&length.to_le_bytes(), name.as_bytes(), &bytes])
    }

    fn file(&mut self, workspace: &WorkspaceId) -> Result<(), ArchiveError> {
        self.record(FILE, &[workspace.to_string().as_bytes()])
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.record(PIECE, &[bytes])
    }

    fn file_end(&mut self, workspace: &WorkspaceId, hash: &blake3::Hash) -> Result<(), ArchiveError> {
        self.totals.add_file(workspace, hash);
        self.record(FILE_END, &[hash.as_bytes()])
    }
}
