//! The input schema, from `@param` lines.

use serde_json::{Value, json};

use super::program;

#[test]
fn a_full_comment_gives_a_full_schema() {
    let source = "/**\n\
         * Sends a report.\n\
         * @param {object} input - What to send.\n\
         * @param {string} input.to - The receiver's\n\
         *   address.\n\
         * @param {integer} [input.limit=10] Most lines.\n\
         * @param {Object[]} input.items - Lines.\n\
         * @param {string} input.items[].id\n\
         * @param {number} [input.items[].price]\n\
         * @param {'a'|'b'} input.kind\n\
         * @param {object} tools - Not the input.\n\
         * @param {object} tools.http - Nor this.\n\
         * @returns {Promise<string>}\n\
         */\n\
         export async function runTask(input, tools) {}";
    let expected = json!({
        "type": "object",
        "description": "What to send.",
        "properties": {
            "to": {"type": "string", "description": "The receiver's address."},
            "limit": {"type": "integer", "default": 10, "description": "Most lines."},
            "items": {
                "type": "array",
                "description": "Lines.",
                "items": {
                    "type": "object",
                    "properties": {"id": {"type": "string"}, "price": {"type": "number"}},
                    "required": ["id"],
                },
            },
            "kind": {"enum": ["a", "b"]},
        },
        "required": ["items", "kind", "to"],
    });
    assert_eq!(program("a.js", source).input_schema, Some(expected));
}

#[test]
fn types_are_translated() {
    for (text, expected) in [
        ("string", json!({"type": "string"})),
        ("String", json!({"type": "string"})),
        (" number ", json!({"type": "number"})),
        ("integer", json!({"type": "integer"})),
        ("boolean", json!({"type": "boolean"})),
        ("object", json!({"type": "object"})),
        ("Object", json!({"type": "object"})),
        ("Array", json!({"type": "array"})),
        ("*", json!({})),
        ("any", json!({})),
        ("unknown", json!({})),
        ("MyType", json!({})),
        ("", json!({})),
        ("null", json!({"type": "null"})),
        ("string[]", json!({"type": "array", "items": {"type": "string"}})),
        ("Array<string>", json!({"type": "array", "items": {"type": "string"}})),
        ("Array.<string>", json!({"type": "array", "items": {"type": "string"}})),
        ("MyType[]", json!({"type": "array"})),
        ("number[][]", json!({"type": "array", "items": {"type": "array", "items": {"type": "number"}}})),
        ("(string|number)[]", json!({"type": "array", "items": {"type": ["string", "number"]}})),
        ("string|number", json!({"type": ["string", "number"]})),
        ("string|null", json!({"type": ["string", "null"]})),
        ("?string", json!({"type": ["string", "null"]})),
        ("!string", json!({"type": "string"})),
        ("...string", json!({"type": "string"})),
        ("string|string", json!({"type": "string"})),
        ("string|any", json!({})),
        ("'a'|'b'", json!({"enum": ["a", "b"]})),
        ("\"a\" | \"b\" | null", json!({"enum": ["a", "b", null]})),
        ("1|2.5|-3", json!({"enum": [1, 2.5, -3]})),
        ("true|false", json!({"enum": [true, false]})),
        ("'a'|number", json!({"anyOf": [{"enum": ["a"]}, {"type": "number"}]})),
        (
            "string[]|null",
            json!({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}),
        ),
        ("Object<string, number>", json!({"type": "object", "additionalProperties": {"type": "number"}})),
        ("Record<string, *>", json!({"type": "object"})),
        ("Promise<string>", json!({})),
        (
            "{a: string, b?: number}",
            json!({
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "number"}},
                "required": ["a"],
            }),
        ),
        (
            "{a: {b: 'c'}[]}[]",
            json!({"type": "array", "items": {
                "type": "object",
                "properties": {"a": {"type": "array", "items": {
                    "type": "object", "properties": {"b": {"enum": ["c"]}}, "required": ["b"],
                }}},
                "required": ["a"],
            }}),
        ),
        ("'}'", json!({"enum": ["}"]})),
        ("string number", json!({})),
        ("string|", json!({})),
        ("Array<string", json!({})),
        ("function(string): number", json!({})),
        ("(a: string) => void", json!({})),
        ("1e999", json!({})),
    ] {
        let line = format!("@param {{{text}}} input.x");
        assert_eq!(schema(&[&line])["properties"]["x"], expected, "{text}");
    }
}

