//! JSON text laid out for reading, without parsing numbers or changing the order of keys.

/// Valid JSON, indented by two spaces. What is not valid JSON comes out as odd as it went in.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut rest = json.trim().chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                out.push('"');
                copy_string(&mut rest, &mut out);
            }
            '{' | '[' => {
                skip_space(&mut rest);
                out.push(c);
                if let Some(closing) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(closing);
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(',');
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

/// Copies up to and with the closing quotation mark.
fn copy_string(rest: &mut impl Iterator<Item = char>, out: &mut String) {
    while let Some(c) = rest.next() {
        out.push(c);
        match c {
            '"' => return,
            '\\' => out.extend(rest.next()),
            _ => {}
        }
    }
}

fn skip_space(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while rest.next_if(char::is_ascii_whitespace).is_some() {}
}

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn keeps_order_and_numbers() {
        let json = r#"{"b":[1.50,{}, [ ] ],"a":"x, {\"y\\"}"#;
        let expected = "{\n  \"b\": [\n    1.50,\n    {},\n    []\n  ],\n  \"a\": \"x, {\\\"y\\\\\"\n}";
        assert_eq!(pretty(json), expected);
    }

    #[test]
    fn plain_values_stay() {
        for json in ["null", "\"a b\"", "-1e9", "[]", "{}"] {
            assert_eq!(pretty(json), json);
        }
    }
}
