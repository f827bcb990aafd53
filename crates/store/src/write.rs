//! Statements that write rows of one table, told once and spelled for both databases.
//!
//! This is the one place where writing forks. SQLite lives in the process, so each row is a statement
//! of its own; for PostgreSQL all rows of a batch travel as one array for each column, because each
//! statement is a message there.

use crate::value::Kind;

/// A column and what it holds.
pub(crate) type Column = (&'static str, Kind);

/// A statement for any number of rows of one table. A row's values come in the order of the columns.
#[derive(Debug)]
pub(crate) struct Write {
    /// What a row is called in errors.
    pub(crate) what: &'static str,
    pub(crate) columns: Vec<Column>,
    /// For one row; places are `?1`, `?2` ….
    pub(crate) sqlite: String,
    /// For many rows; each place is an array with one element for each row.
    pub(crate) postgres: String,
    /// The same, failing when a row hits nothing; the last place is the number of rows.
    pub(crate) checked: String,
    /// Whether a row that hits nothing is an error.
    pub(crate) must_hit: bool,
    /// When it may be executed in a batch: rows are made before they are changed.
    pub(crate) rank: i8,
}

impl Write {
    /// Makes new rows.
    pub(crate) fn insert(what: &'static str, table: &str, columns: &[Column]) -> Self {
        let into = format!("insert into {table} ({})", names(columns, ""));
        let sqlite = format!("{into} values ({})", places(columns));
        Self::new(what, columns, sqlite, format!("{into} select * from {}", arrays(columns)), 0)
    }

    /// Makes rows, or replaces those with the same first `keys` columns where `guard` holds.
    pub(crate) fn put(
        what: &'static str,
        table: &str,
        keys: usize,
        columns: &[Column],
        guard: Option<&str>,
    ) -> Self {
        let insert = Self::insert(what, table, columns);
        let set: Vec<String> =
            columns[keys..].iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
        let guard = guard.map(|guard| format!(" where {guard}")).unwrap_or_default();
        let rest =
            format!(" on conflict ({}) do update set {}{guard}", names(&columns[..keys], ""), set.join(", "));
        Self::new(what, columns, insert.sqlite + &rest, insert.postgres + &rest, 1)
    }

    /// Changes rows, found by their first `keys` columns, where `guard` holds of the row `t`. A row brings
    /// what the guard alone looks at behind its columns.
    pub(crate) fn update(
        what: &'static str,
        table: &str,
        keys: usize,
        columns: &[Column],
        guard: Guard,
    ) -> Self {
        let brought = [columns, guard.brought].concat();
        let mut places = (1..).map(|n| format!("?{n}"));
        let found_by: Vec<String> = columns[..keys]
            .iter()
            .zip(&mut places)
            .map(|((name, _), place)| format!("t.{name} = {place}"))
            .collect();
        let set: Vec<String> = columns[keys..]
            .iter()
            .zip(&mut places)
            .map(|((name, _), place)| format!("{name} = {place}"))
            .collect();
        let guarded = |text: &str| if text.is_empty() { String::new() } else { format!(" and {text}") };
        let sqlite = format!(
            "update {table} as t set {} where {}{}",
            set.join(", "),
            found_by.join(" and "),
            guarded(guard.sqlite)
        );
        let set: Vec<String> = columns[keys..].iter().map(|(name, _)| format!("{name} = v.{name}")).collect();
        let postgres = format!(
            "update {table} as t set {} from {} as v ({}) where {}{}",
            set.join(", "),
            arrays(&brought),
            names(&brought, ""),
            equal(&columns[..keys]),
            guarded(guard.postgres)
        );
        Self::new(what, &brought, sqlite, postgres, 2)
    }

    /// Removes rows, found by all columns.
    pub(crate) fn delete(what: &'static str, table: &str, columns: &[Column]) -> Self {
        Self::delete_where(what, table, columns, "=")
    }

    /// The same, but of the last column everything up to what is given.
    pub(crate) fn delete_up_to(what: &'static str, table: &str, columns: &[Column]) -> Self {
        Self::delete_where(what, table, columns, "<=")
    }

    fn delete_where(what: &'static str, table: &str, columns: &[Column], last: &str) -> Self {
        let is = |n: usize| if n == columns.len() { last } else { "=" };
        let numbered = || (1..).zip(columns.iter().map(|(name, _)| name));
        let of_row: Vec<String> = numbered().map(|(n, name)| format!("{name} {} ?{n}", is(n))).collect();
        let of_rows: Vec<String> =
            numbered().map(|(n, name)| format!("t.{name} {} v.{name}", is(n))).collect();
        let sqlite = format!("delete from {table} where {}", of_row.join(" and "));
        let postgres = format!(
            "delete from {table} as t using {} as v ({}) where {}",
            arrays(columns),
            names(columns, ""),
            of_rows.join(" and ")
        );
        Self::new(what, columns, sqlite, postgres, 3).or_nothing()
    }

    fn new(what: &'static str, columns: &[Column], sqlite: String, postgres: String, rank: i8) -> Self {
        let count = columns.len() + 1;
        let checked = format!(
            "with hit as ({postgres} returning 1) select expect((select count(*) from hit), ${count}, '{what}')"
        );
        Self { what, columns: columns.to_vec(), sqlite, postgres, checked, must_hit: true, rank }
    }

    /// `put`, with a statement of its own.
    pub(crate) fn with_rest(self, rest: &str) -> Self {
        Self::new(self.what, &self.columns, self.sqlite + rest, self.postgres + rest, 1)
    }

    /// The same, where a row that hits nothing is as good.
    pub(crate) fn or_nothing(self) -> Self {
        Self { must_hit: false, ..self }
    }

    /// The same, before rows of the batch are made.
    pub(crate) fn before_all(self) -> Self {
        Self { rank: -1, ..self }
    }
}

/// A condition on the row `t` that is to be changed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Guard {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
    /// What it looks at beside the columns.
    pub(crate) brought: &'static [Column],
}

impl Guard {
    /// The same condition on both.
    pub(crate) const fn both(condition: &'static str) -> Self {
        Self { sqlite: condition, postgres: condition, brought: &[] }
    }
}

fn names(columns: &[Column], prefix: &str) -> String {
    let names: Vec<String> = columns.iter().map(|(name, _)| format!("{prefix}{name}")).collect();
    names.join(", ")
}

fn places(columns: &[Column]) -> String {
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
    places.join(", ")
}

fn arrays(columns: &[Column]) -> String {
    let array = |(n, (_, kind)): (usize, &Column)| match kind {
        Kind::Int => format!("${n}::bigint[]"),
        Kind::Text => format!("${n}::text[]"),
        Kind::Blob => format!("${n}::bytea[]"),
    };
    let arrays: Vec<String> = (1..).zip(columns).map(array).collect();
    format!("unnest({})", arrays.join(", "))
}

fn equal(columns: &[Column]) -> String {
    let equal: Vec<String> = columns.iter().map(|(name, _)| format!("t.{name} = v.{name}")).collect();
    equal.join(" and ")
}