#[test]
fn brackets_a_mark_and_undefined_make_optional() {
    for (line, is_required) in [
        ("@param {string} input.x", true),
        ("@param {string} [input.x]", false),
        ("@param {string} [ input.x ] - text", false),
        ("@param {string} [input.x=1]", false),
        ("@param {string=} input.x", false),
        ("@param {string|undefined} input.x", false),
        ("@param input.x", true),
        ("@arg {string} input.x", true),
        ("@param {object} [input.x.y]", false),
        ("@param {object} input.x.y", true),
    ] {
        let required = schema(&[line]).get("required").cloned();
        assert_eq!(required, is_required.then(|| json!(["x"])), "{line}");
    }
}

#[test]
fn defaults_are_values_of_the_type() {
    for (line, expected) in [
        ("{number} [input.x=10]", Some(json!(10))),
        ("{number} [input.x = -1.5]", Some(json!(-1.5))),
        ("{number} [input.x=ten]", None),
        ("{integer} [input.x=1.5]", None),
        ("{string} [input.x=10]", Some(json!("10"))),
        ("{string} [input.x=some text]", Some(json!("some text"))),
        ("{string} [input.x='quoted']", Some(json!("quoted"))),
        ("{string} [input.x=\"quoted\"]", Some(json!("quoted"))),
        ("{boolean} [input.x=true]", Some(json!(true))),
        ("{boolean} [input.x=yes]", None),
        ("{string[]} [input.x=[\"a\", \"]\"]]", Some(json!(["a", "]"]))),
        ("{object} [input.x={\"a\": [1]}]", Some(json!({"a": [1]}))),
        ("{'a'|'b'} [input.x=a]", Some(json!("a"))),
        ("{'a'|'b'} [input.x='b']", Some(json!("b"))),
        ("{'a'|'b'} [input.x=c]", None),
        ("{*} [input.x=1]", Some(json!(1))),
        ("[input.x=word]", Some(json!("word"))),
        ("{?string} [input.x=null]", Some(json!(null))),
    ] {
        let x = schema(&[&format!("@param {line}")])["properties"]["x"].clone();
        assert_eq!(x.get("default"), expected.as_ref(), "{line}");
    }
}

#[test]
fn paths_nest_in_any_order() {
    let nested = json!({
        "type": "object",
        "properties": {"user": {
            "type": "object",
            "description": "Who.",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
        }},
        "required": ["user"],
    });
    let whole = "@param {object} input.user - Who.";
    let part = "@param {string} input.user.name";
    assert_eq!(schema(&[whole, part]), nested);
    assert_eq!(schema(&[part, whole]), nested);
    let items = json!({
        "type": "object",
        "properties": {"rows": {
            "type": "array",
            "items": {"type": "object", "properties": {"id": {"type": "number"}}, "required": ["id"]},
        }},
        "required": ["rows"],
    });
    assert_eq!(schema(&["@param {object[]} input.rows", "@param {number} input.rows.id"]), items);
    assert_eq!(schema(&["@param {Array<object>} input.rows", "@param {number} input.rows[].id"]), items);
    let inline = schema(&["@param {{a: string}} input", "@param {number} input.b"]);
    assert_eq!(inline["required"], json!(["a", "b"]));
    assert_eq!(inline["properties"]["a"], json!({"type": "string"}));
    let matrix = schema(&["@param {number} input.m[][]"]);
    assert_eq!(
        matrix["properties"]["m"],
        json!({"type": "array", "items": {"type": "array", "items": {"type": "number"}}})
    );
}

