//! Reading an archive: first whether it is whole, then what it holds.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fermata_model::WorkspaceId;
use serde::de::DeserializeOwned;

use super::error::ArchiveError;
use super::format::{
    END, END_LINE, FILE, FILE_END, FILE_PIECE_BYTES, FORMAT, FORMAT_BYTES_MAX, FORMATS, HASH_BYTES,
    HEADER_BYTES_MAX, Header, MAGIC, Nowhere, OBJECT, PIECE, ROW, Sink, TABLE, TABLE_END, Totals,
};
use super::progress::{Counted, Progress, Stage};
use super::row::{self, Digest};
use super::tables::Shape;
use crate::objects::ObjectName;
use crate::schema;

/// Bytes read at once.
const PIECE_BYTES: usize = 1 << 20;

/// An archive that can be read, once or more.
pub(super) struct Reader {
    file: File,
    path: PathBuf,
    pub(super) header: Header,
    /// Where the records begin.
    records_at: u64,
    /// Where the line of the end begins.
    end_at: u64,
}

impl Reader {
    /// Opens an archive and reads its header.
    pub(super) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let failed = |error| ArchiveError::file("read", path, error);
        let file = File::open(path).map_err(|error| ArchiveError::file("open", path, error))?;
        let size = file.metadata().map_err(failed)?.len();
        let mut input = BufReader::new(&file);
        check_format(&mut input, path)?;
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArchiveError::Cut { path: path.into() },
            _ => failed(error),
        };
        let mut length = [0; 8];
        input.read_exact(&mut length).map_err(cut)?;
        let damaged = |reason: &str| ArchiveError::Damaged { path: path.into(), reason: reason.into() };
        let length = usize::try_from(u64::from_le_bytes(length).min(HEADER_BYTES_MAX + 1))
            .map_err(|_| damaged("its header is too long"))?;
        if length as u64 > HEADER_BYTES_MAX {
            return Err(damaged("its header is too long"));
        }
        let mut header = vec![0; length];
        input.read_exact(&mut header).map_err(cut)?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|error| damaged(&format!("its header: {error}")))?;
        let records_at = input.stream_position().map_err(failed)?;
        let end_at = size.checked_sub((END_LINE.len() + HASH_BYTES) as u64).filter(|at| *at >= records_at);
        let end_at = end_at.ok_or_else(|| ArchiveError::Cut { path: path.into() })?;
        Ok(Self { file, path: path.into(), header, records_at, end_at })
    }

    /// Reads everything and says what it holds, if it is whole and this program understands it.
    pub(super) fn check(&mut self, told: &mut dyn FnMut(Progress)) -> Result<Totals, ArchiveError> {
        self.check_hash(told)?;
        // After the hash: a header that was changed says anything.
        if self.header.schema > schema::known() {
            return Err(ArchiveError::NewerArchive {
                path: self.path.clone(),
                found: self.header.schema,
                known: schema::known(),
                program: self.header.program.clone(),
            });
        }
        self.replay(&mut Nowhere, &mut |_| {})
    }

    fn check_hash(&mut self, told: &mut dyn FnMut(Progress)) -> Result<(), ArchiveError> {
        let hashed_bytes = self.end_at + END_LINE.len() as u64;
        let mut counted = Counted::begin(told, Stage::Checking, Some(hashed_bytes));
        let failed = |error| ArchiveError::file("read", &self.path, error);
        self.file.rewind().map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        let mut input = (&self.file).take(hashed_bytes);
        let mut piece = vec![0; PIECE_BYTES];
        let mut line = Vec::new();
        loop {
            let count = input.read(&mut piece).map_err(failed)?;
            if count == 0 {
                break;
            }
            let read = &piece[..count];
            hasher.update(read);
            line.extend_from_slice(&read[read.len().saturating_sub(END_LINE.len())..]);
            line.drain(..line.len().saturating_sub(END_LINE.len()));
            counted.add(count as u64);
        }
        if line != END_LINE {
            return Err(ArchiveError::Cut { path: self.path.clone() });
        }
        let mut expected = [0; HASH_BYTES];
        (&self.file).read_exact(&mut expected).map_err(failed)?;
        if hasher.finalize() != blake3::Hash::from_bytes(expected) {
            return Err(self.damaged("its hash is another; it was changed after it was made"));
        }
        Ok(())
    }

    /// Hands everything to `sink`, and says what it was.
    pub(super) fn replay(
        &mut self,
        sink: &mut dyn Sink,
        told: &mut dyn FnMut(u64),
    ) -> Result<Totals, ArchiveError> {
        let failed = |error| ArchiveError::file("read", &self.path, error);
        (&self.file).seek(SeekFrom::Start(self.records_at)).map_err(failed)?;
        let input = BufReader::with_capacity(PIECE_BYTES, (&self.file).take(self.end_at - self.records_at));
        let records = Records {
            input: zstd::Decoder::with_buffer(input).map_err(failed)?.single_frame(),
            record: Vec::new(),
        };
        let mut replay = Replay { archive: self, records, found: Totals::default(), open: Open::Nothing };
        while !replay.step(sink)? {
            told(replay.found.count());
        }
        replay.nothing_follows()?;
        Ok(replay.found)
    }

    fn damaged(&self, reason: impl Into<String>) -> ArchiveError {
        ArchiveError::Damaged { path: self.path.clone(), reason: reason.into() }
    }
}

