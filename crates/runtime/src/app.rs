//! What every handler shares.

use std::ops::Deref;
use std::sync::Arc;

use fermata_engine::Engine;
use fermata_model::{RunId, WorkspaceId};
use fermata_store::{ReadError, Store};

use crate::auth::KnownTokens;
use crate::problem::Problem;
use crate::settings::Settings;

/// The shared state. Clones are cheap and mean the same one.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// What [`App`] shares.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) settings: Settings,
    pub(crate) tokens: KnownTokens,
}

impl App {
    pub(crate) fn new(engine: Engine, settings: Settings) -> Self {
        Self(Arc::new(Shared { engine, settings, tokens: KnownTokens::default() }))
    }

    /// Asks the store, whose reads block, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Store) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = self.engine.store().clone();
        match tokio::task::spawn_blocking(move || query(&store)).await {
            Ok(found) => found.map_err(Problem::from),
            Err(stopped) => Err(Problem::internal(stopped)),
        }
    }

    /// Asks the store for something of one workspace.
    pub(crate) async fn read_of<T: Send + 'static>(
        &self,
        workspace: &WorkspaceId,
        query: impl FnOnce(&Store, &WorkspaceId) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, Problem> {
        let workspace = workspace.clone();
        self.read(move |store| query(store, &workspace)).await
    }

    /// Refuses when a list of something of a run is empty because there is no such run.
    pub(crate) async fn require_run(&self, workspace: &WorkspaceId, id: RunId) -> Result<(), Problem> {
        let run = self.read_of(workspace, move |store, of| store.run(of, id)).await?;
        run.map(drop).ok_or_else(|| Problem::run_unknown(id))
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
