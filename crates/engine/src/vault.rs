//! The keystore as an outward service may see it on behalf of one task.

use std::sync::Arc;

use fermata_model::{CallError, WorkspaceId};
use fermata_services::Vault;
use zeroize::Zeroizing;

use crate::keystore::{Keystore, KeystoreError, Place};

/// The namespace of settings and secrets of services.
const NAMESPACE: &str = "global";

/// The keystore of a workspace.
pub(crate) struct WorkspaceVault {
    keystore: Arc<Keystore>,
    workspace: WorkspaceId,
}

impl WorkspaceVault {
    pub(crate) fn new(keystore: Arc<Keystore>, workspace: WorkspaceId) -> Self {
        Self { keystore, workspace }
    }

    fn place(&self, name: &str) -> Result<Place, CallError> {
        Place::new(&self.workspace, NAMESPACE, name).map_err(|error| refused(&error))
    }
}

impl Vault for WorkspaceVault {
    fn value(&self, name: &str) -> Result<Option<String>, CallError> {
        self.keystore.get(&self.place(name)?).map_err(|error| refused(&error))
    }

    fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, CallError> {
        self.keystore.reveal(&self.place(name)?).map_err(|error| refused(&error))
    }
}

fn refused(error: &KeystoreError) -> CallError {
    match error {
        KeystoreError::Store(_) => CallError::passing("keystore_unavailable", error.to_string()),
        _ => CallError::fatal("keystore", error.to_string()),
    }
}
