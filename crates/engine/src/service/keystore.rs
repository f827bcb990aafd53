//! `tools.keystore`: small values that outlive a run. Values are JSON.
//!
//! Reads and writes stay inside, so they answer at once and reach the disk in order.

use std::sync::Arc;

use fermata_model::record::KeystoreKind;
use fermata_model::{CallError, Json, Millis, WorkspaceId, json};
use fermata_services::Registry;
use fermata_store::ReadError;
use serde_json::Value;

use super::{Step, arguments, unknown_method};
use crate::inner::Inner;
use crate::keystore::{Keystore, KeystoreError, KeystorePut, Place, User, open_namespace};

/// The namespace when a task names none.
const GLOBAL: &str = "global";
const METHODS: [&str; 11] = [
    "get",
    "set",
    "list",
    "has",
    "delete",
    "getKey",
    "setKey",
    "listKeys",
    "hasKey",
    "listNamespaces",
    "getServerTime",
];

/// What a call of this service leads to.
pub(crate) fn step(inner: &Inner, workspace: &WorkspaceId, task: &str, method: &str, args: &Json) -> Step {
    let Inner { keystore, services, .. } = inner;
    let now = inner.clock.now();
    match answer(&Access { keystore, services, workspace, user: User::Task(task), now }, method, args) {
        Ok(value) => Step::ok(value),
        Err(error) => Step::error(error),
    }
}

/// The keystore of a workspace, as one task sees it.
struct Access<'a> {
    keystore: &'a Arc<Keystore>,
    services: &'a Registry,
    workspace: &'a WorkspaceId,
    user: User<'a>,
    now: Millis,
}

fn answer(access: &Access<'_>, method: &str, args: &Json) -> Result<Json, CallError> {
    match Wanted::read(access.workspace, method, args)? {
        Wanted::Get(place) => access.get(&place),
        Wanted::Set(place, value) => access.set(&place, &value),
        Wanted::Has(place) => access.has(&place),
        Wanted::Delete(place) => access.delete(&place),
        Wanted::Names { namespace, prefix } => access.list(&namespace, &prefix),
        Wanted::Namespaces => {
            Ok(json::of_value(&access.keystore.namespaces(access.workspace).map_err(refused)?.into()))
        }
        Wanted::Time => Ok(json::of_value(&access.now.into())),
    }
}

/// Refuses a call that could not be performed, whatever the keystore holds.
///
/// # Errors
/// As performing it.
pub(crate) fn check(workspace: &WorkspaceId, method: &str, args: &Json) -> Result<(), CallError> {
    Wanted::read(workspace, method, args).map(drop)
}

/// What a call wants of the keystore.
enum Wanted {
    Get(Place),
    Set(Place, Json),
    Has(Place),
    Delete(Place),
    Names { namespace: String, prefix: String },
    Namespaces,
    Time,
}

impl Wanted {
    fn read(workspace: &WorkspaceId, method: &str, args: &Json) -> Result<Self, CallError> {
        let what = format!("tools.keystore.{method}");
        let place = |namespace: &str, name: &str| Place::open(workspace, namespace, name).map_err(refused);
        let named = || arguments(&what, args).and_then(|(name,): (String,)| place(GLOBAL, &name));
        let placed =
            || arguments(&what, args).and_then(|(space, name): (String, String)| place(&space, &name));
        match method {
            "get" => named().map(Self::Get),
            "getKey" => placed().map(Self::Get),
            "has" => named().map(Self::Has),
            "hasKey" => placed().map(Self::Has),
            "delete" => named().map(Self::Delete),
            "set" => {
                let (name, value): (String, Json) = arguments(&what, args)?;
                Ok(Self::Set(place(GLOBAL, &name)?, value))
            }
            "setKey" => {
                let (namespace, name, value): (String, String, Json) = arguments(&what, args)?;
                Ok(Self::Set(place(&namespace, &name)?, value))
            }
            "list" => Ok(Self::Names { namespace: GLOBAL.to_owned(), prefix: prefix(&what, args)? }),
            "listKeys" => {
                let (namespace,): (String,) = arguments(&what, args)?;
                open_namespace(&namespace).map_err(refused)?;
                Ok(Self::Names { namespace, prefix: String::new() })
            }
            "listNamespaces" => Ok(Self::Namespaces),
            "getServerTime" => Ok(Self::Time),
            _ => Err(unknown_method("keystore", method, &METHODS)),
        }
    }
}

/// The optional prefix of `list`.
fn prefix(what: &str, args: &Json) -> Result<String, CallError> {
    let parts: Vec<Option<String>> = arguments(what, args)?;
    Ok(parts.into_iter().next().flatten().unwrap_or_default())
}

impl Access<'_> {
    fn get(&self, place: &Place) -> Result<Json, CallError> {
        let found = self.keystore.get(place, self.user).map_err(refused)?;
        let Some(text) = found else { return Ok(json::null()) };
        // A value that was put in from outside as plain text is a JSON text too.
        Ok(json::parse(text.clone()).unwrap_or_else(|_| json::of_value(&Value::String(text))))
    }

    /// Tasks do not steer where services send credentials.
    fn may_change(&self, place: &Place) -> Result<(), CallError> {
        if place.namespace != GLOBAL || !self.services.is_setting(&place.name) {
            return Ok(());
        }
        let message = format!("{} is a setting of a service: tasks cannot change it", place.name);
        Err(CallError::fatal("not_granted", message))
    }

    fn set(&self, place: &Place, value: &Json) -> Result<Json, CallError> {
        self.may_change(place)?;
        let (kind, value) = (KeystoreKind::Value, value.get());
        let new = KeystorePut { kind, value, tasks: None, hosts: None, over: None };
        self.keystore.put(place, self.user, new, |_| ()).map_err(refused)?;
        Ok(json::null())
    }

    fn has(&self, place: &Place) -> Result<Json, CallError> {
        Ok(json::of_value(&self.keystore.has(place, self.user).map_err(refused)?.into()))
    }

    fn delete(&self, place: &Place) -> Result<Json, CallError> {
        self.may_change(place)?;
        let existed = self.keystore.delete(place, self.user, |_| ()).map_err(refused)?;
        Ok(json::of_value(&existed.into()))
    }

    fn list(&self, namespace: &str, prefix: &str) -> Result<Json, CallError> {
        let names = self.keystore.names(self.workspace, namespace, prefix, self.user).map_err(refused)?;
        Ok(json::of_value(&names.into()))
    }
}

fn refused(error: KeystoreError) -> CallError {
    if let KeystoreError::Store(ReadError::Unavailable { .. }) = error {
        return CallError::passing("store_failed", error.to_string());
    }
    let code = match &error {
        KeystoreError::TooLarge { .. } => "value_too_large",
        KeystoreError::BadName(_) => "bad_name",
        KeystoreError::Secret(_) => "secret",
        KeystoreError::NotGranted(_) => "not_granted",
        KeystoreError::BadGrants(_) => "bad_grants",
        KeystoreError::BadPolicy(_) => "bad_policy",
        // Only those outside ask for versions.
        KeystoreError::Unknown { .. } | KeystoreError::UnknownVersion { .. } => "unknown",
        KeystoreError::OtherVersion { .. } => "other_version",
        KeystoreError::Broken(_) => "entry_broken",
        KeystoreError::Store(_) | KeystoreError::Commit(_) => "store_failed",
    };
    CallError::fatal(code, error.to_string())
}
