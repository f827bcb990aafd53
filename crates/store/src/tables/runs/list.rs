//! Lists of runs: what they filter by, what they show, how they are counted.

use fermata_model::record::ParentCall;
use fermata_model::usage::Used;
use fermata_model::{Millis, RunError, RunId, RunStatus, VersionId, WorkspaceId};

use super::{read_parent, read_used};
use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::{Value, values};

/// Which runs a list shows. Everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// In one of these states; in any when empty.
    pub status: Vec<RunStatus>,
    /// Of this task.
    pub task: Option<String>,
    /// Started by this run.
    pub parent: Option<RunId>,
    /// Below this run, at any depth; the run itself is not.
    pub root: Option<RunId>,
    /// Accepted at this moment or later.
    pub created_after: Option<Millis>,
    /// Accepted before this moment.
    pub created_before: Option<Millis>,
}

/// A run without its input and result, which may be large.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// Identity.
    pub id: RunId,
    /// Name of its task.
    pub task_name: String,
    /// The version it executes.
    pub task_version_id: VersionId,
    /// The number of that version.
    pub task_version: u32,
    /// The run and call that started it.
    pub parent: Option<ParentCall>,
    /// The run at the top.
    pub root: RunId,
    /// How many runs are above it.
    pub depth: u32,
    /// Higher is executed first.
    pub priority: i16,
    /// Not to be begun before this moment.
    pub start_at: Option<Millis>,
    /// When it was accepted.
    pub created_at: Millis,
    /// When it fails with `timeout` if it has not ended.
    pub deadline_at: Option<Millis>,
    /// Where it stands.
    pub status: RunStatus,
    /// Number of the last recorded delivery.
    pub deliveries: u32,
    /// Number of the last entry of its event stream.
    pub seq: u32,
    /// CPU time of all slices, in microseconds.
    pub cpu_us: u64,
    /// What its calls have used.
    pub used: Used,
    /// When its first slice began.
    pub started_at: Option<Millis>,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// When somebody asked to cancel it.
    pub cancelled_at: Option<Millis>,
    /// Why it failed.
    pub error: Option<RunError>,
}

/// The runs that `filter` lets through, newest first, older than `before`.
///
/// Every shape of filter walks one index backwards from `before`. With several states and nothing
/// narrower, each state's index is walked for a page and the pages are merged.
pub(crate) fn list(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    filter: &RunFilter,
    before: Option<RunId>,
    limit: u32,
) -> Result<Vec<RunSummary>, DbError> {
    let narrow = filter.task.is_some() || filter.parent.is_some() || filter.root.is_some();
    if narrow || filter.status.len() < 2 {
        return list_page(db, workspace, filter, &filter.status, before, limit);
    }
    let mut found = Vec::new();
    for status in RunStatus::ALL.into_iter().filter(|status| filter.status.contains(status)) {
        found.extend(list_page(db, workspace, filter, &[status], before, limit)?);
    }
    found.sort_unstable_by_key(|run: &RunSummary| std::cmp::Reverse(run.id));
    found.truncate(limit as usize);
    Ok(found)
}

fn list_page(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    filter: &RunFilter,
    statuses: &[RunStatus],
    before: Option<RunId>,
    limit: u32,
) -> Result<Vec<RunSummary>, DbError> {
    let mut conditions = Conditions::new(workspace);
    conditions.add_if("id <", before.map(|id| id.as_bytes().to_vec()));
    conditions.add_if("task_name =", filter.task.clone());
    conditions.add_if("parent_run_id =", filter.parent.map(|id| id.as_bytes().to_vec()));
    conditions.add_if(
        "parent_run_id is not null\n          and root_run_id =",
        filter.root.map(|id| id.as_bytes().to_vec()),
    );
    conditions.add_if("created_at >=", filter.created_after);
    conditions.add_if("created_at <", filter.created_before);
    conditions.add_one_of("status", statuses.iter().map(|status| status.as_str()));
    let sql = format!(
        "
        select id, task_name, task_function_id, task_version, parent_run_id, parent_call, root_run_id, depth,
          priority, start_at, created_at, deadline_at, status, deliveries, seq, cpu_us, used_calls, used_bytes,
          used_tokens, used_cost_micros, started_at, ended_at, cancelled_at, error
        from task_runs
        where {}
        order by id desc
        limit ?{}",
        conditions.text,
        conditions.values.len() + 1
    );
    conditions.values.push(limit.into());
    db.rows(&sql, &conditions.values, read_summary)
}

/// The conditions of a list and the values bound to them.
struct Conditions {
    text: String,
    values: Vec<Value<'static>>,
}

impl Conditions {
    fn new(workspace: &WorkspaceId) -> Self {
        Self { text: "workspace = ?1".into(), values: vec![workspace.as_str().to_owned().into()] }
    }

    fn add_if(&mut self, condition: &str, value: Option<impl Into<Value<'static>>>) {
        let Some(value) = value else { return };
        self.values.push(value.into());
        let place = self.values.len();
        self.text.push_str(&format!("\n          and {condition} ?{place}"));
    }

    fn add_one_of(&mut self, column: &str, words: impl ExactSizeIterator<Item = &'static str>) {
        if words.len() == 0 {
            return;
        }
        let first = self.values.len() + 1;
        let places: Vec<String> = (first..first + words.len()).map(|n| format!("?{n}")).collect();
        self.text.push_str(&format!("\n          and {column} in ({})", places.join(", ")));
        self.values.extend(words.map(Value::from));
    }
}

fn read_summary(cells: &mut Cells<'_>) -> Result<RunSummary, DbError> {
    Ok(RunSummary {
        id: cells.run_id()?,
        task_name: cells.take()?,
        task_version_id: cells.version_id()?,
        task_version: cells.take()?,
        parent: read_parent(cells)?,
        root: cells.run_id()?,
        depth: cells.take()?,
        priority: cells.take()?,
        start_at: cells.take()?,
        created_at: cells.take()?,
        deadline_at: cells.take()?,
        status: cells.word()?,
        deliveries: cells.take()?,
        seq: cells.take()?,
        cpu_us: cells.take()?,
        used: read_used(cells)?,
        started_at: cells.take()?,
        ended_at: cells.take()?,
        cancelled_at: cells.take()?,
        error: cells.parsed_if_any()?,
    })
}

/// How many runs are in a state, counted up to `most`. Walks `task_runs_status`.
pub(crate) fn count(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    status: RunStatus,
    most: u32,
) -> Result<u32, DbError> {
    let sql = "
        select count(*)
        from (
          select id
          from task_runs
          where workspace = ?1 and status = ?2
          limit ?3
        ) as counted";
    let counted = db.row(sql, values![workspace.as_str(), status.as_str(), most], |cells| cells.take())?;
    Ok(counted.unwrap_or(0))
}
