//! What a statement may do: read and change tables of its own file, and nothing else.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::record::TABLE;

/// Pragmas that only tell how tables are made.
const PRAGMAS: [&str; 7] = [
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
    "table_xinfo",
];
/// Built-in tables that show other things than what the workspace has put into its file.
const TABLES: [&str; 2] = ["sqlite_dbpage", "sqlite_stmt"];
/// Functions that reach out of the file, or into SQLite.
const FUNCTIONS: [&str; 2] = ["load_extension", "fts3_tokenizer"];

/// Says whether a statement may do something. SQLite asks while it prepares the statement; what this does not know is
/// refused.
pub(super) fn judge(context: AuthContext<'_>) -> Authorization {
    let is_here = context.database_name.is_none_or(|name| name == "main");
    let is_allowed = if is_here { is_allowed(context.action) } else { is_renaming(context.action) };
    if is_allowed { Authorization::Allow } else { Authorization::Deny }
}

/// What SQLite does to the list of temporary tables, which is empty, when a table gets another name. No statement
/// can write to that list by itself.
fn is_renaming(action: AuthAction<'_>) -> bool {
    match action {
        AuthAction::Read { table_name, .. } | AuthAction::Update { table_name, .. } => {
            table_name == "sqlite_temp_master"
        }
        _ => false,
    }
}

fn is_allowed(action: AuthAction<'_>) -> bool {
    let is_in = |list: &[&str], name: &str| list.iter().any(|each| each.eq_ignore_ascii_case(name));
    match action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Function { function_name } => !is_in(&FUNCTIONS, function_name),
        AuthAction::Pragma { pragma_name, .. } => is_in(&PRAGMAS, pragma_name),
        AuthAction::Read { table_name, .. } => is_open(table_name) && !is_in(&TABLES, table_name),
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::CreateTable { table_name }
        | AuthAction::CreateIndex { table_name, .. }
        | AuthAction::CreateTrigger { table_name, .. }
        | AuthAction::CreateView { view_name: table_name }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::DropTable { table_name }
        | AuthAction::DropIndex { table_name, .. }
        | AuthAction::DropTrigger { table_name, .. }
        | AuthAction::DropView { view_name: table_name }
        | AuthAction::Analyze { table_name } => is_open(table_name),
        AuthAction::Reindex { .. } => true,
        _ => false,
    }
}

fn is_open(table: &str) -> bool {
    !table.eq_ignore_ascii_case(TABLE)
}
