//! Writing keystore entries, and the policy that lies among them, on behalf of those outside: they are
//! answered once it is on disk.

use fermata_model::WorkspaceId;
use fermata_model::policy::WorkspacePolicy;
use fermata_store::{CommitError, Done};
use tokio::sync::oneshot;

use super::Engine;
use crate::keystore::{KeystoreError, KeystorePut, KeystoreRestored, Place, User};

/// How often a write is made anew because another node was faster.
const TRIES_MAX: u32 = 20;

impl Engine {
    /// Writes a keystore entry; answers its version.
    ///
    /// # Errors
    /// [`KeystoreError`] when the value or a name is not allowed, the entry has another version than it may
    /// be written over, or it is not written.
    pub async fn keystore_put(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        name: &str,
        new: KeystorePut<'_>,
    ) -> Result<u32, KeystoreError> {
        let place = Place::open(workspace, namespace, name)?;
        written(|done| self.inner.keystore.put(&place, User::Owner, new.clone(), done)).await
    }

    /// Deletes a keystore entry with its history; says whether there was one.
    ///
    /// # Errors
    /// [`KeystoreError`] when a name is not allowed or the change is not written.
    pub async fn keystore_delete(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        name: &str,
    ) -> Result<bool, KeystoreError> {
        let place = Place::open(workspace, namespace, name)?;
        written(|done| self.inner.keystore.delete(&place, User::Owner, done)).await
    }

    /// Makes an earlier version of a keystore entry the newest one. With `over`, only over that version.
    ///
    /// # Errors
    /// [`KeystoreError`] when there is no such entry or version, the entry has another version than `over`,
    /// or it is not written.
    pub async fn keystore_restore(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        name: &str,
        version: u32,
        over: Option<u32>,
    ) -> Result<KeystoreRestored, KeystoreError> {
        let place = Place::open(workspace, namespace, name)?;
        written(|done| self.inner.keystore.restore(&place, version, over, done)).await
    }

    /// Forgets all versions of a keystore entry but the one that counts.
    ///
    /// # Errors
    /// [`KeystoreError`] when there is no such entry or the change is not written.
    pub async fn keystore_purge(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        name: &str,
    ) -> Result<(), KeystoreError> {
        let place = Place::open(workspace, namespace, name)?;
        written(|done| self.inner.keystore.purge(&place, done)).await
    }

    /// Replaces what the tasks of a workspace may call. It counts on all nodes within a second.
    ///
    /// # Errors
    /// [`KeystoreError`] when it is not well put or not written.
    pub async fn put_policy(
        &self,
        workspace: &WorkspaceId,
        policy: &WorkspacePolicy,
    ) -> Result<(), KeystoreError> {
        written(|done| self.inner.policies.put(workspace, policy, done)).await
    }
}

/// Writes, and waits until that is on disk; again when another node wrote the same entry meanwhile.
async fn written<T>(mut write: impl FnMut(Done) -> Result<T, KeystoreError>) -> Result<T, KeystoreError> {
    let mut tries = 1;
    loop {
        let (tell, told) = oneshot::channel();
        let answer = write(Box::new(move |fate| drop(tell.send(fate))))?;
        match told.await.unwrap_or(Err(CommitError::Closed)).map_err(KeystoreError::Commit) {
            Err(error) if error.lost_race() && tries < TRIES_MAX => tries += 1,
            fate => return fate.map(|()| answer),
        }
    }
}
