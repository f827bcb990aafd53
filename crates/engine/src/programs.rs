//! Task versions in memory: text, settings, input schema, and the loaded baseline.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fermata_connect::egress::HostPattern;
use fermata_model::record::TaskVersion;
use fermata_model::task::TaskConfig;
use fermata_model::{Json, Limits, VersionId, WorkspaceId};
use fermata_store::{ReadError, Store};
use fermata_vm as vm;

use crate::api::InputFault;
use crate::policies::patterns;

/// Most versions kept in memory; the least recently used leave.
const PROGRAMS_MAX: usize = 128;
/// Most places named when an input does not fit its schema.
const FAULTS_MAX: usize = 20;

/// A task version, ready to run.
pub(crate) struct Program {
    pub(crate) version: Arc<TaskVersion>,
    pub(crate) config: TaskConfig,
    /// The hosts that it declares, if it does.
    pub(crate) hosts: Option<Vec<HostPattern>>,
    validator: Option<jsonschema::Validator>,
    source: vm::source::Program,
    /// Loaded on the present engine build.
    baseline: Mutex<Option<Arc<vm::Baseline>>>,
}

impl Program {
    /// Prepares a version. A schema or config that does not read is ignored: publishing checked it.
    pub(crate) fn new(version: Arc<TaskVersion>) -> Self {
        let schema = version.input_schema.as_ref().and_then(|schema| serde_json::from_str(schema.get()).ok());
        let config = version.config.as_ref().and_then(|config| serde_json::from_str(config.get()).ok());
        let config: TaskConfig = config.unwrap_or_default();
        let hosts = config.allow.as_ref().and_then(|allow| allow.hosts.as_deref()).map(patterns);
        let source = vm::source::Program {
            file_name: version.file_name.clone(),
            code: version.code.clone(),
            is_module: version.is_module,
            source_map: version.source_map.clone(),
            description: None,
            input_schema: None,
        };
        Self {
            validator: schema.and_then(|schema: serde_json::Value| jsonschema::validator_for(&schema).ok()),
            config,
            hosts,
            source,
            version,
            baseline: Mutex::default(),
        }
    }

    /// Where `input` does not fit the schema.
    pub(crate) fn faults(&self, input: &Json) -> Vec<InputFault> {
        let Some(validator) = &self.validator else { return Vec::new() };
        let value: serde_json::Value = match serde_json::from_str(input.get()) {
            Ok(value) => value,
            Err(error) => return vec![InputFault { pointer: String::new(), message: error.to_string() }],
        };
        let fault = |error: jsonschema::ValidationError<'_>| InputFault {
            pointer: error.instance_path().to_string(),
            message: error.to_string(),
        };
        validator.iter_errors(&value).take(FAULTS_MAX).map(fault).collect()
    }

    /// The baseline on the present engine build.
    pub(crate) fn baseline(
        &self,
        engine: &vm::Engine,
        limits: Limits,
    ) -> Result<Arc<vm::Baseline>, vm::LoadError> {
        let mut kept = self.baseline.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(baseline) = &*kept {
            return Ok(baseline.clone());
        }
        let baseline = engine.load(&self.source, limits)?;
        *kept = Some(baseline.clone());
        Ok(baseline)
    }

    /// The baseline on the engine build of a checkpoint.
    pub(crate) fn baseline_on(
        &self,
        engine: &vm::Engine,
        build: [u8; 32],
        limits: Limits,
    ) -> Result<Arc<vm::Baseline>, vm::LoadError> {
        if engine.hash().0 == build {
            return self.baseline(engine, limits);
        }
        engine.load_on(vm::EngineHash(build), &self.source, limits)
    }

    /// Gives up the idle VMs.
    pub(crate) fn cool(&self) {
        if let Some(baseline) = &*self.baseline.lock().unwrap_or_else(PoisonError::into_inner) {
            baseline.cool();
        }
    }
}

/// The versions in memory.
#[derive(Default)]
pub(crate) struct Programs {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_id: HashMap<VersionId, (Arc<Program>, u64)>,
    latest: HashMap<(WorkspaceId, String), VersionId>,
    uses: u64,
}

impl Programs {
    /// The latest or a given version of a task.
    pub(crate) fn by_name(
        &self,
        store: &Store,
        workspace: &WorkspaceId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<Arc<Program>>, ReadError> {
        if version.is_none()
            && let Some(program) = self.latest(workspace, name)
        {
            return Ok(Some(program));
        }
        let Some(found) = store.task(workspace, name, version)? else { return Ok(None) };
        Ok(Some(self.keep(Arc::new(found), version.is_none())))
    }

    /// The latest version of a task, if it is in memory.
    pub(crate) fn kept(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        version: Option<u32>,
    ) -> Option<Arc<Program>> {
        if version.is_some() { None } else { self.latest(workspace, name) }
    }

    /// The version with this id.
    pub(crate) fn by_id(
        &self,
        store: &Store,
        workspace: &WorkspaceId,
        id: VersionId,
    ) -> Result<Option<Arc<Program>>, ReadError> {
        if let Some(program) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).find(id) {
            return Ok(Some(program));
        }
        Ok(store.task_by_id(workspace, id)?.map(|version| self.keep(Arc::new(version), false)))
    }

    /// A version was published: from here on it is the latest.
    pub(crate) fn published(&self, version: Arc<TaskVersion>) {
        self.keep(version, true);
    }

    /// Which version of a task is the latest has to be asked anew.
    pub(crate) fn forget_latest(&self, workspace: &WorkspaceId, name: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.latest.remove(&(workspace.clone(), name.to_owned()));
    }

    /// Which version is the latest has to be asked anew, of all tasks.
    pub(crate) fn forget_all_latest(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).latest.clear();
    }

    /// Gives up the idle VMs of all versions.
    pub(crate) fn cool(&self) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_id.values().for_each(|(program, _)| program.cool());
    }

    fn latest(&self, workspace: &WorkspaceId, name: &str) -> Option<Arc<Program>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let id = *kept.latest.get(&(workspace.clone(), name.to_owned()))?;
        kept.find(id)
    }

    fn keep(&self, version: Arc<TaskVersion>, is_latest: bool) -> Arc<Program> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if is_latest {
            kept.latest.insert((version.workspace.clone(), version.name.clone()), version.id);
        }
        if let Some(program) = kept.find(version.id) {
            return program;
        }
        let program = Arc::new(Program::new(version));
        kept.add(program.clone());
        program
    }
}

impl Kept {
    fn find(&mut self, id: VersionId) -> Option<Arc<Program>> {
        self.uses += 1;
        let uses = self.uses;
        let (program, used) = self.by_id.get_mut(&id)?;
        *used = uses;
        Some(program.clone())
    }

    fn add(&mut self, program: Arc<Program>) {
        if self.by_id.len() >= PROGRAMS_MAX
            && let Some(oldest) = self.by_id.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id)
        {
            self.by_id.remove(&oldest);
            self.latest.retain(|_, id| *id != oldest);
        }
        self.by_id.insert(program.version.id, (program, self.uses));
    }
}
