//! What the tests of the query plans look at.

use crate::committer::rows;
use crate::postgres::connection::SESSION;

/// A statement that writes rows, in all its spellings.
#[derive(Debug, Clone, Copy)]
pub struct Spellings {
    /// For one row, in SQLite.
    pub sqlite: &'static str,
    /// For many rows, in PostgreSQL.
    pub postgres: &'static str,
    /// The same, counting the rows.
    pub checked: &'static str,
}

/// Every statement that writes rows.
pub fn writes() -> Vec<Spellings> {
    let spellings = rows::all().into_iter().map(|write| Spellings {
        sqlite: &write.sqlite,
        postgres: &write.postgres,
        checked: &write.checked,
    });
    spellings.collect()
}

/// What each session on PostgreSQL is set to.
pub fn postgres_session() -> &'static str {
    SESSION
}
