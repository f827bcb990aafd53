//! What opening a store has in common for both databases.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fermata_model::seal::Key;
use fermata_model::{Millis, WorkspaceId};

use crate::db_error::DbError;
use crate::error::OpenError;
use crate::folder::Folder;
use crate::master_key;
use crate::objects::ObjectsPlace;
use crate::sql::Read;
use crate::tables::workspaces;
use crate::value::values;

/// How long a node may be silent before others take its runs, when nothing is said.
pub const LEASE_DEFAULT: Duration = Duration::from_secs(3);

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The key that wraps the workspaces' keys. Without one, the file `master.key` in the folder
    /// is used, and made with a new key when the store is new.
    pub master_key: Option<Key>,
    /// The PostgreSQL database that holds the ledger, as a URL; without one it is a SQLite file in
    /// the folder.
    pub database: Option<DatabaseUrl>,
    /// The name of this node among those that share a PostgreSQL database; without one, the name in
    /// the folder's file `node`, which is made with a new one when it is missing.
    pub node: Option<String>,
    /// How long this node may be silent before others take its runs.
    pub lease: Duration,
    /// The version of the program, as other nodes are shown it.
    pub version: &'static str,
    /// Where values lie that are too large for a row. Without a place they lie in the folder `objects` of
    /// the store's folder; but in a PostgreSQL database they then stay in their rows, because other nodes
    /// do not see this folder.
    pub objects: Option<ObjectsPlace>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            master_key: None,
            database: None,
            node: None,
            lease: LEASE_DEFAULT,
            version: env!("CARGO_PKG_VERSION"),
            objects: None,
        }
    }
}

/// The address of a PostgreSQL database, with its password. Debug and Display leave the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// A URL that begins with `postgres://` or `postgresql://`.
    ///
    /// # Errors
    /// Why it is not one, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|error| error.to_string())?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("it begins with postgres://".into());
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole URL.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ok(mut url) = url::Url::parse(&self.0) else { return f.write_str("postgres://…") };
        if url.password().is_some() && url.set_password(Some("…")).is_err() {
            return f.write_str("postgres://…");
        }
        // Passwords may also come as parameters.
        url.set_query(None);
        f.write_str(&url.as_str().replace("%E2%80%A6", "…"))
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// Makes the default workspace when it is missing, and gives the master key, which must open it.
/// Belongs inside a transaction.
pub(crate) fn ensure_workspace(
    db: &mut dyn Read,
    folder: &Folder,
    options: &Options,
    now: Millis,
    failed: &dyn Fn(DbError) -> OpenError,
) -> Result<Key, OpenError> {
    let workspace = WorkspaceId::default_workspace();
    let wrapped = workspaces::wrapped_key(db, &workspace).map_err(failed)?;
    let master = find_master_key(folder, options, wrapped.is_none())?;
    match wrapped {
        Some(wrapped) => {
            master_key::unwrap(&master, &workspace, &wrapped).map_err(|_| OpenError::WrongMasterKey)?;
        }
        None => {
            let wrapped = master_key::wrap(&master, &workspace, &master_key::draw());
            let row = values![workspace.as_str(), wrapped, now];
            db.each(&workspaces::INSERT.sqlite, row, &mut |_| Ok(())).map_err(failed)?;
        }
    }
    Ok(master)
}

fn find_master_key(folder: &Folder, options: &Options, is_new: bool) -> Result<Key, OpenError> {
    let path = folder.master_key();
    if let Some(key) = &options.master_key {
        return Ok(key.clone());
    }
    match master_key::read(&path)? {
        Some(key) => Ok(key),
        None if is_new => master_key::create(&path),
        // A new key would not open what is there, and would hide that the old one is lost.
        None => Err(OpenError::MasterKeyMissing { path }),
    }
}

/// The wall clock.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
