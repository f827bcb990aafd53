//! Ledgers that are copied: where one is, and where one will be.

use std::path::PathBuf;

use fermata_store::archive::Place;
use fermata_store::{DatabaseUrl, ObjectsPlace, Options};

use super::{DATA_DEFAULT, DataArgs, database_url, master_key, variable};
use crate::exit::{Failure, with_causes};

/// What an S3 server may be reached by.
const S3_VARIABLES: [&str; 8] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
];

/// A ledger that is backed up or restored.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PlaceArgs {
    #[command(flatten)]
    data: DataArgs,
    /// PostgreSQL database that holds the ledger, postgres://USER:PASSWORD@HOST/NAME; without one it is in
    /// the data folder
    #[arg(long, value_name = "URL", env = "FERMATA_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// Where values lie that are too large for a row: s3://BUCKET/PREFIX or a folder [default: the folder
    /// objects in the data folder]
    #[arg(long, value_name = "URL", env = "FERMATA_OBJECTS")]
    objects: Option<String>,
}

impl PlaceArgs {
    /// The place, with its master key from the environment.
    ///
    /// # Errors
    /// The first wrong setting, by the name of its flag.
    pub(crate) fn validate(&self) -> Result<Place, Failure> {
        place(self.data.data.clone(), self.database.as_deref(), self.objects.as_deref())
    }
}

/// A database that nodes share.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SharedArgs {
    /// PostgreSQL database that the nodes share, postgres://USER:PASSWORD@HOST/NAME
    #[arg(long, value_name = "URL", env = "FERMATA_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
}

impl SharedArgs {
    /// The address of the database.
    ///
    /// # Errors
    /// When there is none, or it is not one.
    pub(crate) fn validate(&self) -> Result<DatabaseUrl, Failure> {
        let missing = || {
            Failure::configuration("which database? give its address with --database (FERMATA_DATABASE_URL)")
                .note("a ledger in a data folder has one node only, the process that has it open")
        };
        database_url(self.database.as_deref().ok_or_else(missing)?)
    }
}

/// A ledger and the place it is copied to.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CopyArgs {
    /// Folder of the store to copy
    #[arg(long, value_name = "DIR", default_value = DATA_DEFAULT)]
    from_data: PathBuf,
    /// PostgreSQL database to copy; without one the ledger is in the folder
    #[arg(long, value_name = "URL")]
    from_database: Option<String>,
    /// Where its large values lie [default: the folder objects in the folder of the store]
    #[arg(long, value_name = "URL")]
    from_objects: Option<String>,
    /// Folder of the new store [default: with --to-database the one of --from-data]
    #[arg(long, value_name = "DIR")]
    to_data: Option<PathBuf>,
    /// PostgreSQL database that the ledger goes to; without one it goes to the folder
    #[arg(long, value_name = "URL")]
    to_database: Option<String>,
    /// Where its large values go [default: the folder objects in the folder of the new store]
    #[arg(long, value_name = "URL")]
    to_objects: Option<String>,
}

impl CopyArgs {
    /// From where, and where to.
    ///
    /// # Errors
    /// The first wrong setting, by the name of its flag.
    pub(crate) fn validate(&self) -> Result<(Place, Place), Failure> {
        let folder = match (&self.to_data, &self.to_database) {
            (Some(folder), _) => folder.clone(),
            (None, Some(_)) => self.from_data.clone(),
            (None, None) => {
                return Err(Failure::usage("where to? give --to-database URL or --to-data DIR"));
            }
        };
        let from =
            place(self.from_data.clone(), self.from_database.as_deref(), self.from_objects.as_deref())?;
        Ok((from, place(folder, self.to_database.as_deref(), self.to_objects.as_deref())?))
    }
}

fn place(folder: PathBuf, database: Option<&str>, objects: Option<&str>) -> Result<Place, Failure> {
    let database = database.map(database_url).transpose()?;
    let objects = objects.map(objects_place).transpose()?;
    let version = env!("CARGO_PKG_VERSION");
    let options = Options { master_key: master_key()?, database, objects, version, ..Options::default() };
    Ok(Place { folder, options })
}

/// The place of large values.
///
/// # Errors
/// When it is none.
pub(super) fn objects_place(text: &str) -> Result<ObjectsPlace, Failure> {
    let mut variables = Vec::new();
    for name in S3_VARIABLES {
        variables.extend(variable(name)?.map(|value| (name.to_owned(), value)));
    }
    ObjectsPlace::parse(text, variables).map_err(|error| {
        Failure::configuration(format!("--objects (FERMATA_OBJECTS) is no place: {}", with_causes(&error)))
    })
}
