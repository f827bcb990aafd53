//! Rows as bytes, and what many of them come to.

use serde::{Deserialize, Serialize};

use crate::cells::Cell;
use crate::value::Value;

const NULL: u8 = 0;
const INT: u8 = 1;
const TEXT: u8 = 2;
const BLOB: u8 = 3;

/// Appends a row's cells to `out`.
pub(super) fn encode(row: &[Cell<'_>], out: &mut Vec<u8>) {
    for cell in row {
        match cell {
            Cell::Null => out.push(NULL),
            Cell::Int(number) => {
                out.push(INT);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Cell::Text(text) => encode_bytes(TEXT, text.as_bytes(), out),
            Cell::Blob(bytes) => encode_bytes(BLOB, bytes, out),
        }
    }
}

fn encode_bytes(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// The cells of a row, unless the bytes are none.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Vec<Cell<'_>>> {
    let mut row = Vec::new();
    while let Some((tag, rest)) = bytes.split_first() {
        bytes = rest;
        row.push(match *tag {
            NULL => Cell::Null,
            INT => Cell::Int(i64::from_le_bytes(take(&mut bytes)?)),
            TEXT => Cell::Text(std::str::from_utf8(take_bytes(&mut bytes)?).ok()?),
            BLOB => Cell::Blob(take_bytes(&mut bytes)?),
            _ => return None,
        });
    }
    Some(row)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u64::from_le_bytes(take(bytes)?)).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

impl Value<'_> {
    /// The value as it will be read.
    pub(super) fn as_cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Int(number) => Cell::Int(*number),
            Self::Text(text) => Cell::Text(text),
            Self::Blob(bytes) => Cell::Blob(bytes),
        }
    }
}

impl<'row> From<Cell<'row>> for Value<'row> {
    fn from(cell: Cell<'row>) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Int(number) => Self::Int(number),
            Cell::Text(text) => Self::Text(text.into()),
            Cell::Blob(bytes) => Self::Blob(bytes.into()),
        }
    }
}

/// How many rows or objects there are, and the sum of their hashes. It does not depend on their order,
/// which may differ where a database took a text in another spelling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Digest {
    pub(super) count: u64,
    sum: [u64; 4],
}

impl Digest {
    /// Counts something in by its parts.
    pub(super) fn add(&mut self, parts: &[&[u8]]) {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let hash = hasher.finalize();
        let (lanes, _) = hash.as_bytes().as_chunks::<8>();
        for (sum, lane) in self.sum.iter_mut().zip(lanes) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*lane));
        }
        self.count += 1;
    }

    /// Counts a row in. `scratch` is used to lay it out.
    pub(super) fn add_row(&mut self, row: &[Cell<'_>], scratch: &mut Vec<u8>) {
        scratch.clear();
        encode(row, scratch);
        self.add(&[scratch]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes_of(row: &[Cell<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(row, &mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn property_a_row_comes_back(number: i64, text: String, blob: Vec<u8>) {
            let row = [Cell::Null, Cell::Int(number), Cell::Text(&text), Cell::Blob(&blob)];
            let bytes = bytes_of(&row);
            prop_assert_eq!(bytes_of(&decode(&bytes).unwrap()), bytes.clone());
            for cut in 1..bytes.len() {
                let part = decode(&bytes[..cut]);
                prop_assert!(part.is_none_or(|part| part.len() < row.len()));
            }
        }

        #[test]
        fn property_random_bytes_are_no_reason_to_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_digest_knows_what_but_not_in_which_order() {
        let digest = |rows: &[i64]| {
            let mut digest = Digest::default();
            rows.iter().for_each(|row| digest.add_row(&[Cell::Int(*row)], &mut Vec::new()));
            digest
        };
        assert_eq!(digest(&[1, 2]), digest(&[2, 1]));
        assert_ne!(digest(&[1, 2]), digest(&[1, 1]));
        assert_ne!(digest(&[1, 2]), digest(&[1]));
    }
}
