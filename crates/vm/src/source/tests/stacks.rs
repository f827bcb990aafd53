//! Stack traces in the author's lines and columns.

use crate::source::StackMapper;

use super::program;

#[test]
fn frames_of_lowered_typescript_point_into_the_authors_text() {
    let source = "interface Input {\n  name: string;\n}\n\nenum Colour {\n  Red,\n  Green,\n}\n\n\
                  type Pair = [Input, Colour];\n\nfunction check(input: Input): Pair {\n  \
                  if (!input.name) throw new RangeError('no name');\n  return [input, Colour.Red];\n}\n\n\
                  export async function runTask(input: Input) {\n  const pair: Pair = check(input);\n  return pair;\n}\n";
    let program = program("task.ts", source);
    let mapper = StackMapper::new("task.ts", program.source_map.as_deref());
    let stack = format!(
        "    at check (task.ts:{})\n    at runTask (task.ts:{})\n",
        place(&program.code, "new RangeError"),
        place(&program.code, "check(input);"),
    );
    let expected = format!(
        "    at check (task.ts:{})\n    at runTask (task.ts:{})",
        place(source, "new RangeError"),
        place(source, "check(input);"),
    );
    assert_ne!(stack.trim_end(), expected, "the code has moved");
    assert_eq!(mapper.map(&stack), expected);
}

#[test]
fn columns_are_bytes_of_the_code_and_characters_of_the_source() {
    let source = "type A = string;\nconst é: A = '😀€'; fail(); const b: A = 'é', c = fail();\n";
    let program = program("task.ts", source);
    let mapper = StackMapper::new("task.ts", program.source_map.as_deref());
    let code_lines: Vec<&str> = program.code.lines().collect();
    for (needle, nth) in [("fail();", 0), ("fail()", 1)] {
        let (at_line, at_byte) = nth_place(&code_lines, needle, nth);
        let source_at = source.match_indices(needle).nth(nth).unwrap().0;
        let column = source[source.find('\n').unwrap() + 1..source_at].chars().count() + 1;
        let mapped = mapper.map(&format!("    at f (task.ts:{at_line}:{at_byte})"));
        assert_eq!(mapped, format!("    at f (task.ts:2:{column})"));
    }
}

#[test]
fn frames_of_the_engine_and_the_prelude_are_dropped() {
    let mapper = StackMapper::new("task.js", None);
    let stack = "    at inner (task.js:1:26)\n\
                 \u{20}   at map (native)\n\
                 \u{20}   at wrap (fermata:prelude:10:3)\n\
                 \u{20}   at fermata:prelude:11:5\n\
                 \u{20}   at <anonymous> (fermata:boot)\n\
                 \u{20}   at <eval> (task.js:2:9)\n\
                 \u{20}   at other.js:3:4\n";
    let expected = "    at inner (task.js:1:26)\n    at <eval> (task.js:2:9)\n    at other.js:3:4";
    assert_eq!(mapper.map(stack), expected);
}

#[test]
fn frames_are_understood_in_all_their_forms() {
    let program = program("a (b):1.ts", "type A = 1;\n\n\nexport default () => f();");
    let mapper = StackMapper::new("a (b):1.ts", program.source_map.as_deref());
    for (frame, expected) in [
        ("    at f (a (b):1.ts:1:22)", "    at f (a (b):1.ts:4:22)"),
        ("    at a (b):1.ts:1:22", "    at a (b):1.ts:4:22"),
        ("    at <anonymous> (a (b):1.ts:1)", "    at <anonymous> (a (b):1.ts:4)"),
        ("    at get x (y (a (b):1.ts:1:22)", "    at get x (y (a (b):1.ts:4:22)"),
        ("    at f (a (b):1.ts:1:99)", "    at f (a (b):1.ts:4:24)"),
        ("    at f (a (b):1.ts:77:1)", "    at f (a (b):1.ts:77:1)"),
        ("    at f (a (b):1.ts:0:0)", "    at f (a (b):1.ts:0:0)"),
        ("    at f (a (b):1.ts:99999999999:1)", "    at f (a (b):1.ts:99999999999:1)"),
        ("    at f (a (b):1.ts)", "    at f (a (b):1.ts)"),
        ("    at f (other.ts:1:16)", "    at f (other.ts:1:16)"),
        ("    at f (my-a (b):1.ts:1:22)", "    at f (my-a (b):1.ts:1:22)"),
        ("TypeError: at last (native", "TypeError: at last (native"),
        ("at least one native", "at least one native"),
        ("", ""),
        ("    at ", "    at "),
        ("    at )", "    at )"),
        ("    at é😀 (", "    at é😀 ("),
    ] {
        assert_eq!(mapper.map(frame), expected);
    }
}

#[test]
fn at_most_fifty_frames_are_kept() {
    let mapper = StackMapper::new("task.js", None);
    let stack: String =
        (1..=200).map(|line| format!("    at f (task.js:{line}:1)\n    at g (native)\n")).collect();
    let mapped = mapper.map(&format!("Error: deep\n{stack}"));
    assert_eq!(mapped.lines().count(), 51);
    assert!(mapped.ends_with("    at f (task.js:50:1)"), "{mapped}");
}

#[test]
fn a_map_that_cannot_be_read_changes_nothing() {
    let frame = "    at f (task.ts:1:1)";
    for map in ["", "{", "{\"version\":2}", "{\"version\":3,\"sources\":[],\"names\":[],\"mappings\":\"%\"}"]
    {
        assert_eq!(StackMapper::new("task.ts", Some(map)).map(frame), frame, "{map}");
    }
}

#[test]
fn the_source_map_does_not_carry_the_source() {
    let program = program("task.ts", "/** A doc comment. */ export default (a: 'needle') => 1");
    let map = program.source_map.unwrap();
    assert!(!map.contains("needle") && map.contains("\"task.ts\""), "{map}");
}

/// The line and column of a part of an ASCII text.
fn place(text: &str, part: &str) -> String {
    let before = &text[..text.find(part).unwrap_or_else(|| panic!("{part} is not in\n{text}"))];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    format!("{}:{}", before.matches('\n').count() + 1, before.len() - line_start + 1)
}

/// The line, and the column in bytes, of the nth part.
fn nth_place(lines: &[&str], part: &str, nth: usize) -> (usize, usize) {
    let mut places = lines
        .iter()
        .enumerate()
        .flat_map(|(line, text)| text.match_indices(part).map(move |(at, _)| (line + 1, at + 1)));
    places.nth(nth).unwrap()
}
