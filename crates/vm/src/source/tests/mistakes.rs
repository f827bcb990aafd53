//! Mistakes: their place, their words, and the line shown with them.

use fermata_model::limits::SOURCE_BYTES_MAX;

use super::mistake;

#[test]
fn the_first_mistake_is_told_with_its_place() {
    for (file_name, source, expected) in [
        ("a.js", "let a = ;", "a.js:1:9: Unexpected token"),
        ("a.js", "if (x) {\n", "a.js:2:1: Expected `}` but found `EOF`"),
        ("a.js", "x = 'abc\n'", "a.js:1:5: Unterminated string"),
        ("a.js", "x = /abc", "a.js:1:5: Unterminated regular expression"),
        ("a.js", "1;\n/* abc", "a.js:2:1: Unterminated multiline comment"),
        ("a.js", "x = `abc ${", "a.js:1:12: Unexpected token"),
        ("a.js", "let b = 1;\nlet b = 2;", "a.js:2:5: Identifier `b` has already been declared"),
        ("a.js", "return 5", "a.js:1:1: A 'return' statement can only be used within a function body."),
        ("a.cjs", "return 5", "a.cjs:1:1: A 'return' statement can only be used within a function body."),
        ("a.cjs", "export default 1", "a.cjs:1:1: Cannot use export statement outside a module"),
        ("a.ts", "let c: = 1", "a.ts:1:8: Unexpected token"),
        ("dir/a.ts", "let é = '😀', ;", "dir/a.ts:1:14: Unexpected token"),
        (
            "a.js",
            "@dec class A {}",
            "a.js:1:1: decorators are not available in a task: call the function on the class instead",
        ),
        (
            "a.ts",
            "class A { @dec b = 1 }",
            "a.ts:1:11: decorators are not available in a task: call the function on the class instead",
        ),
        (
            "a.ts",
            "class A { accessor b = 1 }",
            "a.ts:1:11: `accessor` fields are not available in a task: write a getter and a setter",
        ),
        ("a.js", "a\0b", "a.js:1:2: the file contains a NUL byte: it is not a text file"),
    ] {
        assert_eq!(mistake(file_name, source).to_string(), expected, "{source}");
    }
}

#[test]
fn typescript_in_a_javascript_file_is_recognised() {
    let error = mistake("a.js", "export const f = (a: string) => a");
    assert!(error.message.ends_with("; this looks like TypeScript: name the file .ts"), "{error}");
    let error = mistake("a.js", "export const f = (a: ) => a");
    assert!(!error.message.contains("TypeScript"), "{error}");
    let error = mistake("a.js", "import { unused } from 'b'");
    assert!(!error.message.contains("TypeScript"), "{error}");
}

#[test]
fn every_line_terminator_counts_once() {
    for (end, name) in [("\n", "LF"), ("\r", "CR"), ("\r\n", "CR LF"), ("\u{2028}", "LS"), ("\u{2029}", "PS")]
    {
        let source = format!("let a = 1;{end}{end}let b = 2;{end}  let = ;");
        let error = mistake("a.mjs", &source);
        assert_eq!((error.line, error.column), (4, 9), "{name}: {error}");
        assert_eq!(error.snippet.as_deref(), Some("  let = ;\n        ^"), "{name}");
    }
}

#[test]
fn the_snippet_shows_the_line_and_a_caret() {
    for (source, snippet) in [
        ("let a = ;", "let a = ;\n        ^"),
        ("1;\n\tlet é = 😀;\n2;", "\tlet é = 😀;\n\t        ^"),
        ("f(\u{1b}[31m)", "f(\u{fffd}[31m)\n  ^"),
    ] {
        assert_eq!(mistake("a.js", source).snippet.as_deref(), Some(snippet), "{source:?}");
    }
}

#[test]
fn a_long_line_is_cut_around_the_caret() {
    let filler = "é;".repeat(100_000);
    let error = mistake("a.js", &format!("{filler}let = ;{filler}"));
    assert_eq!((error.line, error.column), (1, 200_007));
    let snippet = error.snippet.unwrap();
    let (line, caret) = snippet.split_once('\n').unwrap();
    assert!(line.starts_with("…") && line.ends_with("…") && line.chars().count() < 130, "{snippet}");
    assert_eq!(line.chars().nth(caret.chars().count() - 1), Some(';'), "{snippet}");
}

#[test]
fn a_file_over_the_limit_is_refused_as_a_whole() {
    let error = mistake("a.js", &" ".repeat(SOURCE_BYTES_MAX + 1));
    assert_eq!((error.line, error.column, error.snippet), (1, 1, None));
    assert!(error.message.starts_with("the file is too large: 2097153 bytes; a task may have 2097152"));
    super::program("a.js", &" ".repeat(SOURCE_BYTES_MAX));
}
