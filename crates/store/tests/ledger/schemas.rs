//! After all migrations both databases have the same tables, columns, rules and indexes.

use std::collections::BTreeSet;

use fermata_testkit::postgres::Database;

use crate::place::{Ledger, Place, rows};

/// What PostgreSQL has and SQLite has not, and why.
const POSTGRES_ALONE: [(&str, &str); 3] = [
    ("node_commits", "a node recognises its last commit after a lost connection; a file cannot be lost so"),
    ("task_runs_unowned", "nodes claim runs that nobody owns; an embedded store owns all"),
    ("task_runs_owned", "a node lists what it owns; an embedded store owns all"),
];

#[test]
fn both_databases_have_the_same_schema() {
    let place = Place::postgres();
    let (embedded, shared) = (Ledger::new(&Place::Sqlite), Ledger::new(&place));
    let of_sqlite = Sqlite(&embedded);
    let of_postgres = Postgres(shared.database.as_deref().unwrap());
    assert_eq!(of_sqlite.columns(), of_postgres.columns());
    assert_eq!(of_sqlite.unique_keys(), of_postgres.unique_keys());
    assert_eq!(of_sqlite.checks(), of_postgres.checks());
    assert_eq!(of_sqlite.indexes(), of_postgres.indexes());
}

fn is_alone(name: &str) -> bool {
    POSTGRES_ALONE.iter().any(|(alone, _)| *alone == name)
}

/// Lower case, no spaces, no parentheses: each database has its own idea of where they belong.
fn plain(text: &str) -> String {
    text.to_lowercase().chars().filter(|letter| !letter.is_whitespace() && !"()".contains(*letter)).collect()
}

struct Sqlite<'a>(&'a Ledger);

impl Sqlite<'_> {
    fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = rows(self.0.folder.path(), None, sql);
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
    }

    /// Table, column, kind, and whether it may be null.
    fn columns(&self) -> BTreeSet<String> {
        let rows = self.rows(
            "select t.name, c.name, lower(c.type), case when c.\"notnull\" = 1 then 'not null' else 'null' end
             from pragma_table_list as t, pragma_table_info(t.name) as c
             where t.schema = 'main' and t.name not like 'sqlite%'",
        );
        rows.into_iter().map(|row| row.join(" ")).collect()
    }

    /// Table and columns of each primary key and unique constraint.
    fn unique_keys(&self) -> BTreeSet<String> {
        let mut keys: BTreeSet<String> = self
            .rows(
                "select m.tbl_name, i.origin, (
                   select group_concat(name, ',') from (select name from pragma_index_info(i.name) order by seqno)
                 )
                 from sqlite_master as m, pragma_index_list(m.name) as i
                 where m.type = 'table' and i.\"unique\" = 1",
            )
            .into_iter()
            .map(|row| format!("{} {} {}", row[0], row[1], row[2]))
            .collect();
        // The key that is the row's number has no index.
        let numbered = self.rows(
            "select m.name, c.name from sqlite_master as m, pragma_table_info(m.name) as c
             where m.type = 'table' and c.pk = 1 and not exists (
               select 1 from pragma_index_list(m.name) where origin = 'pk'
             )",
        );
        keys.extend(numbered.into_iter().map(|row| format!("{} pk {}", row[0], row[1])));
        keys
    }

    /// The conditions after each `check`, by table.
    fn checks(&self) -> BTreeSet<String> {
        let tables = self.rows("select name, sql from sqlite_master where type = 'table'");
        let checks_of = |row: Vec<String>| -> Vec<String> {
            let conditions = row[1].split("check (").skip(1).map(until_closed);
            conditions.map(|condition| format!("{} {}", row[0], normal(condition))).collect()
        };
        tables.into_iter().flat_map(checks_of).collect()
    }

    /// Name, table, columns and predicate. Indexes of tables without row numbers end with the primary
    /// key by themselves, so `number` stands only in PostgreSQL's where it matters for the order.
    fn indexes(&self) -> BTreeSet<String> {
        let rows = self
            .rows("select name, tbl_name, sql from sqlite_master where type = 'index' and sql is not null");
        rows.into_iter().map(|row| index_line(&row[0], &row[1], &row[2])).collect()
    }
}

