//! Private PostgreSQL servers for tests, and databases on them.
//!
//! A server has its own folder, port and processes; one that is there already is never touched. Everything here
//! waits, and may be called from plain threads and from async tests alike.

pub(crate) mod account;
mod client;
mod database;
pub(crate) mod environment;
mod installation;
mod port;
mod process;
mod server;
mod template;

pub use self::client::OpenTransaction;
pub use self::database::Database;
pub(crate) use self::port::Port;
pub use self::server::Server;

/// Whether tests shall keep the ledger in PostgreSQL: `FERMATA_TEST_STORE` is `postgres`.
pub fn is_wanted() -> bool {
    environment::variable("FERMATA_TEST_STORE").is_some_and(|store| store == "postgres")
}
