//! The tasks of a folder, by name, with the types of their inputs.

use std::fmt::Write as _;

use serde_json::Value;

use super::schema::{Schemas, UNKNOWN, comment, key};
use crate::client::Task;

/// The file that makes `tools.tasks` know them.
pub(super) fn file(tasks: &[Task]) -> String {
    let mut text = String::from(
        "// The tasks of this folder. Written by `fermata types`; changes are lost.\n\nimport './tasks';\n\n\
         declare module './tasks' {\n  interface KnownTasks {\n",
    );
    for task in tasks {
        text.push_str(&comment(task.description.as_deref().unwrap_or_default(), "    "));
        let _ = writeln!(text, "    {}: {};", key(&task.name), input(task));
    }
    text + "  }\n}\n"
}

fn input(task: &Task) -> String {
    let Some(schema) = &task.input_schema else { return UNKNOWN.to_owned() };
    let definition = |name: &str| -> Option<&Value> { schema.pointer(name.strip_prefix('#')?) };
    // A definition may refer to itself, so none within another is followed.
    let ends = Schemas { reference: &|_| UNKNOWN.to_owned() };
    let follow = |name: &str| {
        definition(name).map_or_else(|| UNKNOWN.to_owned(), |found| ends.render(found, "      "))
    };
    Schemas { reference: &follow }.render(schema, "    ")
}
