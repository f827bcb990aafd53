//! Which language a file is, whether it is a module, and what is left of TypeScript.

use super::{mistake, program};

#[test]
fn the_extension_says_the_language_and_the_syntax_says_whether_it_is_a_module() {
    let script = "module.exports = async () => 1;";
    let module = "export default async () => 1;";
    for (file_name, source, is_module) in [
        ("task.js", script, false),
        ("task.js", module, true),
        ("task", script, false),
        ("task", module, true),
        ("some.dir/task", module, true),
        ("task.JS", module, true),
        ("task.cjs", script, false),
        ("task.mjs", script, true),
        ("task.mjs", module, true),
        ("task.ts", script, false),
        ("task.ts", module, true),
        ("task.cts", script, false),
        ("task.mts", script, true),
        ("task.js", "import.meta; 1", true),
        ("task.ts", "import.meta; 1", true),
        ("task.js", "", false),
        ("task.ts", "export {};", false),
    ] {
        assert_eq!(program(file_name, source).is_module, is_module, "{file_name}: {source}");
    }
}

#[test]
fn javascript_goes_through_word_for_word() {
    for source in [
        "export default async () => 1",
        "#!/usr/bin/env node\r\n// comment\r\nmodule.exports = () => { return `a\r\nb` }\r\n",
        "\u{feff}module.exports = () => 1",
        "/* c */ class A { static { this.x = 1 } #y = 2; m() { using z = null; return this.#y } }",
        "var a = /[/\"']/g, b = 1 / 2 / 3; /* é€😀 */",
        "x = a\n/b/1",
        "with (a) b(); if (c) function d() {}",
    ] {
        let program = program("task.js", source);
        assert_eq!(program.code, source);
        assert_eq!(program.source_map, None);
        assert_eq!(program.file_name, "task.js");
    }
}

#[test]
fn typescript_loses_its_types() {
    for (source, code) in [
        (
            "export default async (a: number): Promise<string> => a as unknown as string",
            "export default async (a) => a;\n",
        ),
        ("interface A { b: string }\ntype C = A | null;\nexport const d = 1;", "export const d = 1;\n"),
        ("declare const a: string; export declare function f(): void; let b = a!;", "let b = a;\n"),
        ("const a = <T,>(b: T) => b satisfies unknown; f<string>(a);", "const a = (b) => b;\nf(a);\n"),
        ("function f(this: Date, a?: number) {}", "function f(a) {}\n"),
        ("abstract class A { abstract b(): void; declare c: string; d?: number }", "class A {\nd;\n}\n"),
        ("for (using a of b) { using c = d; }", "for (using a of b) {\nusing c = d;\n}\n"),
        ("/* gone */ let a = 1; // gone", "let a = 1;\n"),
    ] {
        assert_eq!(program("task.ts", source).code, code, "{source}");
    }
}

#[test]
fn typescript_that_is_more_than_types_is_lowered() {
    let source = "enum A { B = 1, C = B << 2, D = 'x'.length }\n\
                  const enum E { F }\n\
                  namespace N { export const y = E.F }\n\
                  class K { constructor(private readonly x: number, public y = 2) {} }\n";
    let code = program("task.ts", source).code;
    for part in
        ["A[A[\"C\"] = 4] = \"C\"", "E[E[\"F\"] = 0] = \"F\"", "_N.y = ", "this.x = x;", "this.y = y;"]
    {
        assert!(code.contains(part), "{part} is not in\n{code}");
    }
    for word in ["enum", "namespace", "private", "readonly"] {
        assert!(!code.contains(word), "{word} is in\n{code}");
    }
}

#[test]
fn export_equals_becomes_common_js() {
    for file_name in ["task.ts", "task.cts"] {
        let program = program(file_name, "export = async (input: string) => input");
        assert_eq!(program.code, "module.exports = async (input) => input;\n");
        assert!(!program.is_module);
    }
}

#[test]
fn other_languages_are_refused() {
    for (file_name, message) in [
        ("task.tsx", "JSX is not supported in a task: .tsx; use .ts or .js"),
        ("task.jsx", "JSX is not supported in a task: .jsx; use .ts or .js"),
        (
            "task.py",
            "a task is a JavaScript or TypeScript file, not .py: name it .js, .mjs, .cjs, .ts, .mts or .cts",
        ),
    ] {
        let error = mistake(file_name, "1");
        assert_eq!((error.line, error.column, error.message.as_str()), (1, 1, message));
    }
}

#[test]
fn deep_indentation_does_not_multiply_the_code() {
    let source = format!("{}{}", "{".repeat(200), "}".repeat(200));
    assert!(program("task.ts", &source).code.len() < 4 * source.len());
}
