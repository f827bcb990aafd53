//! Publishing: a text becomes an immutable version of a task.

use std::sync::Arc;

use fermata_model::record::TaskVersion;
use fermata_model::task::{TaskConfig, check_name};
use fermata_model::{Json, VersionId, WorkspaceId, json};
use fermata_store::{Change, CommitError, Notice};
use fermata_vm::{LoadError, source};
use uuid::Uuid;

use crate::api::{Publish, PublishError, Published};
use crate::clock;
use crate::engine::Engine;

/// Times a publish is tried when another publish of the same name came first.
const TRIES_MAX: u32 = 5;

impl Engine {
    /// Checks a text, loads it once to find its task function, and stores it as the next version.
    /// The same text again makes no new version.
    ///
    /// # Errors
    /// [`PublishError`]; then nothing is stored.
    pub async fn publish(
        &self,
        workspace: &WorkspaceId,
        publish: Publish,
    ) -> Result<Published, PublishError> {
        let (engine, workspace) = (self.clone(), workspace.clone());
        let published = tokio::task::spawn_blocking(move || engine.publish_blocking(&workspace, &publish));
        published.await.unwrap_or_else(|error| Err(PublishError::Load(error.to_string())))
    }

    fn publish_blocking(
        &self,
        workspace: &WorkspaceId,
        publish: &Publish,
    ) -> Result<Published, PublishError> {
        let program = source::compile(&publish.file_name, &publish.source).map_err(PublishError::Source)?;
        let baseline = self.inner.vm.load(&program, self.inner.settings.limits).map_err(load_error)?;
        let config = baseline.config().cloned();
        let settings = read_config(config.as_ref())?;
        let name = publish.name.clone().or_else(|| settings.name.clone());
        let name = name.unwrap_or_else(|| stem(&publish.file_name));
        check_name(&name).map_err(PublishError::Name)?;
        let input_schema = settings.input.clone().or_else(|| program.input_schema.clone());
        check_schema(input_schema.as_ref())?;
        let mut version = TaskVersion {
            workspace: workspace.clone(),
            id: VersionId(Uuid::now_v7()),
            name,
            version: 0,
            file_name: publish.file_name.clone(),
            source: publish.source.clone(),
            source_hash: source_hash(publish),
            code: program.code,
            is_module: program.is_module,
            source_map: program.source_map,
            description: settings.description.clone().or(program.description),
            input_schema: input_schema.as_ref().map(json::of_value),
            config,
            created_at: clock::now(),
        };
        for _ in 0..TRIES_MAX {
            match self.store_version(&mut version)? {
                Some(published) => return Ok(published),
                None => version.id = VersionId(Uuid::now_v7()),
            }
        }
        Err(PublishError::Contended)
    }

    /// Stores the version after the present latest one; `None` when another one came first.
    fn store_version(&self, version: &mut TaskVersion) -> Result<Option<Published>, PublishError> {
        let latest = self.inner.store.latest_source(&version.workspace, &version.name);
        let latest = latest.map_err(PublishError::Store)?;
        if let Some(latest) = &latest
            && latest.source_hash == version.source_hash
        {
            let found =
                self.inner.store.task_by_id(&version.workspace, latest.id).map_err(PublishError::Store)?;
            return Ok(found.map(|version| Published { version: Arc::new(version), is_new: false }));
        }
        version.version = latest.map_or(0, |latest| latest.version) + 1;
        match self.inner.store.commit(vec![Change::PutTask(Box::new(version.clone()))]) {
            Ok(()) => {
                let version = Arc::new(version.clone());
                self.inner.programs.published(version.clone());
                let (workspace, name) = (version.workspace.clone(), version.name.clone());
                self.inner.tell(Notice::Task { workspace, name });
                Ok(Some(Published { version, is_new: true }))
            }
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(error) => Err(PublishError::Commit(error)),
        }
    }
}

fn load_error(error: LoadError) -> PublishError {
    match error {
        LoadError::Program(error) => {
            let place = error.stack.as_deref().and_then(|stack| stack.lines().next()).map(str::trim);
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            PublishError::Load(format!("{}: {}{place}", error.name, error.message))
        }
        other => PublishError::Load(other.to_string()),
    }
}

fn read_config(config: Option<&Json>) -> Result<TaskConfig, PublishError> {
    let Some(config) = config else { return Ok(TaskConfig::default()) };
    let settings: TaskConfig =
        serde_json::from_str(config.get()).map_err(|error| PublishError::Config(error.to_string()))?;
    let retries = settings.retries.as_ref();
    let spans = [
        settings.timeout.as_ref(),
        retries.and_then(|retries| retries.backoff.as_ref()),
        retries.and_then(|retries| retries.backoff_max.as_ref()),
    ];
    for span in spans.into_iter().flatten() {
        span.ms().map_err(|error| PublishError::Config(error.to_string()))?;
    }
    Ok(settings)
}

fn check_schema(schema: Option<&serde_json::Value>) -> Result<(), PublishError> {
    let Some(schema) = schema else { return Ok(()) };
    jsonschema::validator_for(schema)
        .map(drop)
        .map_err(|error| PublishError::Config(format!("the input schema is not one: {error}")))
}

/// The file's name without folder and extension.
fn stem(file_name: &str) -> String {
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    stem.to_owned()
}

fn source_hash(publish: &Publish) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(publish.file_name.as_bytes()).update(b"\0").update(publish.source.as_bytes());
    *hasher.finalize().as_bytes()
}
