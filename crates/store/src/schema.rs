//! Migrations: the numbered steps that make the schema, applied in order and never changed. Each has
//! a spelling for each database; a test compares what they come to.

/// One step.
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// All steps.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "core",
        sqlite: include_str!("../migrations/sqlite/0001_core.sql"),
        postgres: include_str!("../migrations/postgres/0001_core.sql"),
    },
    Migration {
        number: 2,
        name: "nodes",
        sqlite: include_str!("../migrations/sqlite/0002_nodes.sql"),
        postgres: include_str!("../migrations/postgres/0002_nodes.sql"),
    },
    Migration {
        number: 3,
        name: "sql_clients",
        sqlite: include_str!("../migrations/sqlite/0003_sql_clients.sql"),
        postgres: include_str!("../migrations/postgres/0003_sql_clients.sql"),
    },
    Migration {
        number: 4,
        name: "retention",
        sqlite: include_str!("../migrations/sqlite/0004_retention.sql"),
        postgres: include_str!("../migrations/postgres/0004_retention.sql"),
    },
    Migration {
        number: 5,
        name: "grants",
        sqlite: include_str!("../migrations/sqlite/0005_grants.sql"),
        postgres: include_str!("../migrations/postgres/0005_grants.sql"),
    },
    Migration {
        number: 6,
        name: "by_key",
        sqlite: include_str!("../migrations/sqlite/0006_by_key.sql"),
        postgres: include_str!("../migrations/postgres/0006_by_key.sql"),
    },
    Migration {
        number: 7,
        name: "state",
        sqlite: include_str!("../migrations/sqlite/0007_state.sql"),
        postgres: include_str!("../migrations/postgres/0007_state.sql"),
    },
    Migration {
        number: 8,
        name: "history",
        sqlite: include_str!("../migrations/sqlite/0008_history.sql"),
        postgres: include_str!("../migrations/postgres/0008_history.sql"),
    },
];

/// The newest step this program knows.
pub(crate) fn known() -> u32 {
    MIGRATIONS.last().map_or(0, |migration| migration.number)
}

/// The steps after `found`.
pub(crate) fn missing(found: u32) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(move |migration| migration.number > found)
}
