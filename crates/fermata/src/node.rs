//! A store and an engine in this process: what `serve`, embedded runs and `doctor` stand on.

mod embedded;
mod open_error;
mod token_file;

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::PathBuf;
use std::time::Duration;

use fermata_engine::{Engine, World};
use fermata_store::Store;

use crate::exit::{Exit, Failure, with_causes};
use crate::settings::{self, StorePlace};

pub(crate) use embedded::Embedded;
pub(crate) use open_error::explain;
pub(crate) use token_file::token_in_file;

/// An open store and the engine that works on it.
pub(crate) struct Node {
    /// The store.
    pub(crate) store: Store,
    /// The engine.
    pub(crate) engine: Engine,
}

impl Node {
    /// Opens the store, making it when it is missing, and starts the engine.
    ///
    /// # Errors
    /// Why not, and what to do about it.
    pub(crate) async fn open(place: StorePlace, settings: fermata_engine::Settings) -> Result<Self, Failure> {
        Self::open_in(World::default(), place, settings).await
    }

    /// The same with an engine in a world that may be another than the real one.
    ///
    /// # Errors
    /// As [`Node::open`].
    pub(crate) async fn open_in(
        world: World,
        place: StorePlace,
        settings: fermata_engine::Settings,
    ) -> Result<Self, Failure> {
        let store = open_store(place).await?;
        let engine = {
            let store = store.clone();
            blocking(move || Engine::start_in(world, settings, store)).await?
        };
        let engine = engine.map_err(|error| {
            Failure::new(Exit::Internal, format!("the engine does not start: {}", with_causes(&error)))
                .note("`fermata doctor` checks what it needs")
        })?;
        Ok(Self { store, engine })
    }

    /// Ends it: runs are put down, everything is on disk.
    pub(crate) async fn close(self, bound: Duration) {
        self.engine.stop(bound).await;
        let store = self.store;
        if blocking(move || store.close()).await.is_err() {
            tracing::error!("The store did not close");
        }
    }
}

/// Opens a store.
///
/// # Errors
/// Why not, and what to do about it.
pub(crate) async fn open_store(place: StorePlace) -> Result<Store, Failure> {
    let opened = blocking(move || Store::open(&place.folder, place.options)).await?;
    opened.map_err(|error| explain(&error))
}

/// Does blocking work on a thread that may block.
///
/// # Errors
/// When the work panicked.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failure::new(Exit::Internal, format!("a thread stopped: {error}")))
}

/// A folder for the compiled engine that several short-lived stores share, so that only the first
/// run of a machine compiles it. Compiled code is trusted, so the folder must be this user's alone.
fn shared_engine_folder() -> Option<PathBuf> {
    const MODE: u32 = 0o700;
    let folder = settings::cache_folder()?.join("engine");
    DirBuilder::new().recursive(true).mode(MODE).create(&folder).ok()?;
    let metadata = folder.metadata().ok()?;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    let is_closed = metadata.mode() & 0o022 == 0;
    (is_ours && is_closed).then_some(folder)
}
