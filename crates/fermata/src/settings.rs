//! Every setting, and the only place that reads the environment.
//!
//! Values are taken as text and checked here, so that a wrong one is told by name and ends with
//! exit code 64, whether it came from a flag or from the environment.

mod client;
mod egress;
mod internal_token;
mod places;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use fermata_connect::egress::Policy;
use fermata_model::Limits;
use fermata_model::seal::{KEY_BYTES, Key};
use fermata_runtime::InternalToken;
use fermata_store::{DatabaseUrl, LEASE_DEFAULT, Options};

use crate::exit::Failure;
use crate::spans;

pub(crate) use client::{ConnectArgs, Server, Token};
pub(crate) use egress::EgressArgs;
pub(crate) use places::{CopyArgs, PlaceArgs, SharedArgs};

/// Where the server listens when nothing is said.
const LISTEN_DEFAULT: &str = "127.0.0.1:8787";
/// Where the store is when nothing is said.
const DATA_DEFAULT: &str = "./data";
/// The token's file in a data folder, when the user put it there.
const TOKEN_FILE_NAME: &str = "token";
/// Most VMs in memory when nothing is said.
const RESIDENT_MAX_DEFAULT: u32 = 256;
/// The range `--resident-max` may be in: each VM reserves address space.
const RESIDENT_MAX_RANGE: std::ops::RangeInclusive<u32> = 1..=10_000;
/// How long a waiting VM stays in memory when nothing is said.
const RESIDENT_FOR_DEFAULT: Duration = Duration::from_secs(2);
/// The shortest time that ended runs may be kept.
const KEEP_RUNS_MIN: Duration = Duration::from_secs(1);
/// Most threads that `--executors` may ask for.
const EXECUTORS_MAX: usize = 1_024;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the store lies.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DataArgs {
    /// Folder of the store; made when it is missing
    #[arg(long, value_name = "DIR", env = "FERMATA_DATA", default_value = DATA_DEFAULT)]
    pub(crate) data: PathBuf,
}

/// Where the ledger lies, and who this node is among those that share it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// PostgreSQL database that holds the ledger, postgres://USER:PASSWORD@HOST/NAME, for many nodes;
    /// without one the ledger is a SQLite file in the data folder
    #[arg(long, value_name = "URL", env = "FERMATA_DATABASE_URL", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Where values lie that are too large for a row: s3://BUCKET/PREFIX or a folder [default: the folder
    /// objects in the data folder; with --database they stay in the database]
    #[arg(long, value_name = "URL", env = "FERMATA_OBJECTS")]
    objects: Option<String>,
    /// Name of this node among those that share the database [default: made up, kept in the data folder]
    #[arg(long, value_name = "NAME", env = "FERMATA_NODE")]
    node: Option<String>,
    /// How long this node may be silent before others take its runs [default: 3s]
    #[arg(long, value_name = "DURATION", env = "FERMATA_LEASE")]
    lease: Option<String>,
}

/// A store that can be opened.
#[derive(Debug, Clone)]
pub(crate) struct StorePlace {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// How it is opened.
    pub(crate) options: Options,
}

/// The range `--lease` may be in: signs of life take their time, and so does waiting for them.
const LEASE_RANGE: std::ops::RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(300);
/// Longest name of a node, in characters.
const NODE_CHARS_MAX: usize = 100;

impl StoreArgs {
    /// The store, with its master key from the environment.
    ///
    /// # Errors
    /// The first wrong setting, by the name of its flag.
    pub(crate) fn validate(&self) -> Result<StorePlace, Failure> {
        let database = self.database.as_deref().map(database_url).transpose()?;
        let node = self.node.as_deref().map(node_name).transpose()?;
        let lease = match &self.lease {
            None => LEASE_DEFAULT,
            Some(text) => {
                let lease = spans::parse(text).map_err(|error| wrong("--lease", text, &error))?;
                if !LEASE_RANGE.contains(&lease) {
                    return Err(wrong("--lease", text, "it is from 500ms to 5m"));
                }
                lease
            }
        };
        let version = env!("CARGO_PKG_VERSION");
        let objects = self.objects.as_deref().map(places::objects_place).transpose()?;
        let options = Options { master_key: master_key()?, database, objects, node, lease, version };
        Ok(StorePlace { folder: self.data.data.clone(), options })
    }
}

fn database_url(text: &str) -> Result<DatabaseUrl, Failure> {
    // What is wrong with it is said without it: it may hold a password.
    DatabaseUrl::parse(text).map_err(|error| {
        Failure::configuration(format!("--database (FERMATA_DATABASE_URL) is not an address: {error}"))
            .note("write an address such as postgres://user:password@host:5432/fermata")
    })
}

