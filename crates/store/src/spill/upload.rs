//! The way in: large values of a group become objects before the group is queued.

use std::sync::Arc;

use bytes::Bytes;
use fermata_model::record::{CallState, Outcome};
use fermata_model::seal::{Key, NONCE_BYTES};
use fermata_model::{Json, RunId, WorkspaceId};
use rand::RngCore;

use super::cache::Content;
use super::carried::{Carried, Upload};
use super::reference::{BLOB_PREFIX, ObjectKind, Reference};
use super::{INLINE_BYTES_MAX, Spill};
use crate::change::Change;
use crate::error::{CommitError, ReadError};
use crate::objects::ObjectName;

/// A value of a group that is too large for a row.
struct Large<'a> {
    workspace: &'a WorkspaceId,
    run: &'a RunId,
    value: LargeValue<'a>,
}

#[derive(Clone, Copy)]
enum LargeValue<'a> {
    Payload(&'a Json),
    Checkpoint(&'a [u8]),
}

impl Spill {
    /// Whether something of these changes is to be uploaded.
    pub(crate) fn has_large(&self, changes: &[Change]) -> bool {
        self.is_used && changes.iter().any(|change| !large_of(change).is_empty())
    }

    /// Writes the large values of these changes to the object store. Always writes: what was there a
    /// moment ago may have been removed since.
    pub(crate) fn upload(
        &self,
        changes: &[Change],
        key: impl Fn(&WorkspaceId) -> Result<Key, ReadError>,
    ) -> Result<Carried, CommitError> {
        let (mut carried, mut objects, mut contents) = (Carried::default(), Vec::new(), Vec::new());
        let at = crate::open::now();
        for large in changes.iter().flat_map(|change| large_of(change).into_iter()) {
            let key = key(large.workspace).map_err(failed)?;
            let (reference, content) = large.refer(&key);
            let (sealed, kept) = large.object(&key, &reference.name);
            let bytes = i64::try_from(sealed.len()).unwrap_or(i64::MAX);
            objects.push((reference.name.clone(), sealed));
            contents.push((reference.name.clone(), kept));
            carried.add(*large.run, content, Upload { reference, kind: large.kind(), bytes, at });
        }
        self.objects().and_then(|place| place.put_many(objects)).map_err(failed)?;
        let mut cache = self.cache();
        contents.into_iter().for_each(|(name, content)| cache.put(&name, content));
        Ok(carried)
    }
}

impl<'a> Large<'a> {
    fn kind(&self) -> ObjectKind {
        match self.value {
            LargeValue::Payload(_) => ObjectKind::Payload,
            LargeValue::Checkpoint(_) => ObjectKind::Checkpoint,
        }
    }

    fn refer(&self, key: &Key) -> (Reference, &'a [u8]) {
        let content = match self.value {
            LargeValue::Payload(json) => json.get().as_bytes(),
            LargeValue::Checkpoint(sealed) => sealed,
        };
        (Reference::of(key, self.workspace, self.run, self.kind(), content), content)
    }

    /// The bytes of the object, and what is kept of it in memory.
    fn object(&self, key: &Key, name: &ObjectName) -> (Bytes, Content) {
        match self.value {
            LargeValue::Payload(json) => {
                (seal(key, name, json.get().as_bytes()), Content::Json(json.clone()))
            }
            LargeValue::Checkpoint(sealed) => {
                let sealed = Bytes::copy_from_slice(sealed);
                (sealed.clone(), Content::Bytes(sealed))
            }
        }
    }
}

/// Seals a payload for the place where it will lie.
fn seal(key: &Key, name: &ObjectName, plain: &[u8]) -> Bytes {
    let mut nonce = [0; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    key.derive("objects").seal(nonce, seal_place(name).as_bytes(), plain).into()
}

/// What a payload's sealing is bound to.
pub(super) fn seal_place(name: &ObjectName) -> String {
    format!("object/{name}")
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> CommitError {
    CommitError::Objects { source: Arc::new(source) }
}

/// The large values of a change; there are at most two.
fn large_of(change: &Change) -> Found<'_> {
    let mut found = Found::default();
    match change {
        Change::InsertRun(run) => {
            let (workspace, id) = (&run.birth.workspace, &run.birth.id);
            found.payload(workspace, id, &run.birth.input);
            run.state.result.iter().for_each(|result| found.payload(workspace, id, result));
        }
        Change::UpdateRun { workspace, id, state } => {
            state.result.iter().for_each(|result| found.payload(workspace, id, result));
        }
        Change::InsertCall(call) => {
            found.payload(&call.workspace, &call.run, &call.birth.args);
            found.outcome(&call.workspace, &call.run, &call.state);
        }
        Change::UpdateCall { workspace, run, state, .. }
        | Change::EndChildCall { workspace, run, state, .. }
        | Change::EndCall { workspace, run, state, .. } => found.outcome(workspace, run, state),
        Change::PutSentEvent { workspace, run, event } => found.payload(workspace, run, &event.payload),
        Change::PutCheckpoint { workspace, run, checkpoint, .. } => {
            let sealed = checkpoint.sealed.as_slice();
            if sealed.len() > INLINE_BYTES_MAX || sealed.starts_with(BLOB_PREFIX) {
                found.add(Large { workspace, run, value: LargeValue::Checkpoint(sealed) });
            }
        }
        _ => {}
    }
    found
}

#[derive(Default)]
struct Found<'a>([Option<Large<'a>>; 2]);

impl<'a> Found<'a> {
    fn payload(&mut self, workspace: &'a WorkspaceId, run: &'a RunId, json: &'a Json) {
        if json.get().len() > INLINE_BYTES_MAX {
            self.add(Large { workspace, run, value: LargeValue::Payload(json) });
        }
    }

    fn outcome(&mut self, workspace: &'a WorkspaceId, run: &'a RunId, state: &'a CallState) {
        if let Some(Outcome::Ok(result)) = &state.outcome {
            self.payload(workspace, run, result);
        }
    }

    fn add(&mut self, large: Large<'a>) {
        let free = self.0.iter_mut().find(|place| place.is_none());
        *free.expect("no change has more than two values") = Some(large);
    }

    fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    fn into_iter(self) -> impl Iterator<Item = Large<'a>> {
        self.0.into_iter().flatten()
    }
}
