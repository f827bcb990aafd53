//! A whole server without a socket: a store, an engine and a client of its router.

use std::path::Path;
use std::time::Duration;

use fermata_connect::egress::Policy;
use fermata_engine::World;
use fermata_model::WorkspaceId;
use fermata_runtime::token;
use fermata_store::Options;
use tempfile::TempDir;

use crate::client::Client;
use crate::exit::{Failure, with_causes};
use crate::settings::{self, StorePlace, Token};

use super::{Node, blocking, shared_engine_folder, token_in_file};

/// How long the engine may take to put its runs down.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// An embedded server.
pub(crate) struct Embedded {
    /// What talks to it.
    pub(crate) client: Client,
    node: Node,
    /// Removed with its content when the value is dropped.
    temporary: Option<TempDir>,
}

impl Embedded {
    /// Opens the store in `data`, or a temporary one, with an engine in this world.
    ///
    /// # Errors
    /// When the store or the engine does not open.
    pub(crate) async fn open(data: Option<&Path>, egress: Policy, world: World) -> Result<Self, Failure> {
        let no_folder = |error| Failure::io(format!("cannot make a temporary folder: {error}"));
        let (temporary, master_key) = match data {
            Some(_) => (None, settings::master_key()?),
            None => (Some(TempDir::with_prefix("fermata-").map_err(no_folder)?), None),
        };
        let folder = temporary.as_ref().map(TempDir::path).or(data).unwrap_or(Path::new("."));
        // A store that stays keeps the engine its runs were begun on.
        let shared = if data.is_none() { shared_engine_folder() } else { None };
        let engine_folder = shared.unwrap_or_else(|| folder.join("engine"));
        let options = Options { master_key, ..Options::default() };
        let place = StorePlace { folder: folder.to_owned(), options };
        let settings = settings::engine_defaults(&engine_folder, egress);
        let node = Node::open_in(world, place, settings).await?;
        let token = token_for(&node, data).await?;
        let router = fermata_runtime::router(node.engine.clone(), fermata_runtime::Settings::default());
        Ok(Self { client: Client::in_process(router, &Token::new(&token)), node, temporary })
    }

    /// Ends it and removes a temporary store.
    pub(crate) async fn close(self) {
        let Self { client, node, temporary } = self;
        drop(client);
        node.close(STOP_WITHIN).await;
        drop(temporary);
    }
}

/// A token for the router. In a store that stays it is kept in the folder, where clients look for
/// it: a later server would not show a token when there is one already.
async fn token_for(node: &Node, data: Option<&Path>) -> Result<String, Failure> {
    let store = node.store.clone();
    let file = data.map(settings::token_file_in);
    blocking(move || match file {
        Some(path) => token_in_file(&store, &path).map(|(token, _)| token),
        None => token::create(&store, &WorkspaceId::default_workspace(), "embedded")
            .map_err(|error| Failure::io(with_causes(&error))),
    })
    .await?
}
