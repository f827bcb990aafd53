//! Takes secret values out of text that is about to be logged or shown.

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Replaces every occurrence of every secret with [`MARK`].
///
/// Secrets that overlap or contain one another are covered as a whole, so no tail of the longer one
/// remains. Empty secrets are ignored. Only the exact text is found: pass an encoded form (base64,
/// percent-encoding) as a secret of its own.
pub fn text(text: &str, secrets: &[&str]) -> String {
    let mut spans = spans(text, secrets);
    spans.sort_unstable();

    let mut redacted = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end) in merged(&spans) {
        redacted.push_str(&text[done..start]);
        redacted.push_str(MARK);
        done = end;
    }
    redacted.push_str(&text[done..]);
    redacted
}

/// Every place of every secret, those that overlap with themselves included.
fn spans(text: &str, secrets: &[&str]) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    for secret in secrets {
        let Some(step) = secret.chars().next().map(char::len_utf8) else { continue };
        let mut from = 0;
        while let Some(at) = text[from..].find(secret) {
            let start = from + at;
            spans.push((start, start + secret.len()));
            from = start + step;
        }
    }
    spans
}

/// Joins sorted spans that overlap; spans that only touch stay apart.
fn merged(spans: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for &(start, end) in spans {
        match merged.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}