fn check_format(input: &mut impl BufRead, path: &Path) -> Result<(), ArchiveError> {
    let mut line = Vec::new();
    input
        .take((MAGIC.len() + FORMAT_BYTES_MAX) as u64)
        .read_until(b'\n', &mut line)
        .map_err(|error| ArchiveError::file("read", path, error))?;
    line.pop_if(|byte| *byte == b'\n');
    let line = String::from_utf8_lossy(&line);
    match line.strip_prefix(MAGIC) {
        Some(format) if FORMATS.into_iter().any(|known| format == known.to_string()) => Ok(()),
        Some(format) if !format.is_empty() && format.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(ArchiveError::OtherFormat { path: path.into(), found: format.into(), known: FORMAT })
        }
        _ => Err(ArchiveError::NotAnArchive { path: path.into() }),
    }
}

/// The records, one after the other.
struct Records<'a> {
    input: zstd::Decoder<'static, BufReader<Take<&'a File>>>,
    record: Vec<u8>,
}

impl Records<'_> {
    /// Reads the next record into `record` and gives its kind.
    fn next(&mut self) -> io::Result<u8> {
        let mut head = [0; 9];
        self.input.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let length = u64::from_le_bytes(length);
        self.record.clear();
        // Grows with what there is, not with what is promised.
        let read = (&mut self.input).take(length).read_to_end(&mut self.record)?;
        if (read as u64) < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(kind)
    }
}

/// An archive on its way into a sink.
struct Replay<'a> {
    archive: &'a Reader,
    records: Records<'a>,
    found: Totals,
    open: Open,
}

/// What the next records belong to.
enum Open {
    Nothing,
    /// A table, and the rows there were.
    Table(Shape, Digest),
    /// A workspace's file, and the pieces there were.
    File(WorkspaceId, Box<blake3::Hasher>),
}

