//! Random texts: whatever comes, `compile` answers and does not panic.

use crate::source::{StackMapper, compile};

use super::Random;

const FRAGMENTS: [&str; 64] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    "?",
    "?.",
    ".",
    "...",
    "=>",
    "=",
    "<",
    ">",
    "!",
    "+",
    "++",
    "*",
    "**",
    "/",
    "/a/",
    "//",
    "/*",
    "*/",
    "/** @param {a",
    "} b.c */",
    "`",
    "${",
    "'",
    "\"",
    "\\",
    "\n",
    "\r",
    "\u{2028}",
    " ",
    "a",
    "é",
    "😀",
    "1",
    "0x",
    "async ",
    "await ",
    "function ",
    "class ",
    "extends ",
    "if(a)",
    "else ",
    "do ",
    "while(a)",
    "for(",
    "return ",
    "import ",
    "export ",
    "default ",
    "enum A",
    "namespace N",
    "as ",
    "type X=",
    "#",
    "@",
    "<!--",
];

#[test]
fn random_bytes_never_panic() {
    let mut random = Random(0x5eed);
    for _ in 0..4_000 {
        let bytes: Vec<u8> =
            (0..random.below(200)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        check(&String::from_utf8_lossy(&bytes), &mut random);
    }
}

#[test]
fn random_code_never_panics() {
    let mut random = Random(0xc0de);
    for _ in 0..8_000 {
        let mut text: String = (0..random.below(40)).map(|_| random.one_of(&FRAGMENTS)).collect();
        if random.below(4) == 0 {
            text = text.repeat(1 + random.below(100));
        }
        check(&text, &mut random);
    }
}

#[test]
fn damaged_code_never_panics() {
    let sound: Vec<char> = SOUND.chars().collect();
    let mut random = Random(0xbad);
    for _ in 0..4_000 {
        let mut text = sound.clone();
        for _ in 0..1 + random.below(3) {
            let start = random.below(text.len());
            let end = (start + random.below(30)).min(text.len());
            text.splice(start..end, random.one_of(&FRAGMENTS).chars());
        }
        check(&text.into_iter().collect::<String>(), &mut random);
    }
}

#[test]
fn random_stacks_never_panic() {
    let program = super::program("a.ts", SOUND);
    let mapper = StackMapper::new("a.ts", program.source_map.as_deref());
    let parts = [
        "    at ",
        "f",
        " (",
        "a.ts",
        ":",
        "1",
        "4294967295",
        "99999999999",
        ")",
        "\n",
        "native",
        "fermata:x",
        "é",
    ];
    let mut random = Random(0x57ac);
    for _ in 0..20_000 {
        let stack: String = (0..random.below(12)).map(|_| random.one_of(&parts)).collect();
        mapper.map(&stack);
    }
}

/// A file with a bit of everything.
const SOUND: &str = "/** Says hello. @param {string} input.a */\nimport type { T } from 'fermata-sdk';\n\
    enum A { B = 1, C = 'x' }\nnamespace N { export const d = `${A.B}` }\nconst e = /['\"]/.test(N.d) ? 1 / 2 : [...'f'];\n\
    class G<H extends object> { constructor(private i: H) {} get j() { return this.i! } }\n\
    export async function runTask(input: { a: string }, tools: T) {\n  for await (const k of tools.l) { if (k) continue; else break }\n\
    \x20 label: do { switch (e) { case 1: break label; default: throw new Error('m') } } while (true);\n\
    \x20 return <any>input.a as unknown satisfies unknown ?? (() => new G({ n: e }).j)();\n}\n";

/// Compiles as some language. A panic inside comes back as a mistake that says so.
fn check(text: &str, random: &mut Random) {
    let file_name = random.one_of(&["a.js", "a.mjs", "a.cjs", "a.ts", "a.mts", "a.cts"]);
    if let Err(error) = compile(file_name, text) {
        assert!(!error.message.contains("the compiler stopped"), "{error}\n{text:?}");
        assert!(error.line >= 1 && error.column >= 1, "{error}");
    }
}
