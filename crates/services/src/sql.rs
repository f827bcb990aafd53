//! `tools.sql`: statements on a configured PostgreSQL, or on a SQLite file that each workspace has.
//!
//! A call is one transaction, whatever it holds: what fails leaves nothing behind. Statements that look like reads are
//! tried as such first; a database that says they write has them again in a transaction that may.

use std::path::PathBuf;
use std::time::Duration;

use fermata_connect::retry;
use fermata_model::{CallError, Json};

use self::call::Call;
use self::file::Files;
use self::place::Place;
use self::server::Servers;
use crate::call::{Attempt, Attempted, Policy, Request, Service};
use crate::way::Way;

mod answer;
mod call;
mod error;
mod file;
mod place;
mod server;
mod turns;
mod words;

/// How long a call whose turn it is waits for the database to be there, beyond its own time.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How much longer than its time an attempt takes at most: to be cut off, and to say so.
const SLACK: Duration = Duration::from_secs(5);

/// The service.
pub struct Sql {
    servers: Servers,
    files: Option<Files>,
}

impl Sql {
    /// The service with a folder for the SQLite files of workspaces. Without one there are none: calls
    /// then need a PostgreSQL.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { servers: Servers::default(), files: folder.map(Files::new) }
    }
}

impl Service for Sql {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        let call = Call::read(method, args)?;
        // As long as it may take it may also wait for its turn.
        Ok(Policy { timeout: call.time + READY_WITHIN + call.time + SLACK, retry: retry::Policy::default() })
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        Box::pin(self.make(request, way))
    }
}

impl Sql {
    async fn make(&self, request: Request, way: &Way<'_>) -> Attempted {
        let call = Call::read(&request.method, &request.args)?;
        let result = match (Place::of(way.vault)?, &self.files) {
            (Some(place), _) => self.servers.perform(&request.workspace, &place, &call, way).await?,
            (None, Some(files)) => files.perform(&request.workspace, request.idempotency_key, call).await?,
            (None, None) => return Err(place::missing().into()),
        };
        Ok(result.into())
    }
}
