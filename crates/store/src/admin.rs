//! Looking after the nodes that share a PostgreSQL ledger, without being one of them.

use fermata_model::Millis;

use crate::db_error::DbError;
use crate::error::{OpenError, ReadError};
use crate::open::DatabaseUrl;
use crate::postgres::connection::{Connection, Server};
use crate::tables::nodes::{self, NodeRecord};
use crate::tables::runs::own;
use crate::{postgres, schema};

/// Runs of a node beyond which they are not counted.
pub const OWNED_RUNS_COUNTED_MAX: u32 = 1_000_000;

/// A connection to the ledger that is no node: it owns no runs, and nobody waits for its signs of life.
pub struct Admin {
    connection: Connection,
}

/// A node, as the others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// What it says of itself.
    pub node: NodeRecord,
    /// For how long it has given no sign of life, in milliseconds.
    pub silent_ms: Millis,
    /// The runs that are its own, counted up to [`OWNED_RUNS_COUNTED_MAX`].
    pub runs: u32,
}

impl NodeState {
    /// Whether its lease is over though it has not ended: others take its runs, if there are others.
    pub fn is_lost(&self) -> bool {
        self.node.state != "down" && self.silent_ms > self.node.lease_ms
    }
}

impl Admin {
    /// Connects to the ledger.
    ///
    /// # Errors
    /// [`OpenError`] when the database cannot be reached, or has another schema than this program.
    pub fn connect(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let failed = |action| move |error: DbError| OpenError::server(action, url, error);
        let server = Server::new(url, "fermata nodes").map_err(failed("read the address of"))?;
        let mut connection = Connection::open(&server).map_err(failed("open"))?;
        let found = postgres::migrate::found(&mut connection).map_err(failed("read the schema of"))?;
        let (found, known) = (found.unwrap_or(0), schema::known());
        if found > known {
            return Err(OpenError::NewerSchema { found, known });
        }
        if found < known {
            return Err(OpenError::OlderSchema { found, known });
        }
        Ok(Self { connection })
    }

    /// All nodes there are and were, by name.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn nodes(&mut self) -> Result<Vec<NodeState>, ReadError> {
        states(&mut self.connection).map_err(ReadError::naming("nodes"))
    }

    /// Asks a node to hand its runs over and to end. Says whether it was up, or asked already.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn drain(&mut self, name: &str) -> Result<bool, ReadError> {
        let drained = nodes::set_state(&mut self.connection, name, "draining", ["up", "draining"]);
        drained.map_err(ReadError::naming("nodes"))
    }
}

fn states(db: &mut Connection) -> Result<Vec<NodeState>, DbError> {
    let found = nodes::list(db)?;
    let now = postgres::open::database_now(db)?;
    let state = |node: NodeRecord| {
        let runs = own::count_owned(db, node.id, OWNED_RUNS_COUNTED_MAX)?;
        Ok(NodeState { silent_ms: now - node.seen_at, runs, node })
    };
    found.into_iter().map(state).collect()
}
