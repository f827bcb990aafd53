//! Files made to break the compiler: each ends in a program or a mistake, soon.

use crate::source::compile;

use super::{mistake, program};

#[test]
fn deep_nesting_is_a_mistake() {
    for (before, inner, after) in [
        ("(", "1", ")"),
        ("(", "", ""),
        ("[", "", "]"),
        ("{", "", "}"),
        ("f(", "1", ")"),
        ("`${", "1", "}`"),
        ("({a:", "1", "})"),
        ("function f(){", "", "}"),
        ("!", "1", ""),
        ("a=>", "1", ""),
        ("a+", "1", ""),
        ("a?b:", "1", ""),
        ("if(a);else ", ";", ""),
        ("if(a)", ";", ""),
        ("a:", "1", ""),
        ("new ", "a", ""),
        ("a.", "b", ""),
    ] {
        for file_name in ["a.js", "a.ts"] {
            let source = format!("x;{}{inner}{}", before.repeat(50_000), after.repeat(50_000));
            let error = mistake(file_name, &source);
            assert!(error.message.starts_with("the code nests too deeply"), "{before}: {error}");
        }
    }
}

#[test]
fn deep_types_are_a_mistake() {
    for (before, after) in [
        ("A<", ">"),
        ("(", ")"),
        ("[", "]"),
        ("{a:", "}"),
        ("keyof ", ""),
        ("()=>", ""),
        ("A extends B?C:", ""),
    ] {
        let source = format!("type X = {}B{}", before.repeat(50_000), after.repeat(50_000));
        mistake("a.ts", &source);
    }
}

#[test]
fn nesting_up_to_the_limit_compiles() {
    for (before, inner, after, times) in [
        ("(", "1", ")", 250),
        ("(class{a(){", "", "}})", 60),
        ("(function(){", "", "})", 80),
        ("!", "1", "", 29_000),
        ("a=>", "1", "", 9_000),
        ("a+", "1", "", 14_000),
        ("if(a);else ", ";", "", 4_000),
        ("a||b&&c|d^e&f==g<<h+i*(", "1", ")", 120),
    ] {
        for file_name in ["a.js", "a.ts"] {
            program(file_name, &format!("{}{inner}{}", before.repeat(times), after.repeat(times)));
        }
    }
}

#[test]
fn what_takes_quadratic_time_is_refused_in_time() {
    for (file_name, before, inner, after) in [
        ("a.ts", "a<b,c<", "1", ""),
        ("a.ts", "a?(b):c=>(", "1", ")"),
        ("a.ts", "a?<T>(b):c=>", "1", ""),
        ("a.ts", "x as ([a=", "b", "])=>c"),
        ("a.js", "({[", "a", "]:1})"),
        ("a.js", "var a;{", "", "}"),
        ("a.js", "}/a(/,", "1", ""),
        ("a.js", "{}/a(/;\n", "", ""),
    ] {
        // A few hundred deep, and as often as the file may hold it.
        let unit = format!("{}{inner}{};", before.repeat(85), after.repeat(85));
        let _ = compile(file_name, &unit.repeat(1_900_000 / unit.len()));
    }
}

#[test]
fn large_and_odd_files_end_in_a_result() {
    let half = (1 << 20) / 2;
    for (name, source) in [
        ("one line", "a;".repeat(half)),
        ("one line of wide characters", "é='€😀';".repeat(half / 12)),
        ("one word", "a".repeat(2 * half)),
        ("one string", format!("'{}'", "x".repeat(half))),
        ("line ends", "\r\n\r\u{2028}\n".repeat(half / 8)),
        ("an open comment", format!("/*{}", " *".repeat(half / 2))),
        ("open comments", "/*".repeat(half)),
        ("an open template", format!("`{}", "${1}".repeat(half / 4))),
        ("an open string", format!("'{}", "\\'".repeat(half / 2))),
        ("backslashes", "\\".repeat(half)),
        ("slashes", "/".repeat(half)),
        ("slashes apart", "/ ".repeat(half)),
        ("quotes", "'\"`".repeat(half / 3)),
        ("stars", format!("/**{}*/", "*\n".repeat(half / 2))),
        ("tags", format!("/**{}*/", "\n@param {a} b.c".repeat(half / 16))),
        ("doc comments", "/** @param {string} a.b */".repeat(half / 32)),
        ("html comments", "<!--\n-->".repeat(half / 8)),
        ("byte order marks", "\u{feff}".repeat(half / 3)),
        ("right to left", "\u{202e}let \u{202d}a\u{200d} = 1".to_owned()),
        ("a lone combining mark", "\u{301}".to_owned()),
        ("private use", "\u{10ffff}\u{e000}\u{fffe}".to_owned()),
        ("escaped surrogates", "let \\ud83d\\ude00, \\u{110000}, \\u{".to_owned()),
        ("hidden keywords", "\\u0069f(a)".repeat(half / 16)),
    ] {
        for file_name in ["a.js", "a.ts", "a.mjs"] {
            if let Err(error) = compile(file_name, &source) {
                assert!(error.line >= 1 && !error.message.is_empty(), "{name}: {error:?}");
            }
        }
    }
}

#[test]
fn nesting_cannot_hide() {
    let deep = "(".repeat(50_000);
    for hide in [
        "x=a\n/'/;/*'*/DEEP",
        "{}/'/;DEEP//'",
        "if(a)/'/;DEEP//'",
        "a++/'/;DEEP//'",
        "`${'`'}`;DEEP",
        "`${`}`}`;DEEP",
        "`\\`${`${1}`};DEEP//`",
        "'\\\r\n';DEEP//'",
        "'\u{2028}';DEEP//'",
        "// a\u{2028}DEEP",
        "#!a\rDEEP",
        "/[/']/;DEEP//'",
        "/\\/'/;DEEP//'",
        "<!--'\nDEEP//'",
        "let a\n/'/.b;DEEP//'",
        "x=1./'/;DEEP//'",
        "a.return/'/;DEEP//'",
        "a\u{a0}/'/;DEEP//'",
    ] {
        for file_name in ["a.js", "a.ts", "a.mjs", "a.cjs"] {
            // The process would end if the parser met it.
            let _ = compile(file_name, &hide.replace("DEEP", &deep));
        }
    }
}
