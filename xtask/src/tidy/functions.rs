//! Finds the functions of a Rust text and how long they are.

use super::mask;

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The line of its `fn`, counted from 1.
    pub(super) line: usize,
    /// Lines from its `fn` to its last brace.
    pub(super) lines: usize,
}

/// The functions in masked code.
pub(super) fn in_code(code: &str) -> impl Iterator<Item = Function<'_>> {
    code.match_indices("fn ").filter_map(|(at, _)| function(code, at))
}

fn function(code: &str, at: usize) -> Option<Function<'_>> {
    if at > 0 && mask::is_word(code.as_bytes()[at - 1]) {
        return None;
    }
    let rest = &code[at + "fn ".len()..];
    let name = &rest[..rest.bytes().take_while(|byte| mask::is_word(*byte)).count()];
    let body = &code[at..mask::end_of_item(code.as_bytes(), at)];
    let has_body = !name.is_empty() && body.ends_with('}');
    has_body.then(|| Function { name, line: newlines(&code[..at]) + 1, lines: newlines(body) + 1 })
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured() {
        let code = "trait T {\n    fn a(&self) -> [u8; 4];\n    fn b(&self) {\n        c();\n    }\n}\nconst F: fn(u8) = d;";
        let found: Vec<_> = in_code(code).collect();
        assert_eq!(found, [Function { name: "b", line: 3, lines: 3 }]);
    }
}
