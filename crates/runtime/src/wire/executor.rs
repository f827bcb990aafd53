//! The shapes of `/quickjs-executor`, the older push form.

use fermata_model::{RunId, RunStatus, WorkspaceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which record is to be processed. Fields that are not known are passed over: a trigger may send a whole row.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushRun {
    /// Id of the run: a UUID, with or without `run_`, or the bytes as PostgreSQL writes them (`\x…`). Also taken
    /// as `stack_run_id`, `runId`, `run_id`, `taskRunId` and `id`.
    #[serde(alias = "stack_run_id", alias = "runId", alias = "run_id", alias = "taskRunId", alias = "id")]
    #[schema(example = "0198c0de-7a3b-7c51-a2f0-4c1f9d6e2b10")]
    stack_run_id: String,
    /// The run's workspace, `default` when nothing is said.
    #[schema(example = "default")]
    workspace: Option<String>,
}

impl PushRun {
    /// The run, if the text is an id.
    pub(crate) fn run(&self) -> Option<RunId> {
        let text = self.stack_run_id.as_str();
        text.strip_prefix("\\x").unwrap_or(text).parse().ok()
    }

    /// The run's workspace, if the text can be the name of one.
    pub(crate) fn workspace(&self) -> Option<WorkspaceId> {
        self.workspace
            .as_deref()
            .map_or_else(|| Some(WorkspaceId::default_workspace()), |text| text.parse().ok())
    }
}

/// The run that is worked on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushedRun {
    /// Its id.
    #[schema(value_type = String)]
    pub(crate) stack_run_id: RunId,
    /// Where it stood when it was pushed.
    #[schema(value_type = String, example = "queued")]
    pub(crate) status: RunStatus,
}

#[cfg(test)]
mod tests {
    use super::PushRun;

    #[test]
    fn an_id_is_read_however_a_database_writes_it() {
        let hex = "0198c0de7a3b7c51a2f04c1f9d6e2b10";
        for (field, id) in [
            ("stackRunId", format!("run_{hex}")),
            ("stack_run_id", hex.to_owned()),
            ("runId", "0198c0de-7a3b-7c51-a2f0-4c1f9d6e2b10".to_owned()),
            ("run_id", format!("\\\\x{hex}")),
        ] {
            let body = format!(r#"{{"{field}":"{id}","more":1}}"#);
            let pushed: PushRun = serde_json::from_str(&body).unwrap();
            assert_eq!(pushed.run().unwrap().to_string(), format!("run_{hex}"), "{body}");
        }
    }
}
