//! Keystore entries over the wire. Values only ever come in.

use std::borrow::Cow;

use fermata_model::grants::TaskPattern;
use fermata_model::record::{self, KeystoreKind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Time;
use crate::problem::Problem;

/// An entry of the keystore, without its value.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeystoreEntry<'a> {
    /// Group of names.
    namespace: &'a str,
    /// Name in the namespace.
    name: &'a str,
    /// `value`: a granted task may read it. `secret`: a task only ever holds a reference to it.
    #[schema(value_type = String, example = "secret")]
    kind: KeystoreKind,
    /// Rises by one with each change.
    version: u32,
    /// Tasks that may use it: names, the beginning of names with `*`, or `*`.
    #[schema(value_type = Vec<String>, example = json!(["*"]))]
    tasks: &'a [TaskPattern],
    /// Hosts that a secret may be sent to: names, `*.domain` or `*`; `http://` before a name, unencrypted too.
    hosts: &'a [String],
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// When it was last used on behalf of a task, if ever; up to some seconds late.
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Time>,
}

impl<'a> From<&'a record::KeystoreEntry> for KeystoreEntry<'a> {
    fn from(entry: &'a record::KeystoreEntry) -> Self {
        Self {
            namespace: &entry.namespace,
            name: &entry.name,
            kind: entry.kind,
            version: entry.version,
            tasks: &entry.grants.tasks,
            hosts: &entry.grants.hosts,
            updated_at: Time(entry.updated_at),
            used_at: entry.used_at.map(Time),
        }
    }
}

/// A value to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutKeystoreEntry {
    /// A secret is text. A value is any JSON; a task reads it as it was put in.
    #[schema(value_type = serde_json::Value)]
    value: Box<RawValue>,
    /// `secret`, unless a task is to read it: then `value`.
    #[serde(default = "secret")]
    #[schema(value_type = String, example = "secret")]
    pub(crate) kind: KeystoreKind,
    /// Tasks that may use it: names, the beginning of names with `*`, or `*`. Without it those of the
    /// entry before stay; a new entry may be used by all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, example = json!(["billing/*"]))]
    pub(crate) tasks: Option<Vec<TaskPattern>>,
    /// Hosts that a secret may be sent to: names, `*.domain` or `*`; `http://` before a name where it may go
    /// unencrypted. Without it those of the entry before stay; a new secret may be sent nowhere.
    #[serde(default)]
    #[schema(example = json!(["api.example.com"]))]
    pub(crate) hosts: Option<Vec<String>>,
    /// The version that the entry must have to be written over, 0 when it must not be there yet. Without it any.
    #[serde(default)]
    #[schema(example = 3)]
    pub(crate) expected_version: Option<u32>,
}

impl PutKeystoreEntry {
    /// The text to keep: a value's JSON, the secret itself.
    pub(crate) fn text(&self) -> Result<Cow<'_, str>, Problem> {
        match self.kind {
            KeystoreKind::Value => Ok(self.value.get().into()),
            KeystoreKind::Secret => {
                serde_json::from_str::<String>(self.value.get()).map(Cow::Owned).map_err(|_| {
                    Problem::body("/value", "A secret is text; a value of another type needs kind \"value\"")
                })
            }
        }
    }
}

/// The kind nobody regrets when they did not think about it.
fn secret() -> KeystoreKind {
    KeystoreKind::Secret
}

/// An entry that was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct WrittenKeystoreEntry<'a> {
    /// Group of names.
    pub(crate) namespace: &'a str,
    /// Name in the namespace.
    pub(crate) name: &'a str,
    /// `value` or `secret`.
    #[schema(value_type = String, example = "secret")]
    pub(crate) kind: KeystoreKind,
    /// Rises by one with each change.
    pub(crate) version: u32,
}

/// A version of a keystore entry, without its value.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeystoreVersion<'a> {
    /// Its number.
    version: u32,
    /// `value` or `secret`, as it was then.
    #[schema(value_type = String, example = "secret")]
    kind: KeystoreKind,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// The task that wrote it; null when it came through the API, or when that is not known.
    #[schema(required)]
    written_by: Option<&'a str>,
}

impl<'a> From<&'a record::KeystoreEntry> for KeystoreVersion<'a> {
    fn from(entry: &'a record::KeystoreEntry) -> Self {
        Self {
            version: entry.version,
            kind: entry.kind,
            created_at: Time(entry.updated_at),
            written_by: entry.written_by.as_deref(),
        }
    }
}

/// Which version to put back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreKeystoreEntry {
    /// The earlier version.
    #[schema(example = 3)]
    pub(crate) version: u32,
    /// The version that the entry must have to be written over. Without it any.
    #[serde(default)]
    #[schema(example = 5)]
    pub(crate) expected_version: Option<u32>,
}