impl Replay<'_> {
    /// Hands one record on. True at the end.
    fn step(&mut self, sink: &mut dyn Sink) -> Result<bool, ArchiveError> {
        let kind = self.records.next().map_err(|error| self.archive.damaged(error.to_string()))?;
        match (kind, std::mem::replace(&mut self.open, Open::Nothing)) {
            (TABLE, Open::Nothing) => {
                let shape: Shape = self.json()?;
                if !shape.is_plain() {
                    return Err(self.archive.damaged("a table has a strange name"));
                }
                sink.table(&shape)?;
                self.open = Open::Table(shape, Digest::default());
            }
            (ROW, Open::Table(shape, mut rows)) => {
                let row = row::decode(&self.records.record).filter(|row| row.len() == shape.columns.len());
                let row = row.ok_or_else(|| self.archive.damaged("a row is none of its table"))?;
                rows.add(&[&self.records.record]);
                self.found.rows += 1;
                sink.row(&row)?;
                self.open = Open::Table(shape, rows);
            }
            (TABLE_END, Open::Table(shape, rows)) => {
                if rows != self.json()? {
                    return Err(self.archive.damaged(format!("rows of {} are missing", shape.name)));
                }
                sink.table_end(rows)?;
            }
            (OBJECT, Open::Nothing) => {
                let (name, bytes) =
                    self.object().ok_or_else(|| self.archive.damaged("an object has no name"))?;
                self.found.objects.add(&[name.to_string().as_bytes(), &bytes]);
                sink.object(&name, bytes)?;
            }
            (FILE, Open::Nothing) => self.file(sink)?,
            (PIECE, Open::File(workspace, hasher)) => self.piece(workspace, hasher, sink)?,
            (FILE_END, Open::File(workspace, hasher)) => {
                self.file_end(&workspace, &hasher.finalize(), sink)?
            }
            (END, Open::Nothing) => {
                if self.found != self.json()? {
                    return Err(self.archive.damaged("rows, objects or files are missing"));
                }
                return Ok(true);
            }
            _ => return Err(self.archive.damaged("its records do not fit together")),
        }
        Ok(false)
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, ArchiveError> {
        serde_json::from_slice(&self.records.record).map_err(|error| self.archive.damaged(error.to_string()))
    }

    fn object(&mut self) -> Option<(ObjectName, Bytes)> {
        let record = Bytes::from(std::mem::take(&mut self.records.record));
        let (length, rest) = record.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let (name, _) = rest.split_at_checked(length)?;
        let name = std::str::from_utf8(name).ok()?.parse().ok()?;
        Some((name, record.slice(2 + length..)))
    }

    fn file(&mut self, sink: &mut dyn Sink) -> Result<(), ArchiveError> {
        let name = std::str::from_utf8(&self.records.record).ok().and_then(|name| name.parse().ok());
        let workspace: WorkspaceId =
            name.ok_or_else(|| self.archive.damaged("a file belongs to no workspace"))?;
        sink.file(&workspace)?;
        self.open = Open::File(workspace, Box::default());
        Ok(())
    }

    fn piece(
        &mut self,
        workspace: WorkspaceId,
        mut hasher: Box<blake3::Hasher>,
        sink: &mut dyn Sink,
    ) -> Result<(), ArchiveError> {
        if self.records.record.len() > FILE_PIECE_BYTES {
            return Err(self.archive.damaged("a piece of a file is too long"));
        }
        hasher.update(&self.records.record);
        sink.piece(&self.records.record)?;
        self.open = Open::File(workspace, hasher);
        Ok(())
    }

    fn file_end(
        &mut self,
        workspace: &WorkspaceId,
        hash: &blake3::Hash,
        sink: &mut dyn Sink,
    ) -> Result<(), ArchiveError> {
        if hash.as_bytes()[..] != self.records.record[..] {
            return Err(self.archive.damaged(format!("pieces of the file of {workspace} are missing")));
        }
        self.found.add_file(workspace, hash);
        sink.file_end(workspace, hash)
    }

    fn nothing_follows(&mut self) -> Result<(), ArchiveError> {
        let follows = self.records.input.read(&mut [0]).unwrap_or(1);
        // The decoder holds the rest of what it was given behind its frame.
        let behind = self.records.input.get_mut().fill_buf().is_ok_and(|rest| !rest.is_empty());
        if follows > 0 || behind {
            return Err(self.archive.damaged("something follows its end"));
        }
        Ok(())
    }
}
