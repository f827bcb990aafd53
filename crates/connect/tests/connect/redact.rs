//! Secrets are covered wherever they stand, whole.

use fermata_connect::redact;

#[test]
fn secrets_are_covered() {
    check("nothing here", &["hush"], "nothing here");
    check("key=hush&key=hush", &["hush"], "key=[redacted]&key=[redacted]");
    check("hush", &["hush"], "[redacted]");
    check("no secrets", &[], "no secrets");
    check("empty", &[""], "empty");
    check("", &["hush"], "");
}

#[test]
fn the_longest_secret_wins() {
    check("token-extended", &["token", "token-extended"], "[redacted]");
    check("token-extended", &["token-extended", "token"], "[redacted]");
}

#[test]
fn overlapping_secrets_leave_no_rest() {
    check("<abcdef>", &["abcd", "cdef"], "<[redacted]>");
    check("aaa!", &["aa"], "[redacted]!");
    check("abab", &["ab"], "[redacted][redacted]");
}

#[test]
fn the_mark_itself_is_not_searched() {
    check("a red token", &["red", "token"], "a [redacted] [redacted]");
}

#[test]
fn text_beyond_ascii_is_cut_at_characters() {
    check("müßig: ßß!", &["ß"], "mü[redacted]ig: [redacted][redacted]!");
}

fn check(text: &str, secrets: &[&str], expected: &str) {
    assert_eq!(redact::text(text, secrets), expected);
}
