//! Tasks over the wire.

use fermata_engine::{Publish, Published};
use fermata_model::VersionId;
use fermata_model::record::TaskVersion;
use fermata_store::TaskSummary;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{Time, raw};

/// A text to publish as a task.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishTask {
    /// The author's file name; its extension says the language.
    #[schema(example = "hello.ts")]
    file_name: String,
    /// The text.
    source: String,
    /// The task's name; without one `config.name`, or the file name without its extension.
    name: Option<String>,
}

impl From<PublishTask> for Publish {
    fn from(request: PublishTask) -> Self {
        Self { file_name: request.file_name, source: request.source, name: request.name }
    }
}

/// A version of a task.
#[derive(Serialize, ToSchema)]
pub(crate) struct Task<'a> {
    /// Name of the task.
    name: &'a str,
    /// 1 for the first publish of the name, then 2, 3 …
    version: u32,
    /// Identity of the version: `ver_` and 32 hex digits.
    #[schema(value_type = String)]
    id: VersionId,
    /// The author's file name.
    file_name: &'a str,
    /// What the task does.
    description: Option<&'a str>,
    /// JSON Schema of the input.
    #[schema(value_type = serde_json::Value)]
    input_schema: Option<&'a RawValue>,
    /// The `config` the task exports.
    #[schema(value_type = serde_json::Value)]
    config: Option<&'a RawValue>,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// The text as it was published. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    /// False when the same text was the latest already. In the answer to a publish only.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_new: Option<bool>,
}

impl<'a> From<&'a TaskVersion> for Task<'a> {
    fn from(task: &'a TaskVersion) -> Self {
        Self {
            name: &task.name,
            version: task.version,
            id: task.id,
            file_name: &task.file_name,
            description: task.description.as_deref(),
            input_schema: task.input_schema.as_ref().map(raw),
            config: task.config.as_ref().map(raw),
            created_at: Time(task.created_at),
            source: Some(&task.source),
            is_new: None,
        }
    }
}

impl<'a> From<&'a Published> for Task<'a> {
    fn from(published: &'a Published) -> Self {
        Self { source: None, is_new: Some(published.is_new), ..Self::from(&*published.version) }
    }
}

impl<'a> From<&'a TaskSummary> for Task<'a> {
    fn from(task: &'a TaskSummary) -> Self {
        Self {
            name: &task.name,
            version: task.version,
            id: task.id,
            file_name: &task.file_name,
            description: task.description.as_deref(),
            input_schema: task.input_schema.as_ref().map(raw),
            config: task.config.as_ref().map(raw),
            created_at: Time(task.created_at),
            source: None,
            is_new: None,
        }
    }
}