/// The text before the parenthesis that closes what was opened before it.
fn until_closed(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}

fn index_line(name: &str, table: &str, sql: &str) -> String {
    let (_, rest) = sql.split_once('(').unwrap();
    let (columns, predicate) = rest.split_once(')').unwrap();
    let predicate = predicate.trim().trim_start_matches("where").trim_start_matches("WHERE");
    let mut columns = plain(columns);
    if ["stack_runs_undelivered", "stack_runs_to_redo"].contains(&name) && !columns.ends_with(",number") {
        columns.push_str(",number");
    }
    format!("{table} {name} {columns} where {}", normal(predicate))
}

/// A condition of PostgreSQL, or of SQLite, in the words of the migrations.
fn normal(condition: &str) -> String {
    let mut text = condition.replace("::text[]", "").replace("::text", "").replace("::bigint", "");
    text = text.replace("::bytea", "").replace("= ANY (ARRAY[", "in (").replace("])", ")");
    // `between` is told as two comparisons.
    while let Some(at) = text.find(" between ") {
        let (before, after) = text.split_at(at);
        let subject = subject_of(before);
        let after = &after[" between ".len()..];
        let (low, rest) = after.split_once(" and ").unwrap();
        text = format!("{before} >= {low} and {subject} <= {rest}");
    }
    plain(&text)
}

/// What stands before `between`: a column, or a function of one.
fn subject_of(before: &str) -> &str {
    before.rsplit(' ').next().unwrap_or(before)
}

struct Postgres<'a>(&'a Database);

impl Postgres<'_> {
    fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.0.query_text(&format!("set search_path = fermata; {sql}")).unwrap();
        let rows = rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect());
        rows.filter(|row: &Vec<String>| !is_alone(&row[0]) && !row.get(1).is_some_and(|name| is_alone(name)))
            .collect()
    }

    fn columns(&self) -> BTreeSet<String> {
        let rows = self.rows(
            "select table_name, column_name,
               case data_type when 'bigint' then 'integer' when 'bytea' then 'blob' else data_type end,
               case is_nullable when 'NO' then 'not null' else 'null' end
             from information_schema.columns
             where table_schema = 'fermata'",
        );
        rows.into_iter().map(|row| row.join(" ")).collect()
    }

    fn unique_keys(&self) -> BTreeSet<String> {
        let rows = self.rows(
            "select c.conrelid::regclass::text, case c.contype when 'p' then 'pk' else 'u' end, (
               select string_agg(a.attname, ',' order by k.place)
               from unnest(c.conkey) with ordinality as k (number, place)
               join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.number
             )
             from pg_constraint as c
             where c.connamespace = 'fermata'::regnamespace and c.contype in ('p', 'u')",
        );
        rows.into_iter().map(|row| row.join(" ")).collect()
    }

    fn checks(&self) -> BTreeSet<String> {
        let rows = self.rows(
            "select conrelid::regclass::text, pg_get_constraintdef(oid)
             from pg_constraint
             where connamespace = 'fermata'::regnamespace and contype = 'c'",
        );
        rows.into_iter()
            .map(|row| format!("{} {}", row[0], normal(row[1].trim_start_matches("CHECK"))))
            .collect()
    }

    fn indexes(&self) -> BTreeSet<String> {
        let rows = self.rows(
            "select tablename, indexname, indexdef
             from pg_indexes as i
             where schemaname = 'fermata' and not exists (
               select 1 from pg_constraint as c
               where c.connamespace = 'fermata'::regnamespace and c.conname = i.indexname
             )",
        );
        rows.into_iter().map(|row| index_line(&row[1], &row[0], &row[2])).collect()
    }
}
