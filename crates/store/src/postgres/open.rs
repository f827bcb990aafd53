//! Opening: from a URL to a database that this node may write, or the reason why not.

use fermata_model::seal::Key;

use super::connection::{Connection, Server};
use super::migrate;
use super::writer::{self, NodeKey};
use crate::db_error::DbError;
use crate::error::OpenError;
use crate::folder::Folder;
use crate::open::{self, DatabaseUrl, Options};
use crate::schema;
use crate::sql::Read;
use crate::tables::nodes::{self, Registration};
use crate::value::values;

/// The oldest version of PostgreSQL that will do, as `server_version_num` says it.
const SERVER_VERSION_MIN: i64 = 150_000;

/// An opened database.
pub(crate) struct Opened {
    pub(crate) server: Server,
    pub(crate) connection: Connection,
    pub(crate) node: NodeKey,
    pub(crate) master_key: Key,
}

/// Connects, checks the schema, and registers this node.
pub(crate) fn open(url: &DatabaseUrl, folder: &Folder, options: &Options) -> Result<Opened, OpenError> {
    let name = folder.node_name(options.node.as_deref())?;
    let failed = |action| move |error: DbError| OpenError::server(action, url, error);
    let server = Server::new(url, &format!("fermata {name}")).map_err(failed("read the address of"))?;
    let mut connection = Connection::open(&server).map_err(failed("open"))?;
    refuse_old_server(&mut connection, url)?;
    let (node, master_key) = prepare(&mut connection, url, folder, &name, options)?;
    drop(connection);
    // The connection that writes is set up for this node.
    let connection = writer::connect(&server, node.id, options.lease).map_err(failed("open"))?;
    Ok(Opened { server, connection, node, master_key })
}

/// Refuses a server that is too old.
pub(crate) fn refuse_old_server(connection: &mut Connection, url: &DatabaseUrl) -> Result<(), OpenError> {
    let failed = |error| OpenError::server("ask the version of", url, error);
    let sql = "
        select current_setting('server_version_num')::bigint, current_setting('server_version')";
    let db: &mut dyn Read = connection;
    let version = db
        .row(sql, values![], |cells| Ok((cells.take::<i64>()?, cells.take::<String>()?)))
        .map_err(failed)?;
    match version {
        Some((number, found)) if number < SERVER_VERSION_MIN => {
            Err(OpenError::OldServer { url: url.clone(), found })
        }
        _ => Ok(()),
    }
}

/// In one transaction: the schema when the database is empty, the default workspace, the check of the
/// master key, the node's registration.
fn prepare(
    connection: &mut Connection,
    url: &DatabaseUrl,
    folder: &Folder,
    name: &str,
    options: &Options,
) -> Result<(NodeKey, Key), OpenError> {
    let failed = |error: DbError| OpenError::server("prepare", url, error);
    migrate::begin(connection).map_err(failed)?;
    let now = open::now();
    match migrate::found(connection).map_err(failed)? {
        None => {
            migrate::migrate(connection, now).map_err(failed)?;
        }
        Some(found) if found > schema::known() => {
            return Err(OpenError::NewerSchema { found, known: schema::known() });
        }
        // Not by itself: other nodes of the older version may be at work.
        Some(found) if found < schema::known() => {
            return Err(OpenError::OlderSchema { found, known: schema::known() });
        }
        Some(_) => {}
    }
    let master_key = open::ensure_workspace(connection, folder, options, now, &failed)?;
    let lease_ms = i64::try_from(options.lease.as_millis()).unwrap_or(i64::MAX);
    let node = Registration { name, version: options.version, lease_ms };
    let db_now = database_now(connection).map_err(failed)?;
    // A commit of the beginning before this one that is still under way ends first.
    let sql = "
        select id
        from nodes
        where name = ?1
        for update";
    connection.query(sql, values![name]).map_err(failed)?;
    let (id, epoch) = nodes::register(connection, &node, db_now).map_err(failed)?;
    connection.batch("commit").map_err(failed)?;
    Ok((NodeKey { id, epoch }, master_key))
}

/// The clock of the server, which is the one that leases are measured by.
pub(crate) fn database_now(db: &mut dyn Read) -> Result<i64, DbError> {
    let sql = "
        select (extract(epoch from clock_timestamp()) * 1000)::bigint";
    Ok(db.row(sql, values![], |cells| cells.take())?.unwrap_or(0))
}
