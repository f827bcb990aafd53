//! A database for one test.

use anyhow::Result;
use uuid::Uuid;

use super::{OpenTransaction, Server, client, environment};

/// A running server to use instead of private ones; the URL's user may create databases.
const SERVER_VARIABLE: &str = "FERMATA_TEST_DATABASE_URL";

/// A database that was empty when it was made. Dropping it removes it, with all connections to it.
pub struct Database {
    url: String,
    home: Home,
}

/// Where it is.
enum Home {
    /// On a server that ends with it.
    Own(Server),
    /// On a server that outlives it: the URL and the name to drop it with.
    Guest { server_url: String, name: String },
}

impl Database {
    /// Makes one: on the server of `FERMATA_TEST_DATABASE_URL` when that is set, else on a private one.
    pub fn create() -> Result<Self> {
        if let Some(server_url) = environment::variable(SERVER_VARIABLE) {
            return Self::create_on(&server_url);
        }
        let server = Server::start()?;
        Ok(Self { url: server.url(), home: Home::Own(server) })
    }

    /// Makes one on a running server, whose URL's user may create databases.
    pub fn create_on(server_url: &str) -> Result<Self> {
        let name = format!("fermata_test_{}", Uuid::new_v4().simple());
        let url = client::url_of(server_url, &name)?;
        client::query_text(server_url, &format!("create database {name}"))?;
        Ok(Self { url, home: Home::Guest { server_url: server_url.to_owned(), name } })
    }

    /// How to connect to it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The private server it is on, if it is.
    pub fn server(&self) -> Option<&Server> {
        match &self.home {
            Home::Own(server) => Some(server),
            Home::Guest { .. } => None,
        }
    }

    /// Executes statements on a connection of their own, and waits for their end.
    pub fn execute(&self, sql: &str) -> Result<()> {
        self.query_text(sql).map(drop)
    }

    /// Executes statements on a connection of their own, and returns their rows as text.
    pub fn query_text(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        client::query_text(&self.url, sql)
    }

    /// Begins a transaction that sees the database as it is now, and keeps it open.
    pub fn hold_transaction(&self) -> Result<OpenTransaction> {
        OpenTransaction::begin(&self.url)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Home::Guest { server_url, name } = &self.home {
            // The server may be gone, and then so is the database.
            let _ = client::query_text(server_url, &format!("drop database if exists {name} with (force)"));
        }
    }
}
