//! What a group carries from its upload to the committer: which of its values are objects.
//!
//! A value is known by its place in memory, which it keeps for as long as its group exists. So the
//! committer need not look at contents, and a value that was not uploaded is written as it is.

use std::collections::HashMap;

use fermata_model::{Millis, RunId};

use super::reference::{ObjectKind, Reference};
use crate::change::Group;
use crate::value::Value;

/// The values of a group that were uploaded.
#[derive(Debug, Default)]
pub(crate) struct Carried(Vec<((RunId, usize), Upload)>);

/// An uploaded value.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) reference: Reference,
    pub(crate) kind: ObjectKind,
    /// Bytes of the object.
    pub(crate) bytes: i64,
    pub(crate) at: Millis,
}

impl Carried {
    /// `content` of a run, which belongs to the group, was uploaded.
    pub(super) fn add(&mut self, run: RunId, content: &[u8], upload: Upload) {
        self.0.push(((run, address(content)), upload));
    }
}

/// What the groups of a batch carry.
pub(crate) struct Carrying<'batch>(HashMap<(RunId, usize), &'batch Upload>);

impl<'batch> Carrying<'batch> {
    /// Of these groups, which must be the ones whose changes are written.
    pub(crate) fn of(batch: &'batch [Group]) -> Self {
        // Most batches carry nothing, and then nothing is allocated.
        Self(batch.iter().flat_map(|group| &group.carried.0).map(|(key, upload)| (*key, upload)).collect())
    }

    /// Whether there is anything to refer to.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts references in place of the uploaded values of a row of `run`, and calls `met` for each.
    pub(crate) fn refer(&self, run: &RunId, row: &mut [Value<'_>], mut met: impl FnMut(&'batch Upload)) {
        for value in row {
            let content = match value {
                Value::Text(text) => text.as_bytes(),
                Value::Blob(bytes) => bytes,
                Value::Null | Value::Int(_) => continue,
            };
            let Some(upload) = self.0.get(&(*run, address(content))).copied() else { continue };
            *value = match value {
                Value::Text(_) => upload.reference.as_json().into(),
                _ => upload.reference.as_blob().into(),
            };
            met(upload);
        }
    }
}

fn address(content: &[u8]) -> usize {
    content.as_ptr().addr()
}
