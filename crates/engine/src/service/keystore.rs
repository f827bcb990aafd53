//! `tools.keystore`: small values that outlive a run. Values are JSON.
//!
//! Reads and writes stay inside, so they answer at once and reach the disk in order.

use std::sync::Arc;

use fermata_model::record::KeystoreKind;
use fermata_model::{CallError, Json, WorkspaceId, json};
use fermata_store::ReadError;
use serde_json::Value;

use super::{Step, arguments, unknown_method};
use crate::clock;
use crate::keystore::{Keystore, KeystoreError, Place};

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
pub(crate) fn step(keystore: &Arc<Keystore>, workspace: &WorkspaceId, method: &str, args: &Json) -> Step {
    match answer(keystore, workspace, method, args) {
        Ok(value) => Step::ok(value),
        Err(error) => Step::error(error),
    }
}

fn answer(
    keystore: &Arc<Keystore>,
    workspace: &WorkspaceId,
    method: &str,
    args: &Json,
) -> Result<Json, CallError> {
    let what = format!("tools.keystore.{method}");
    let place = |namespace: &str, name: &str| Place::new(workspace, namespace, name).map_err(refused);
    match method {
        "get" => {
            let (name,): (String,) = arguments(&what, args)?;
            get(keystore, &place(GLOBAL, &name)?)
        }
        "getKey" => {
            let (namespace, name): (String, String) = arguments(&what, args)?;
            get(keystore, &place(&namespace, &name)?)
        }
        "set" => {
            let (name, value): (String, Json) = arguments(&what, args)?;
            set(keystore, &place(GLOBAL, &name)?, &value)
        }
        "setKey" => {
            let (namespace, name, value): (String, String, Json) = arguments(&what, args)?;
            set(keystore, &place(&namespace, &name)?, &value)
        }
        "has" => {
            let (name,): (String,) = arguments(&what, args)?;
            has(keystore, &place(GLOBAL, &name)?)
        }
        "hasKey" => {
            let (namespace, name): (String, String) = arguments(&what, args)?;
            has(keystore, &place(&namespace, &name)?)
        }
        "delete" => {
            let (name,): (String,) = arguments(&what, args)?;
            let existed = keystore.delete(&place(GLOBAL, &name)?, |_| ()).map_err(refused)?;
            Ok(json::of_value(&existed.into()))
        }
        "list" => list(keystore, workspace, GLOBAL, &prefix(&what, args)?),
        "listKeys" => {
            let (namespace,): (String,) = arguments(&what, args)?;
            list(keystore, workspace, &namespace, "")
        }
        "listNamespaces" => Ok(json::of_value(&keystore.namespaces(workspace).map_err(refused)?.into())),
        "getServerTime" => Ok(json::of_value(&clock::now().into())),
        _ => Err(unknown_method("keystore", method, &METHODS)),
    }
}

/// The optional prefix of `list`.
fn prefix(what: &str, args: &Json) -> Result<String, CallError> {
    let parts: Vec<Option<String>> = arguments(what, args)?;
    Ok(parts.into_iter().next().flatten().unwrap_or_default())
}

fn get(keystore: &Arc<Keystore>, place: &Place) -> Result<Json, CallError> {
    let Some(text) = keystore.get(place).map_err(refused)? else { return Ok(json::null()) };
    // A value that was put in from outside as plain text is a JSON text too.
    Ok(json::parse(text.clone()).unwrap_or_else(|_| json::of_value(&Value::String(text))))
}

fn set(keystore: &Arc<Keystore>, place: &Place, value: &Json) -> Result<Json, CallError> {
    keystore.put(place, KeystoreKind::Value, value.get(), |_| ()).map_err(refused)?;
    Ok(json::null())
}

fn has(keystore: &Arc<Keystore>, place: &Place) -> Result<Json, CallError> {
    Ok(json::of_value(&keystore.has(place).map_err(refused)?.into()))
}

fn list(
    keystore: &Arc<Keystore>,
    workspace: &WorkspaceId,
    namespace: &str,
    prefix: &str,
) -> Result<Json, CallError> {
    let names = keystore.names(workspace, namespace, prefix).map_err(refused)?;
    Ok(json::of_value(&names.into()))
}

fn refused(error: KeystoreError) -> CallError {
    if let KeystoreError::Store(ReadError::Unavailable { .. }) = error {
        return CallError::passing("store_failed", error.to_string());
    }
    let code = match &error {
        KeystoreError::TooLarge { .. } => "value_too_large",
        KeystoreError::BadName(_) => "bad_name",
        KeystoreError::Secret(_) => "secret",
        KeystoreError::Broken(_) => "entry_broken",
        KeystoreError::Store(_) | KeystoreError::Commit(_) => "store_failed",
    };
    CallError::fatal(code, error.to_string())
}