#[test]
fn without_a_dotted_path_there_is_no_schema() {
    for lines in [
        "@param {object} input",
        "@param {string} a\n * @param {string} b",
        "@returns {string}",
        "@param",
        "@param {string",
        "@param {string} [input.x",
        "@param {string} input..x",
        "@param {string} .x",
        "@param {object} input\n * @param {string} tools.x",
    ] {
        let source = format!("/**\n * {lines}\n */\nexport default async (input) => 1");
        assert_eq!(program("a.js", &source).input_schema, None, "{lines}");
    }
}

#[test]
fn the_task_functions_own_comment_comes_first() {
    let other = "/** @param {string} o.other */ function helper(o) {}\n";
    let own = "/** @param {string} i.own */";
    for task in [
        "OWN export async function runTask(i, tools) {}",
        "OWN export const runTask = async (i) => 1",
        "OWN export default async function (i) {}",
        "OWN export default class {}",
        "OWN module.exports = async (i) => 1",
        "OWN module.exports = async function (i, { tools }) {}",
        "OWN exports.runTask = async (i) => 1",
        "OWN module.exports.runTask = async (i) => 1",
        "OWN async function runTask(i) {}\nexport { runTask }",
        "OWN const main = async (i) => 1;\nexport { main as default }",
        "OWN async function main(i) {}\nexport default main",
        "OWN async function main(i) {}\nmodule.exports = main",
        "OWN // and a remark\nexport default async (i) => 1",
    ] {
        let source = format!("{other}{}", task.replace("OWN", own));
        for file_name in ["a.js", "a.ts"] {
            let schema = program(file_name, &source).input_schema.unwrap();
            assert!(schema["properties"].get("own").is_some(), "{source}: {schema}");
        }
    }
    let schema = program("a.js", &format!("{other}export default async (i) => 1")).input_schema.unwrap();
    assert!(schema["properties"].get("other").is_some(), "{schema}");
    let schema = program("a.ts", &format!("{other}export = async (i) => 1")).input_schema.unwrap();
    assert!(schema["properties"].get("other").is_some(), "{schema}");
}

#[test]
fn absurd_comments_do_no_harm() {
    let deep_path = format!("/** @param {{string}} input{} */", ".a".repeat(100_000));
    assert_eq!(program("a.js", &deep_path).input_schema, None);
    let deep_type = format!("/** @param {{{}string{}}} input.x */", "Array<".repeat(300), ">".repeat(300));
    assert_eq!(program("a.js", &deep_type).input_schema.unwrap()["properties"]["x"], json!({}));
    let deep_union = format!("/** @param {{{}string{}}} input.x */", "(".repeat(900), ")".repeat(900));
    assert_eq!(program("a.js", &deep_union).input_schema.unwrap()["properties"]["x"], json!({}));
    let marks = format!("/** @param {{{}string}} input.x */", "?".repeat(1_900));
    assert_eq!(program("a.js", &marks).input_schema.unwrap()["properties"]["x"], json!({}));
    let deep_default = format!("/** @param [input.x={}] */", "[".repeat(100_000) + &"]".repeat(100_000));
    program("a.js", &deep_default);
    let many: String = (0..20_000).map(|n| format!(" * @param {{string}} input.a{n}\n")).collect();
    let schema = program("a.js", &format!("/**\n{many} */")).input_schema.unwrap();
    assert_eq!(schema["required"].as_array().map(Vec::len), Some(500));
}

/// The schema of a task with these lines in its comment.
fn schema(lines: &[&str]) -> Value {
    let source = format!("/**\n * {}\n */\nexport default async (input) => 1", lines.join("\n * "));
    program("a.js", &source).input_schema.unwrap_or_else(|| panic!("no schema: {lines:?}"))
}
