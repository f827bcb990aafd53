//! Rust text with everything blanked that is not code: comments, strings, characters, and modules that only
//! exist under test. Lines stay where they are.

/// Blanks what is not code of the product.
pub(super) fn blank(text: &str) -> String {
    without_test_modules(without_literals(text))
}

fn without_literals(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + length_of_blank(&bytes[at..], at > 0 && is_word(bytes[at - 1]));
        if end == at {
            at += 1;
            continue;
        }
        erase(&mut code[at..end]);
        at = end;
    }
    code
}

/// How many bytes from here on are one comment or literal; 0 when none begins here.
fn length_of_blank(rest: &[u8], follows_word: bool) -> usize {
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest, b'"'),
        [b'\'', ..] => character(rest),
        [b'r', b'"' | b'#', ..] if !follows_word => raw_string(rest, 1),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !follows_word => raw_string(rest, 2),
        _ => 0,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// A character has its second quote close by; a lifetime has none.
fn character(rest: &[u8]) -> usize {
    match rest {
        [_, b'\\', ..] => quoted(rest, b'\''),
        _ => (2..=5.min(rest.len() - 1))
            .find(|at| rest[*at] == b'\'')
            .filter(|at| is_one_character(&rest[1..*at]))
            .map_or(0, |at| at + 1),
    }
}

fn is_one_character(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().count() == 1)
}

fn raw_string(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|byte| **byte == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return 0;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let inner = rest[open + 1..].windows(close.len()).position(|window| window == close);
    inner.map_or(rest.len(), |length| open + 1 + length + close.len())
}

fn without_test_modules(mut code: Vec<u8>) -> String {
    const MARK: &[u8] = b"#[cfg(test)]";
    let mut from = 0;
    while let Some(offset) = code[from..].windows(MARK.len()).position(|window| window == MARK) {
        let begin = from + offset;
        let end = end_of_item(&code, begin + MARK.len());
        erase(&mut code[begin..end]);
        from = end;
    }
    String::from_utf8(code).expect("blanks replace whole characters")
}

/// Where the item that begins here ends: behind its body, or its semicolon.
pub(super) fn end_of_item(code: &[u8], begin: usize) -> usize {
    let (mut depth, mut at) = (0_u32, begin);
    while at < code.len() {
        match code[at] {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' if depth == 0 => return end_of_braces(code, at),
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    code.len()
}

fn end_of_braces(code: &[u8], open: usize) -> usize {
    let mut depth = 0_u32;
    for (at, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

fn erase(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Whether a byte can be part of a name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::blank;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let squeezed = blank(text).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed, expected);
    }

    #[test]
    fn literals_and_comments_are_blanked() {
        check("let a = \"x { \\\" }\"; // b {", "let a = ;");
        check("/* a /* b */ c */ d", "d");
        check("r#\"a \" {\"# + b", "+ b");
        check("let c = '{'; let d = '\\''; let e = '𝄐';", "let c = ; let d = ; let e = ;");
    }

    #[test]
    fn lifetimes_are_code() {
        check("fn f<'a>(x: &'a str) -> &'a str { x }", "fn f<'a>(x: &'a str) -> &'a str { x }");
    }

    #[test]
    fn test_modules_are_blanked() {
        check("fn a() {}\n#[cfg(test)]\nmod tests { fn b() { if c { } } }\nfn d() {}", "fn a() {} fn d() {}");
        check("#[cfg(test)]\nmod tests;\nfn d() {}", "fn d() {}");
    }
}