fn node_name(text: &str) -> Result<String, Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.chars().count() > NODE_CHARS_MAX || !text.chars().all(is_plain) {
        return Err(wrong("--node", text, "it is up to 100 letters, digits, dashes, dots and underscores"));
    }
    Ok(text.to_owned())
}

/// Where the server listens.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ListenArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", env = "FERMATA_LISTEN", default_value = LISTEN_DEFAULT)]
    pub(crate) listen: String,
}

/// The flags of `fermata serve`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    listen: ListenArgs,
    /// File that the API token is kept in; a new token is made when the file is missing
    #[arg(long, value_name = "FILE", env = "FERMATA_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    internal_token: internal_token::Args,
    #[command(flatten)]
    egress: EgressArgs,
    /// Most runs whose VM is in memory at the same time [default: 256]
    #[arg(long, value_name = "N", env = "FERMATA_RESIDENT_MAX")]
    resident_max: Option<String>,
    /// How long a waiting run's VM may stay in memory; 0 puts it down at once [default: 2s]
    #[arg(long, value_name = "DURATION", env = "FERMATA_RESIDENT_FOR")]
    resident_for: Option<String>,
    /// How long an ended run is kept, such as 30d; then it goes with its calls, log lines and objects [default: for ever]
    #[arg(long, value_name = "DURATION", env = "FERMATA_KEEP_RUNS")]
    keep_runs: Option<String>,
    /// Threads that execute tasks [default: the number of cores]
    #[arg(long, value_name = "N", env = "FERMATA_EXECUTORS")]
    executors: Option<String>,
    /// How log lines are written to stderr: text or json; FERMATA_LOG filters them
    #[arg(long, value_name = "FORMAT", env = "FERMATA_LOG_FORMAT", default_value = "text")]
    log_format: String,
}

/// The settings of the server, checked.
#[derive(Debug, Clone)]
pub(crate) struct Serve {
    /// The store.
    pub(crate) store: StorePlace,
    /// Address to listen on.
    pub(crate) listen: SocketAddr,
    /// Where the token is kept besides the store.
    pub(crate) token_file: Option<PathBuf>,
    /// What the database shows when it pushes runs.
    pub(crate) internal_token: Option<InternalToken>,
    /// Settings of the engine.
    pub(crate) engine: fermata_engine::Settings,
    /// How log lines are written.
    pub(crate) log_format: LogFormat,
}

impl ServeArgs {
    /// Checks every setting.
    ///
    /// # Errors
    /// The first wrong one, by the name of its flag.
    pub(crate) fn validate(self) -> Result<Serve, Failure> {
        let resident_max = match self.resident_max {
            Some(text) => number("--resident-max", &text, &RESIDENT_MAX_RANGE)?,
            None => RESIDENT_MAX_DEFAULT,
        };
        let resident_for = match self.resident_for {
            Some(text) => spans::parse(&text).map_err(|error| wrong("--resident-for", &text, &error))?,
            None => RESIDENT_FOR_DEFAULT,
        };
        let keep_runs = self.keep_runs.as_deref().map(keep_runs).transpose()?;
        let executors = match self.executors {
            Some(text) => number("--executors", &text, &(1..=EXECUTORS_MAX))?,
            None => cores(),
        };
        let engine = fermata_engine::Settings {
            resident_max,
            resident_for,
            keep_runs,
            executors,
            ..engine_defaults(&self.store.data.data.join("engine"), self.egress.validate()?)
        };
        Ok(Serve {
            listen: self.listen.validate()?,
            store: self.store.validate()?,
            token_file: self.token_file,
            internal_token: self.internal_token.validate()?,
            engine,
            log_format: log_format(&self.log_format)?,
        })
    }
}

impl ListenArgs {
    /// The address, a host name resolved.
    ///
    /// # Errors
    /// When it is not an address and port.
    pub(crate) fn validate(&self) -> Result<SocketAddr, Failure> {
        let text = self.listen.as_str();
        let example = "write an address and a port, such as 127.0.0.1:8787 or [::]:8787";
        let mut found = text.to_socket_addrs().map_err(|_| wrong("--listen", text, example))?;
        found.next().ok_or_else(|| wrong("--listen", text, example))
    }
}

/// Settings for an engine of one command.
pub(crate) fn engine_defaults(engine_folder: &Path, egress: Policy) -> fermata_engine::Settings {
    fermata_engine::Settings {
        engine_folder: engine_folder.to_owned(),
        limits: Limits::default(),
        resident_max: RESIDENT_MAX_DEFAULT,
        resident_for: RESIDENT_FOR_DEFAULT,
        keep_runs: None,
        executors: cores(),
        egress,
    }
}

