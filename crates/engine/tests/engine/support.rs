//! An engine over a store in a folder of its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fermata_connect::egress;
use fermata_engine::{Engine, Publish, Settings, StartRun, Stats, World};
use fermata_model::record::Run;
use fermata_model::{Json, Limits, RunId, WorkspaceId};
use fermata_store::{DatabaseUrl, OpenError, Options, Store};
use fermata_testkit::postgres::{self, Database};
use tempfile::TempDir;

/// Longest a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) workspace: WorkspaceId,
    pub(crate) settings: Settings,
    folder: TempDir,
    /// Where the ledger is, when it is not in the folder.
    database: Option<Database>,
}

/// How the store is opened: over PostgreSQL when that is what is tested.
fn options(database: Option<&Database>) -> Options {
    let database = database.map(|database| DatabaseUrl::parse(database.url()).unwrap());
    Options { database, ..Options::default() }
}

/// Opens the store on a thread that may block.
async fn open(folder: &TempDir, database: Option<&Database>) -> Store {
    let (path, options) = (folder.path().to_owned(), options(database));
    let opened = tokio::task::spawn_blocking(move || {
        let until = Instant::now() + PATIENCE;
        loop {
            match Store::open(&path, options.clone()) {
                // The store before is being closed by a thread that told others something.
                Err(OpenError::InUse { .. }) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                opened => return opened.unwrap(),
            }
        }
    });
    opened.await.unwrap()
}

pub(crate) fn json(text: &str) -> Json {
    fermata_model::json::parse(text.to_owned()).unwrap()
}

/// One folder for all tests, so that the engine is booted and compiled once.
pub(crate) fn engine_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("engine")
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::in_world(World::default(), change).await
    }

    /// The same where waits take no time.
    pub(crate) async fn skipping_waits(change: impl FnOnce(&mut Settings)) -> Self {
        Self::in_world(World { skips_waits: true, ..World::default() }, change).await
    }

    async fn in_world(world: World, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            engine_folder: engine_folder(),
            limits: Limits::default(),
            resident_max: 64,
            resident_for: Duration::from_secs(5),
            keep_runs: None,
            executors: 2,
            egress: egress::Policy {
                hosts: vec!["*".parse().unwrap()],
                allow_private: vec!["127.0.0.0/8".parse().unwrap()],
                ..egress::Policy::default()
            },
        };
        change(&mut settings);
        let folder = TempDir::new().unwrap();
        let database = postgres::is_wanted().then(|| Database::create().unwrap());
        let store = open(&folder, database.as_ref()).await;
        let engine = Engine::start_in(world, settings.clone(), store).unwrap();
        Self { engine, workspace: WorkspaceId::default_workspace(), settings, folder, database }
    }

    /// Where the store is, with its files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the engine and starts another over the same store.
    pub(crate) async fn restart(self) -> Self {
        let Self { engine, workspace, settings, folder, database } = self;
        engine.stop(PATIENCE).await;
        drop(engine);
        let store = open(&folder, database.as_ref()).await;
        let engine = Engine::start(settings.clone(), store).unwrap();
        Self { engine, workspace, settings, folder, database }
    }

    /// Somebody else takes the node's place in the ledger, and the node does not know. Where that is a file, nobody
    /// can write before what is given back is committed.
    pub(crate) fn depose(&self) -> Option<rusqlite::Connection> {
        let sql = "update nodes set epoch = epoch + 1";
        if let Some(database) = &self.database {
            database.execute(&sql.replace("nodes", "fermata.nodes")).unwrap();
            return None;
        }
        let ledger = rusqlite::Connection::open(self.folder.path().join("fermata.db")).unwrap();
        ledger.execute_batch(&format!("begin immediate; {sql}")).unwrap();
        Some(ledger)
    }

    pub(crate) async fn publish(&self, file_name: &str, source: &str) {
        let publish = Publish { file_name: file_name.into(), source: source.into(), name: None };
        self.engine.publish(&self.workspace, publish).await.unwrap();
    }

    fn wanted(task: &str, input: &str) -> StartRun {
        StartRun {
            task: task.into(),
            version: None,
            input: json(input),
            priority: 0,
            start_at: None,
            timeout_ms: None,
            idempotency_key: None,
        }
    }

    pub(crate) async fn start(&self, task: &str, input: &str) -> Run {
        self.engine.start_run(&self.workspace, Self::wanted(task, input)).await.unwrap().run
    }

    /// Starts a run, once for all requests with the key.
    pub(crate) async fn start_with_key(&self, task: &str, input: &str, key: &str) -> Run {
        let wanted = StartRun { idempotency_key: Some(key.to_owned()), ..Self::wanted(task, input) };
        self.engine.start_run(&self.workspace, wanted).await.unwrap().run
    }

    /// Starts a run and waits for its end.
    pub(crate) async fn run(&self, task: &str, input: &str) -> Run {
        let wanted = Self::wanted(task, input);
        let run = self.engine.start_run_and_wait(&self.workspace, wanted, PATIENCE).await.unwrap().run;
        assert!(run.state.status.is_ended(), "{run:?}");
        run
    }

    pub(crate) async fn ended(&self, run: RunId) -> Run {
        let run = self.engine.wait_run(&self.workspace, run, PATIENCE).await.unwrap().unwrap();
        assert!(run.state.status.is_ended(), "{run:?}");
        run
    }

    pub(crate) fn result(&self, run: &Run) -> String {
        let result = run.state.result.as_ref();
        result.unwrap_or_else(|| panic!("no result: {:?}", run.state)).get().to_owned()
    }

    /// Waits until the engine's counters are as asked for.
    pub(crate) async fn until(&self, reached: impl Fn(&Stats) -> bool) {
        let began = std::time::Instant::now();
        while !reached(&self.engine.stats()) {
            assert!(began.elapsed() < PATIENCE, "{:?}", self.engine.stats());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
