//! What a task cannot reach: other files, and `await` before it runs.

use super::{mistake, program};

#[test]
fn an_import_is_a_mistake_at_its_place() {
    for (file_name, source, place, specifier) in [
        ("task.js", "import a from 'lodash';", "1:1", "\"lodash\""),
        ("task.js", "import 'side-effect';", "1:1", "\"side-effect\""),
        ("task.js", "import {b} from 'fermata-sdk';", "1:1", "\"fermata-sdk\""),
        ("task.js", "let x;\n  export * from './other.js';", "2:3", "\"./other.js\""),
        ("task.js", "export * as y from 'z';", "1:1", "\"z\""),
        ("task.js", "export { q } from 'r';", "1:1", "\"r\""),
        ("task.js", "export default async () => {\n\tawait import('s');\n}", "2:8", "\"s\""),
        ("task.js", "const f = (n) => import(n)", "1:18", ""),
        ("task.js", "const fs = require('node:fs');", "1:12", "\"node:fs\""),
        ("task.ts", "import { a } from 'b'; export default () => a();", "1:1", "\"b\""),
        ("task.ts", "import 'c';", "1:1", "\"c\""),
        ("task.ts", "type A = 1;\nimport d, { type E } from 'f'; d();", "2:1", "\"f\""),
        ("task.ts", "export * from './types'", "1:1", "\"./types\""),
        ("task.ts", "import g = require('h'); g();", "1:1", "\"h\""),
        ("task.ts", "enum A {}\nimport { Tools } from 'fermata-sdk'; new Tools();", "2:1", "\"fermata-sdk\""),
    ] {
        let error = mistake(file_name, source);
        assert_eq!(format!("{}:{}", error.line, error.column), place, "{source}");
        let what = if specifier.is_empty() { String::new() } else { format!(" {specifier}") };
        let message = format!(
            "cannot import{what}: imports are not available in a task: bundle the file first (for example with \
             esbuild), or call another task with tools.tasks.execute"
        );
        assert_eq!(error.message, message, "{source}");
    }
}

#[test]
fn the_first_of_several_is_named() {
    let error = mistake("task.js", "import('b');\nimport 'a';");
    assert!(error.to_string().starts_with("task.js:1:1: cannot import \"b\""), "{error}");
}

#[test]
fn imports_for_types_only_vanish() {
    for (source, code, is_module) in [
        (
            "import type { Tools } from 'fermata-sdk';\nexport const runTask = (t: Tools) => 1;",
            "export const runTask = (t) => 1;\n",
            true,
        ),
        (
            "import { Tools } from 'fermata-sdk';\nexport default (t: Tools) => 1;",
            "export default (t) => 1;\n",
            true,
        ),
        ("import * as sdk from 'fermata-sdk';\nlet t: sdk.Tools;", "let t;\n", false),
        ("import sdk, { type A } from 'x';\nlet a: A, b: typeof sdk;", "let a, b;\n", false),
        ("import x = require('y'); let z: x;", "let z;\n", false),
        (
            "export type { A } from './a'; export type * from './b';\nmodule.exports = 1;",
            "module.exports = 1;\n",
            false,
        ),
        ("let a: import('b').C;", "let a;\n", false),
    ] {
        let program = program("task.ts", source);
        assert_eq!((program.code.as_str(), program.is_module), (code, is_module), "{source}");
    }
}

#[test]
fn a_require_that_may_never_be_reached_is_left_to_the_run() {
    for source in [
        "try { require('fs') } catch {}",
        "module.exports = () => require('fs')",
        "if (typeof require === 'function') require('fs')",
        "const crypto = globalThis.crypto || require('crypto')",
        "typeof exports === 'object' ? require('a') : 0",
        "var require = (name) => name; require('a')",
        "const bundle = { require() {} }; bundle.require('a')",
    ] {
        program("task.js", source);
    }
}

#[test]
fn await_outside_an_async_function_is_explained() {
    for (file_name, source, place) in [
        ("task.mjs", "await f()", "1:1"),
        ("task.js", "export default 1;\nconst a = await f();", "2:11"),
        ("task.js", "module.exports = 1; await f();", "1:21"),
        ("task.ts", "let a: number = await f();", "1:17"),
        ("task.cjs", "await f()", "1:1"),
        ("task.js", "export default 1; for await (const a of b);", "1:19"),
        ("task.js", "export default 1; await using a = b;", "1:19"),
        ("task.js", "export default function () { await f() }", "1:30"),
    ] {
        let error = mistake(file_name, source);
        assert_eq!(format!("{}:{}", error.line, error.column), place, "{source}");
        assert!(
            error.message.starts_with("`await` works only inside an async function"),
            "{source}: {error}"
        );
    }
    program(
        "task.js",
        "export default async () => { await f(); for await (const a of b) { await using c = d; } }",
    );
}