/// The master key from `FERMATA_MASTER_KEY` or the file that `FERMATA_MASTER_KEY_FILE` names.
///
/// # Errors
/// When both are set, or what they hold is not a key.
pub(crate) fn master_key() -> Result<Option<Key>, Failure> {
    let (name, text) = match (variable("FERMATA_MASTER_KEY")?, variable("FERMATA_MASTER_KEY_FILE")?) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let message = "FERMATA_MASTER_KEY and FERMATA_MASTER_KEY_FILE are both set; keep one of them";
            return Err(Failure::configuration(message));
        }
        (Some(digits), None) => ("FERMATA_MASTER_KEY".to_owned(), digits),
        (None, Some(path)) => {
            let read = fs::read_to_string(&path);
            let failed = |error| {
                Failure::configuration(format!("cannot read FERMATA_MASTER_KEY_FILE {path:?}: {error}"))
            };
            (format!("the file {path:?}"), read.map_err(failed)?)
        }
    };
    let key = parse_key(text.trim());
    key.map(Some).ok_or_else(|| {
        Failure::configuration(format!("{name} does not hold a master key (64 hex digits)"))
            .note("make one with: openssl rand -hex 32")
    })
}

/// The filter of log lines, when the user set one.
pub(crate) fn log_filter() -> Option<String> {
    variable("FERMATA_LOG").ok().flatten()
}

/// Whether colour may be used where there is a terminal (<https://no-color.org>).
pub(crate) fn colour_is_wanted() -> bool {
    let is_dumb = variable("TERM").ok().flatten().is_some_and(|term| term == "dumb");
    !is_dumb && variable("NO_COLOR").ok().flatten().is_none()
}

/// A folder of this user for compiled code that can be made again at any time, if there is one.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let named = |name| variable(name).ok().flatten().map(PathBuf::from).filter(|path| path.is_absolute());
    let base = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("fermata"))
}

/// An address that a client can connect to, of one that a server listens on.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The place a data folder's token file has by default.
pub(crate) fn token_file_in(data: &Path) -> PathBuf {
    data.join(TOKEN_FILE_NAME)
}

/// An environment variable; set to nothing is the same as not set.
#[expect(clippy::disallowed_methods, reason = "this file is the one that reads the environment")]
fn variable(name: &str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Failure::configuration(format!("the environment variable {name} is not valid UTF-8")))
        }
    }
}

fn keep_runs(text: &str) -> Result<Duration, Failure> {
    let kept = spans::parse(text).map_err(|error| wrong("--keep-runs", text, &error))?;
    let is_long_enough = kept >= KEEP_RUNS_MIN;
    is_long_enough.then_some(kept).ok_or_else(|| wrong("--keep-runs", text, "it is at least 1s"))
}

fn log_format(text: &str) -> Result<LogFormat, Failure> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(wrong("--log-format", text, "it is text or json")),
    }
}

fn number<T>(flag: &str, text: &str, range: &std::ops::RangeInclusive<T>) -> Result<T, Failure>
where
    T: FromStr + PartialOrd + std::fmt::Display,
{
    let found = text.trim().parse::<T>().ok().filter(|number| range.contains(number));
    let allowed = format!("it is a whole number from {} to {}", range.start(), range.end());
    found.ok_or_else(|| wrong(flag, text, &allowed))
}

fn parse_key(digits: &str) -> Option<Key> {
    let mut bytes = [0_u8; KEY_BYTES];
    if digits.len() != 2 * KEY_BYTES || !digits.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
    }
    Some(Key::new(bytes))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// A wrong value, named by flag and variable alike: the variable of `--listen` is `FERMATA_LISTEN`.
fn wrong(flag: &str, text: &str, why: &str) -> Failure {
    let variable = format!("FERMATA_{}", flag.trim_start_matches('-').replace('-', "_").to_uppercase());
    Failure::configuration(format!("{flag} ({variable}) cannot be {text:?}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hex_digits() {
        assert!(parse_key(&"0f".repeat(32)).is_some());
        for wrong in ["", "0f", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(parse_key(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn listening_needs_a_port() {
        let address = |text: &str| ListenArgs { listen: text.into() }.validate();
        assert!(address("127.0.0.1:0").is_ok());
        for wrong in ["", "8787", "127.0.0.1", "127.0.0.1:99999"] {
            let failure = address(wrong).unwrap_err();
            assert!(failure.message.contains("--listen (FERMATA_LISTEN)"), "{}", failure.message);
        }
    }
}
