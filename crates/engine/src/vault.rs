//! The keystore as an outward call of one task may use it.

use std::sync::Arc;

use fermata_connect::egress::{SecretError, Secrets};
use fermata_model::{CallError, WorkspaceId};
use fermata_services::Vault;
use fermata_store::ReadError;
use zeroize::Zeroizing;

use crate::keystore::{Keystore, KeystoreError, Place, Revealed, User};

/// The namespace of settings and secrets of services.
const NAMESPACE: &str = "global";

/// The keystore of a workspace, with what one task was granted of it.
pub(crate) struct TaskVault {
    keystore: Arc<Keystore>,
    workspace: WorkspaceId,
    task: String,
}

impl TaskVault {
    pub(crate) fn new(keystore: Arc<Keystore>, workspace: WorkspaceId, task: String) -> Self {
        Self { keystore, workspace, task }
    }

    fn place(&self, name: &str) -> Result<Place, KeystoreError> {
        Place::new(&self.workspace, NAMESPACE, name)
    }

    fn reveal(&self, name: &str) -> Result<Option<Revealed>, KeystoreError> {
        self.keystore.reveal(&self.place(name)?, &self.task)
    }
}

impl Vault for TaskVault {
    fn value(&self, name: &str) -> Result<Option<String>, CallError> {
        let place = self.place(name).map_err(|error| refused(&error))?;
        let found = self.keystore.get(&place, User::Task(&self.task)).map_err(|error| refused(&error))?;
        // A setting is text; it was put in as a JSON text or as it is.
        Ok(found.map(|text| serde_json::from_str::<String>(&text).unwrap_or(text)))
    }

    fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>, CallError> {
        let found = self.reveal(name).map_err(|error| refused(&error))?;
        Ok(found.map(|revealed| revealed.value))
    }
}

impl Secrets for TaskVault {
    fn reveal(&self, name: &str, host: &str) -> Result<Zeroizing<String>, SecretError> {
        let name_of = || name.to_owned();
        match TaskVault::reveal(self, name) {
            Ok(Some(revealed)) if revealed.is_bound_to(host) => Ok(revealed.value),
            Ok(Some(_)) => Err(SecretError::NotBound { name: name_of(), host: host.to_owned() }),
            Ok(None) | Err(KeystoreError::BadName(_)) => Err(SecretError::Unknown { name: name_of() }),
            Err(KeystoreError::NotGranted(_)) => Err(SecretError::NotGranted { name: name_of() }),
            Err(_) => Err(SecretError::Unavailable { name: name_of() }),
        }
    }

    fn may_go_unencrypted(&self, name: &str, host: &str) -> bool {
        matches!(TaskVault::reveal(self, name), Ok(Some(revealed)) if revealed.may_go_unencrypted_to(host))
    }
}

fn refused(error: &KeystoreError) -> CallError {
    match error {
        KeystoreError::Store(ReadError::Unavailable { .. }) => {
            CallError::passing("keystore_unavailable", error.to_string())
        }
        KeystoreError::NotGranted(_) => CallError::fatal("not_granted", error.to_string()),
        _ => CallError::fatal("keystore", error.to_string()),
    }
}
