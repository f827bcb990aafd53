//! Answers of an HTTP/1.1 server, read from the bytes of a connection.

use anyhow::{Context, Result, bail, ensure};

/// An answer's head: all that is needed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status code.
    pub(crate) status: u16,
    /// Where the body begins.
    pub(crate) body_at: usize,
    /// How long the body is.
    pub(crate) body_bytes: usize,
}

impl Head {
    /// Reads a head, if the bytes have all of it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
        ensure!(bytes.starts_with(b"HTTP/1.1 "), "the answer is not HTTP/1.1");
        let digits = bytes.get("HTTP/1.1 ".len().."HTTP/1.1 200".len()).unwrap_or_default();
        let status = std::str::from_utf8(digits)?.parse().context("the status is no number")?;
        Ok(Some(Self { status, body_at: end + 4, body_bytes: body_bytes(&bytes[..end])? }))
    }
}

fn body_bytes(head: &[u8]) -> Result<usize> {
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.eq_ignore_ascii_case(b"content-length") {
            return std::str::from_utf8(value)?.trim().parse().context("the length is no number");
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            bail!("the answer has no length");
        }
    }
    Ok(0)
}

/// Where `what` begins in `bytes`.
pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let first = *what.first()?;
    let mut from = 0;
    while let Some(offset) = bytes[from..].iter().position(|byte| *byte == first) {
        from += offset;
        if bytes[from..].starts_with(what) {
            return Some(from);
        }
        from += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let text = b"HTTP/1.1 202 Accepted\r\nContent-Length: 17\r\nx: y\r\n\r\n{";
        assert_eq!(Head::parse(&text[..30]).unwrap(), None);
        let head = Head::parse(text).unwrap().unwrap();
        assert_eq!(head, Head { status: 202, body_at: text.len() - 1, body_bytes: 17 });
    }

    #[test]
    fn other_protocols_and_endless_bodies_are_refused() {
        assert!(Head::parse(b"SSH-2.0\r\n\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
